package steps

import (
	"fmt"
	"io"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/option"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/tlsconn"
	"github.com/sockscript/sockscript/steps/value"
)

// A receiver carries out one recv step.
type receiver struct {
	action  *recvAction
	t       *step.Task
	h       *handle.Handle
	wait    sock.Wait
	call    *ioCall
	message bool // each call returns one message
	asked   any  // how much was asked for, as the transcript shows it
	want    int  // the exact number of bytes asked for, or -1

	data        []byte
	filled      bool  // the data fills the buffer: a message may be longer
	count       int   // what came; with MSG_TRUNC, or up to the end of file, more than there is data
	bufs        []int // the sizes of several buffers
	controlSize int   // of the buffer for ancillary data
	from        sock.Addr
	eof         bool
	msgFlags    int
	control     []option.Received
	failure     *tlsconn.Error // that ended it
	searched    bool           // not all bytes are data: the end was looked for
	found       bool           // what contains and matches look for was found on the way

	// Of a stream that is not kept, or not all of it:
	first    []byte
	sum      *event.SHA256
	wanted   io.Reader // what is still to come; nil where that is not known
	expected []byte    // room for a piece of that

	laidOut bool  // the layout has taken the bytes apart as they came
	unmet   error // the field that was not what it must be
}

// receivers are those of steps that have ended: a receiver is large, and no
// event holds it.
var receivers = sync.Pool{New: func() any { return new(receiver) }}

func (r *receiver) giveBack() {
	*r = receiver{}
	receivers.Put(r)
}

// receive chooses how much to receive and receives it.
func (r *receiver) receive() error {
	a := r.action
	r.want = -1
	switch {
	case a.size.Given():
		n, shown, err := a.size.Part(r.t)
		if err != nil || n == 0 {
			return err
		}
		if int64(int(n)) != n {
			return value.MaxBuffer.Check(n)
		}
		return r.exactly(int(n), shown)
	case len(a.bufs.List) > 0:
		return r.scattered()
	case a.max.Given():
		n, shown, err := a.max.Part(r.t)
		if err != nil {
			return err
		}
		return r.single(int(n), shown)
	case a.until.Given():
		return r.untilDelimiter()
	case a.toEOF.On:
		return r.toEOF()
	case a.layoutBounds() && !r.message:
		return r.throughLayout()
	case a.match.Searches() && !r.message && !a.peeks():
		return r.untilMatch()
	case a.match.Data.Given() && !r.message:
		want, err := a.match.Data.Blob(r.t)
		if err != nil {
			return err
		}
		return r.exactly(len(want.Bytes), lengthOf(want))
	}
	return r.single(defaultMax, defaultMax)
}

// lengthOf is how long a text is, as an argument.
func lengthOf(b payload.Blob) any {
	if len(b.Marks) == 0 {
		return len(b.Bytes)
	}
	return event.Length{N: len(b.Bytes), Marks: b.Marks}
}

// describe opens the event, with how much is asked for.
func (r *receiver) describe(asked any) {
	r.asked = asked
	if bits := r.action.flags.Bits; bits != 0 {
		r.t.Call(r.call.name, r.h.Part(), asked, event.Const(sock.FlagNames(bits)))
		return
	}
	r.t.Call(r.call.name, r.h.Part(), asked)
}

// single makes one call for size bytes, which shows as a call for shown.
func (r *receiver) single(size int, shown any) error {
	r.most(size)
	r.describe(shown)
	buf, err := r.buffer(size)
	if err != nil {
		return err
	}
	n, err := r.once(buf, r.action.flags.Bits)
	if err != nil {
		return err
	}
	r.data, r.count, r.filled = r.seen(buf, n), n, n >= size
	r.eof = n == 0 && size > 0 && r.canEnd()
	if n > 0 && n < size && r.h.Plain() && r.h.Sock.WaitsForSeveral(r.action.flags.Bits) {
		if err := r.t.CutShort(r.wait); err != nil {
			r.want = size
			return err
		}
	}
	return nil
}

// most notes that one call takes what is there, up to a number of bytes.
func (r *receiver) most(size int) {
	switch {
	case r.message:
		r.t.Event.Most = 1
	case r.action.flags.Bits&unix.MSG_WAITALL == 0:
		r.t.Event.Most = int64(size)
	}
}

// scattered makes one call with several buffers.
func (r *receiver) scattered() error {
	total := 0
	for i := range r.action.bufs.List {
		n, err := r.action.bufs.List[i].Eval(r.t)
		if err != nil {
			return err
		}
		r.bufs = append(r.bufs, int(n))
		total += int(n)
		if err := value.MaxBuffer.Check(int64(total)); err != nil {
			return err
		}
	}
	r.most(total)
	r.describe(event.Const(strings.ReplaceAll(fmt.Sprint(r.bufs), " ", ", ")))
	buf, err := r.buffer(total)
	if err != nil {
		return err
	}
	n, err := r.once(buf, r.action.flags.Bits)
	if err != nil {
		return err
	}
	r.data, r.count, r.filled = r.seen(buf, n), n, n >= total
	r.eof = n == 0 && total > 0 && r.canEnd()
	return nil
}

