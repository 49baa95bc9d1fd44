package sock

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/forked"
)

// Sendfile moves at most size bytes of a file to s by one call (sendfile(2)):
// from an offset, which the call then leaves alone, or from where the file
// stands.
func (s *Socket) Sendfile(w Wait, from *Socket, offset *int64, size int) (int, error) {
	return s.transfer(w, "sendfile", from, s, func(c caller) (int, syscall.Errno) {
		return sysSendfile(c, s.fd, from.fd, offset, size)
	})
}

// Splice moves at most size bytes from s to another descriptor by one call
// (splice(2)). One of the two must be a pipe.
func (s *Socket) Splice(w Wait, to *Socket, offset *int64, size, flags int) (int, error) {
	return s.transfer(w, "splice", s, to, func(c caller) (int, syscall.Errno) {
		return sysSplice(c, s.fd, offset, to.fd, size, flags)
	})
}

// transfer makes a call on two descriptors. A scenario's own call is made on a
// thread that the end of the scenario interrupts, whatever its files are.
func (s *Socket) transfer(w Wait, name string, from, to *Socket, call func(c caller) (int, syscall.Errno)) (int, error) {
	n := 0
	err := s.withEnds(w, from, to, func() error {
		once := func() (errno syscall.Errno) {
			n, errno = call(caller{s.group.process, &w})
			return errno
		}
		if s.group.process != nil {
			return s.group.outcome(untilMeant(from, to, once))
		}
		if w.NoWait {
			w.Watcher = nil // it does not wait
		}
		return s.group.block(w, nil, func() syscall.Errno { return untilMeant(from, to, once) })
	})
	if err != nil {
		return 0, failed(name, err)
	}
	from.received(n, 0)
	to.sent(n)
	return n, nil
}

// withEnds makes a call while both files have the O_NONBLOCK that it needs: one
// that must not wait needs it set, any other one as the scenario has set it.
func (s *Socket) withEnds(w Wait, from, to *Socket, call func() error) error {
	ends := []*Socket{from, to}
	for _, end := range ends {
		if err := end.enter(); err != nil {
			return err
		}
		defer end.leave()
	}
	if from.desc == to.desc {
		ends = ends[:1]
	} else if w.NoWait && from.desc.ID > to.desc.ID {
		ends[0], ends[1] = to, from // two calls hold their files in the same order
	}
	for _, end := range ends {
		restore, err := end.desc.mode.forTransfer(end.caller(), end.fd, w.NoWait)
		if err != nil {
			return err
		}
		defer restore()
	}
	return call()
}

// untilMeant makes the call again if an EAGAIN may come from an O_NONBLOCK that
// another call has set for a moment.
func untilMeant(from, to *Socket, once func() syscall.Errno) syscall.Errno {
	moments := func() uint64 { return from.desc.mode.moments.Load() + to.desc.mode.moments.Load() }
	for {
		before := moments()
		if errno := once(); errno != syscall.EAGAIN || moments() == before {
			return errno
		}
	}
}

func sysSendfile(c caller, to, from int, offset *int64, size int) (int, syscall.Errno) {
	if c.process != nil {
		at := num(0)
		if offset != nil {
			at = forked.InOut(forked.Bytes(offset))
		}
		n, errno := c.call(trapSendfile, num(to), num(from), at, num(size))
		return count(n, errno), errno
	}
	n, _, errno := unix.Syscall6(trapSendfile, uintptr(to), uintptr(from), uintptr(unsafe.Pointer(offset)), uintptr(size), 0, 0)
	return count(n, errno), errno
}

func sysSplice(c caller, from int, offset *int64, to, size, flags int) (int, syscall.Errno) {
	if c.process != nil {
		at := num(0)
		if offset != nil {
			at = forked.InOut(forked.Bytes(offset))
		}
		n, errno := c.call(unix.SYS_SPLICE, num(from), at, num(to), num(0), num(size), num(flags))
		return count(n, errno), errno
	}
	n, _, errno := unix.Syscall6(unix.SYS_SPLICE, uintptr(from), uintptr(unsafe.Pointer(offset)), uintptr(to), 0, uintptr(size), uintptr(flags))
	return count(n, errno), errno
}

// SpliceFlags are those of splice(2).
var SpliceFlags = &FlagSet{table: &constants{"SPLICE_F_", []constant{
	{"SPLICE_F_MOVE", unix.SPLICE_F_MOVE},
	{"SPLICE_F_NONBLOCK", unix.SPLICE_F_NONBLOCK},
	{"SPLICE_F_MORE", unix.SPLICE_F_MORE},
	{"SPLICE_F_GIFT", 8}, // linux/splice.h
}}}
