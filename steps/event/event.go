package event

import (
	"fmt"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
)

// A Place is a step's place in its scenario, as far as a record needs it. It
// holds no pointer into the file's tree, so a record can be kept and read where
// the file is not at hand.
type Place struct {
	ID    int        // counts the scenario's steps in the order of the file
	Kind  string     // of the step: "recv"
	Title string     // what messages call the step: "recv(conn)"
	Pos   source.Pos // of the step's verb
	Line  string     // the text of the file's line at Pos
	Waits bool       // the step's call may wait in the kernel
	// Shares says that the step's branches use the names of the actor, not
	// copies of them.
	Shares bool
}

// A Via is a step that another is in: a do step, of whose procedure it is, a
// loop, or a turn.
type Via struct {
	Place *Place
	Round string // of a loop: "round 3", "item 2, {port: 80}"
	Turn  bool   // it is a turn of a sequence
}

// Problem is an error at the place.
func (p *Place) Problem(format string, args ...any) *source.Problem {
	return &source.Problem{Pos: p.Pos, Line: p.Line, Msg: fmt.Sprintf(format, args...)}
}

// Warning is a warning at the place.
func (p *Place) Warning(format string, args ...any) *source.Problem {
	w := p.Problem(format, args...)
	w.Severity = source.Warning
	return w
}

// An Event is one call that an actor made and what came of it. It is an
// immutable value once it is recorded: nothing is rendered, matched or masked
// before the run has ended.
type Event struct {
	Place *Place
	Seq   int           // counts the events of its branch, dropped ones too
	Start time.Duration // since the run's start, on the monotonic clock
	End   time.Duration

	Note  Marked
	Call  string        // "recv"; "" where the step makes no call to show
	Args  []any         // of the types that Part lists
	Ret   []any         // what came back; nil with an errno
	Errno syscall.Errno // 0 when the call succeeded
	// Failed is set on the event that failed the scenario.
	Failed bool
	// Known are the marks of what was received, where it is known to be as the
	// step expects.
	Known []Mark
	// Expects are the addresses that came as the step expects them, or that it
	// asks a program for, as far as the file spells them out or a masked value
	// gave them.
	Expects []Asked
	// Mask is the name that a transcript shows in the place of what came back,
	// where that varies from run to run; "" where it shows what came.
	Mask string
	// AnyErrno says that several errnos are expected, so that the mask stands
	// for the errno too.
	AnyErrno bool
	// Quiet is the outermost step with quiet: true that the event belongs to,
	// by one more than the ID of its place; 0 where a transcript shows the
	// event, and CutOff where it shows it in no case.
	Quiet int

	Op        Op
	Sock      uint64    // the description the call acted on; 0 for none
	Offset    int64     // stream: bytes of its direction so far; datagram: their number
	EOF       bool      // a receive that met the end of file
	Alone     bool      // a close: the description was never on its way to anybody else
	Also      *Transfer // a relay's other direction
	Endpoints *Endpoints
	Sums      []Datagram    // of messages: those that were sent or received
	Whole     *Datagram     // of a send that was split: all of it
	Look      Look          // of a receive that takes nothing, or not in turn
	Segment   *Segment      // of an inject or a segment of TCP; its numbers count from the SYNs
	Urgent    bool          // a send or receive with MSG_OOB
	Opens     bool          // a send, or an inject, that makes the connection: MSG_FASTOPEN, the last of the handshake
	Defers    bool          // a connect that leaves making the connection to the first send: TCP_FASTOPEN_CONNECT
	Shut      Shut          // of a shutdown: the directions; of an inject: ShutWrite with a FIN that ends the stream
	Ready     []ReadyHandle // of a poll: its handles
	Took      int64         // of a receive: the bytes, or messages, that it took
	Most      int64         // of a receive by one call: how many it would have taken; 0 where it takes what is asked for, however that comes
	NoWait    bool          // the call did not wait: what was not there then had no part in it
	Picks     bool          // an accept of a certain peer's connection: that another came first does not show
	Retry     bool          // a connect that tries until somebody listens
	Uses      []NameUse     // of names that branches share
	Holds     Cause         // of a blocked: the branch that was in its call
	Proc      *Proc         // of a step on a program or a forked process, and of the end of one
	Passes    []string      // of a send: the handles whose descriptors the message passes
	State     string        // of a state: what the kernel said, "FIN_WAIT2"
	Between   *Endpoints    // of a state that names no handle: the end by its addresses
	Linger    Linger        // of a setsockopt of SO_LINGER
	Process   uint64        // the forked process that made the call; 0 for sockscript itself
	Signals   uint64        // of which one has interrupted the process, or which it has seen: bit 0 is signal 1
	Nth       int           // of a signal: how many of it the process has counted
	Ends      []uint64      // the descriptions that ended with the process, with a descriptor that a receive gave no name, or with the message that had their last one
	Lost      []uint64      // of these, those that ended with such a message
	Gives     *Rights       // of a send: the descriptors that its message passes
	Gets      []uint64      // of a receive: the descriptions of which it got a descriptor
	Leaves    []uint64      // the descriptions of which a descriptor was closed, but not yet the last one
	After     []Cause
}