// split cuts what came into the buffers that were asked for.
func (r *receiver) split(buf []byte) [][]byte {
	if len(r.bufs) == 0 {
		return [][]byte{buf}
	}
	var list [][]byte
	for _, n := range r.bufs {
		n = min(n, len(buf))
		list = append(list, buf[:n])
		buf = buf[n:]
	}
	return list
}

// exactly receives n bytes, or fewer when the end of file comes first. A
// message socket returns one message, and a look with MSG_PEEK is one call.
func (r *receiver) exactly(n int, shown any) error {
	r.want = n
	if r.wait.NoWait {
		r.most(n)
	}
	if r.message || r.action.peeks() {
		return r.single(n, shown)
	}
	r.describe(shown)
	buf, err := r.buffer(n)
	if err != nil {
		return err
	}
	for got := 0; got < n || n == 0; {
		k, err := r.once(buf[got:], r.action.flags.Bits)
		if err != nil {
			r.data = buf[:got]
			return err
		}
		got += k
		r.data, r.count = r.seen(buf, got), got
		r.eof = k == 0 && n > 0
		if r.eof || n == 0 {
			return nil
		}
	}
	return nil
}

// seen are the first n bytes of a buffer, as far as the kernel has written
// them. MSG_TRUNC on a stream of the Internet's takes the bytes and gives none
// (tcp(7)).
func (r *receiver) seen(buf []byte, n int) []byte {
	if r.takesUnseen() {
		return nil
	}
	return buf[:min(n, len(buf))]
}

func (r *receiver) takesUnseen() bool {
	family := r.h.Sock.Family()
	return r.action.flags.Bits&unix.MSG_TRUNC != 0 && !r.message && (family == unix.AF_INET || family == unix.AF_INET6)
}

// buffer is room for n bytes. A large one is taken only once there is something
// to put into it.
func (r *receiver) buffer(n int) ([]byte, error) {
	if err := value.MaxBuffer.Check(int64(n)); err != nil {
		return nil, err
	}
	if n > step.SmallBuffer {
		if err := r.h.Readable(r.wait, r.action.flags.Bits); err != nil {
			return nil, err
		}
	}
	return r.t.Buffer(n), nil
}

// ahead reports whether the bytes come from what was read before: under TLS,
// and by the reads of what is not a socket, at which the kernel cannot peek.
func (r *receiver) ahead() bool {
	return r.h.Above() != nil || !r.h.IsSocket() && r.call.file
}

// once makes the system call.
func (r *receiver) once(buf []byte, flags int) (int, error) {
	s := r.h.Sock
	switch {
	case r.ahead() && flags&unix.MSG_PEEK != 0:
		return r.h.Peek(r.wait, buf)
	case r.ahead():
		return r.h.Read(r.wait, buf)
	case r.call == callRead && flags == 0:
		return s.Read(r.wait, buf)
	case r.call == callReadv && flags == 0:
		return s.Readv(r.wait, r.split(buf))
	case r.call == callRecvmsg:
		return r.recvmsg(buf, flags)
	}
	n, from, err := s.Recv(r.wait, buf, flags)
	r.from = from
	return n, err
}

// look sees what has come and takes nothing. It has no room for ancillary data:
// that comes with the bytes, when they are taken, and would come twice.
func (r *receiver) look(buf []byte) (int, error) {
	flags := r.action.flags.Bits | unix.MSG_PEEK
	if r.ahead() || r.call != callRecvmsg {
		return r.once(buf, flags)
	}
	n, from, err := r.h.Sock.Recv(r.wait, buf, flags)
	r.from = from
	return n, err
}

// recvmsg receives with room for ancillary data.
func (r *receiver) recvmsg(buf []byte, flags int) (int, error) {
	m := sock.Message{Buffers: r.split(buf), Control: make([]byte, r.controlSize)}
	n, err := r.h.Sock.Recvmsg(r.wait, &m, flags)
	if err != nil {
		return n, err
	}
	r.from = m.Addr
	return n, r.takeControl(&m)
}

// canEnd reports whether an empty receive means the end of file: on a socket
// of connections, not of datagrams.
func (r *receiver) canEnd() bool {
	return (streamLike(r.h.Sock.Type()) || !r.h.Plain()) && r.action.flags.Bits&sock.MsgErrqueue == 0
}
