package sock

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// Readable waits until a receive with flags would not block: there is data, the
// end of file or an error. It lets a caller take a large buffer only once there
// is something to put into it. It returns at once where readiness does not say
// when such a receive ends.
func (s *Socket) Readable(w Wait, flags int) error {
	if s.blocking || w.NoWait || flags&neverWaits != 0 || s.receivesOnThread(flags) {
		return nil
	}
	if err := s.enter(); err != nil {
		return failed("poll", err)
	}
	defer s.leave()
	d := s.rd.take()
	defer d.give()
	d.do, d.n = (*direction).readable, 0
	return failed("poll", d.perform(w, true))
}

func (d *direction) readable() syscall.Errno {
	revents, errno := pollNow(d.caller(), d.socket.fd, unix.POLLIN)
	if errno == 0 && revents == 0 {
		return syscall.EAGAIN
	}
	return errno
}