// CutOff is the Quiet of a call that the end of the run has cut off, when
// others had received some of what it sent: it is there for their order.
const CutOff = -1

// Op says what a call means for the order of events.
type Op uint8

// The calls that cause others or are caused by others.
const (
	OpNone      Op = iota
	OpBind         // gives a socket its address
	OpListen       // what a connect comes after
	OpConnect      // what an accept comes after
	OpAccept       // takes a connect
	OpSend         // what a receive comes after
	OpRecv         // takes what a send sent
	OpShut         // ends directions of a connection
	OpClose        // the last close of a description
	OpPair         // makes two connected sockets
	OpState        // saw a TCP state that the peer's FIN brought about
	OpPoll         // saw what made its handles ready
	OpBlocked      // saw a branch inside a call, which ends later
	OpHandshake    // sends and receives in turn with the peer's: each comes after what was before the other
	OpUnlink       // removes the path of a local socket
	OpStart        // starts a program
	OpKill         // sends a signal to one
	OpJoin         // saw the end of one
	OpFork         // makes a process
	OpExit         // ends one
	OpInject       // sends a segment, or an ICMP error, from a far end that the script plays: Sock is that one
	OpSegment      // takes a segment that the kernel sent to such a far end
	OpHit          // waited for a fault to hit frames: Sums is the last of them
)

// Linger is what a close does since SO_LINGER was set.
type Linger uint8

// The ways to close.
const (
	LingerUnset  Linger = iota // the event does not set it
	LingerCloses               // a close sends what is left, and a FIN
	LingerAborts               // a close resets the connection: a linger time of 0
)

// A Look is a receive that leaves what it shows where it is.
type Look struct {
	Peek     bool  // MSG_PEEK
	Skip     int64 // where it began among what was there, by SO_PEEK_OFF
	Errqueue bool  // MSG_ERRQUEUE: it shows what the socket itself has sent
}

// Shut is a set of directions that a shutdown ends.
type Shut uint8

// The directions, seen from the socket that is shut down.
const (
	ShutRead Shut = 1 << iota
	ShutWrite
)

// A Proc says about a program what the order of events needs.
type Proc struct {
	ID      uint64
	Streams []uint64       // start: the descriptions of its streams at our end
	Handed  []uint64       // start: the descriptions that the program shares
	Signal  syscall.Signal // kill: what it was sent; join: what ended it, 0 for an exit
}

// ReadyHandle is a handle that a poll asked about, and what it found.
type ReadyHandle struct {
	Sock   uint64
	Offset int64 // how far receiving had come: bytes of a stream, else messages
	In     bool  // asked whether something can be received or accepted
	End    bool  // asked whether the peer has ended its sending
	Data   bool  // something could be received or accepted, be it the end of file
	Out    bool  // something could be sent
	Urgent bool  // a byte that was sent with MSG_OOB
	Ended  bool  // the peer had ended its sending
	Reset  bool  // the connection was gone

	Process uint64 // the process or program whose end it reports; 0 for all but a pidfd
}

// A NameUse is a name that a step read, or gave a value.
type NameUse struct {
	Name string
	Set  bool
}

// A Transfer is how far sending had come on a stream.
type Transfer struct {
	Sock   uint64
	Offset int64
	Hops   []Hop // of a relay, in order
}

// A Hop is a piece of what a relay passed on: the bytes of one stream, and
// those of the other that it became.
type Hop struct{ InStart, InEnd, OutStart, OutEnd int64 }

// In is the place of a byte of the hop in the stream that it came from. Where
// the bytes changed on the way, as by TLS, it is the last that the hop was made
// of.
func (h Hop) In(out int64) int64 {
	if h.even() {
		return h.InStart + out - h.OutStart
	}
	return h.InEnd
}

// even reports whether the bytes are the same on both sides.
func (h Hop) even() bool { return h.InEnd-h.InStart == h.OutEnd-h.OutStart }

// mostHops bounds what a relay keeps; beyond it pieces are joined.
const mostHops = 1024

// Pass adds a hop to those of a relay.
func (t *Transfer) Pass(h Hop) {
	if k := len(t.Hops) - 1; k >= 0 {
		last := &t.Hops[k]
		adjoins := last.InEnd == h.InStart && last.OutEnd == h.OutStart
		if adjoins && (last.even() && h.even() || len(t.Hops) >= mostHops) {
			last.InEnd, last.OutEnd = h.InEnd, h.OutEnd
			return
		}
	}
	t.Hops = append(t.Hops, h)
}

// A Cause names an event that had to come first: its branch and its place
// there. A negative branch names a meeting (a barrier's opening).
type Cause struct {
	Branch int
	Seq    int
}

// Rights are descriptors that go with a message (SCM_RIGHTS, unix(7)).
type Rights struct {
	Descs []uint64 // the descriptions of which they are
	At    int64    // in a stream: how many bytes were sent before the message
}
