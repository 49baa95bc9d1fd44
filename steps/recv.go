package steps

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/option"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var recvKind = step.Kind{
	Name:    "recv",
	Summary: "receive bytes",
	Text: `One of size, max, until and eof says how much to receive. Without them, a stream
is read for as many bytes as the expected text has, and from a datagram socket
one whole datagram is received. Without an expected text, the step makes one
call with a buffer of 65536 bytes. With contains or matches, a stream is read
until the condition is met, and no byte beyond the match is taken. With a
layout, a stream is read for exactly the bytes that its fields take. A size of 0
makes no call.
On a handle that is not a socket the call is read. If call, flags or control ask
for another call, that call fails with ENOTSOCK. MSG_ERRQUEUE and MSG_OOB never
wait. MSG_TRUNC on TCP returns a count and no bytes. See recv(2), read(2),
tcp(7).
With eof a stream may have any size. Its bytes are kept only where as, contains,
matches or an expected text of less than 1 MiB needs them, and then at most 64
MiB are kept. size and sha256 need no memory.
recvmsg returns ancillary data by its type: SCM_RIGHTS descriptors and an
SCM_PIDFD descriptor, which get the names that are expected (the latter is ready
to be read once the sender's process has ended); SCM_CREDENTIALS {pid, uid,
gid}; IP_PKTINFO {interface, local, dst}, IPV6_PKTINFO {interface, local};
IP_RECVERR and IPV6_RECVERR {errno, origin, type, code, info, offender};
SO_TIMESTAMP and SO_TIMESTAMPNS nanoseconds since 1970, SO_TIMESTAMPING
{software, hardware} of them; IP_ORIGDSTADDR an address; IP_TTL and similar
types a number; all others bytes. A type may also be LEVEL:TYPE in numbers.
Types that expect does not name may come too. See cmsg(3).`,
	Example: `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - send: a
      data: "GET /index.html\r\nrest"
    - recv: b
      until: "\r\n"
      expect: {matches: "^GET (?P<path>\\S+)"}
    - assert: path == "/index.html"
    - recv: b
      size: 4
      expect: rest
    - close: a
    - recv: b
      expect: {eof: true}
    - close: b
`,
	Beneath: step.Beneath{
		Call:   "recv(2), and read(2), recvfrom(2), recvmsg(2) or readv(2) where the step says so",
		Kernel: "copies what has come out of the receive buffer, and waits while that is empty. 0 is the end of file: the peer will send no more. A datagram that does not fit is cut.",
		Wire:   "TCP: the window that the peer sees grows as the buffer empties. UDP: nothing.",
		Errors: []step.LikelyError{
			{Errno: "ECONNRESET", Why: "the peer has reset the connection"},
			{Errno: "EAGAIN", Why: "nothing has come, and the call does not wait or its time is up"},
			{Errno: "ENOTCONN", Why: "the socket is not connected"},
			{Errno: "ECONNREFUSED", Why: "a datagram of this socket found nobody"},
		},
	},
	New: func() step.Action {
		return &recvAction{max: value.Size{Number: value.AtMost(&value.MaxBuffer)}, bufs: value.Sizes{Max: &value.MaxBuffer}, call: value.Enum{Words: namesOf(recvCalls)}}
	},
}

// The calls that receive.
var (
	callRead     = &ioCall{name: "read", file: true}
	callRecv     = &ioCall{name: "recv"}
	callRecvfrom = &ioCall{name: "recvfrom", address: true}
	callReadv    = &ioCall{name: "readv", file: true, vector: true}
	callRecvmsg  = &ioCall{name: "recvmsg", vector: true, address: true, control: true}

	recvCalls = []*ioCall{callRead, callRecv, callRecvfrom, callReadv, callRecvmsg}
)

type recvAction struct {
	handle      step.HandleRef
	size        value.Size
	max         value.Size
	until       payload.Payload
	toEOF       value.Bool
	flags       value.Flags
	call        value.Enum
	nowait      value.Bool
	controlSize value.Size
	bufs        value.Sizes
	match       payload.Match
	eof         value.Bool
	from        value.AddressMatch
	want        value.Flags
	control     option.ControlWant
	result      value.Compare
	end         tlsEnd
}

// defaultMax is the buffer of a receive that says nothing of its size: no
// datagram over IP is larger (RFC 768).
const defaultMax = 65536

func (a *recvAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("size", &a.size, "receive exactly this many bytes, with as many calls as needed")
	p.Key("max", &a.max, "make one call with a buffer of this size").Or("65536 without an expected text")
	p.Key("until", &a.until, "receive up to the end of this delimiter, and no byte more")
	p.Key("eof", &a.toEOF, "receive everything up to the end of file").Or("false")
	p.Key("flags", &a.flags, "MSG_ flags of recv(2): a name or a list")
	p.Key("call", &a.call, "the system call").Or("recvfrom on a datagram socket that is not connected, or whose sender is expected, else recv")
	p.NoWait(&a.nowait, "do not wait: EAGAIN when nothing is there")
	p.Key("buffers", &a.bufs, "the sizes of several buffers, for readv and recvmsg: one call fills one after the other")
	p.Key("control", &a.controlSize, "the size of the buffer for ancillary data, for recvmsg; at most 64KiB").Or("2KiB")
	p.Plain(&a.match.Data, payload.ExactBytes)
	p.Results(a.match.Conditions())
	p.Result("result", &a.result, "what the calls return in all: with MSG_TRUNC it may be more than there is data")
	p.Result("eof", &a.eof, "the end of file must have come (true) or not (false)")
	p.Result("from", &a.from, "the sender's address; without a port (127.0.0.1) only the host counts")
	p.Result("flags", &a.want, "the msg_flags that recvmsg must return, all of them: trunc, ctrunc, eor, oob, errqueue; 0 for none")
	p.Result("control", &a.control, "the ancillary data that must come: {SCM_RIGHTS: [names]}, {SCM_RIGHTS: 2} for two descriptors, or any for any number, which are closed at once, {IP_TTL: 64}, {SO_TIMESTAMP: any}; or none")
	a.end.params(p)
	p.Makes, p.Names = "the received bytes; as: [data, from, control] also names the sender's address and the ancillary data by type", 3
	p.Word = "data"
}

func (a *recvAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	if err := h.UnderTLS(a.call.Given()); err != nil {
		return err
	}
	if err := a.end.needs(h); err != nil {
		return err
	}
	defer t.GiveBack()
	r := receivers.Get().(*receiver)
	defer r.giveBack()
	r.action, r.t, r.h, r.wait = a, t, h, t.Wait(h, &a.nowait, a.flags.Bits)
	r.message = h.Messages()
	t.Event.NoWait = r.wait.NoWait
	r.call = a.callOn(h, t.Step.As.Len())
	if r.controlSize, err = a.controlBuffer(t); err != nil {
		return err
	}
	large, err := r.large()
	if !large && err == nil {
		err = r.receive()
	}
	if !large {
		err = r.overTLS(err)
	}
	r.trace(err)
	if err != nil {
		if t.Missing == "" {
			t.Missing = r.came()
		}
		return err
	}
	if large {
		first := t.Data(r.first)
		first.Len = r.count
		t.Return(event.Count(r.count), first, r.sum)
		return r.checkLarge(t)
	}
	r.returns()
	return a.check(t, r)
}

// callOn is the system call; one that returns the address and the ancillary
// data where they get a name.
func (a *recvAction) callOn(h *handle.Handle, names int) *ioCall {
	switch {
	case a.call.Given():
		return callNamed(recvCalls, a.call.Word)
	case h.Above() != nil, !h.IsSocket() && !a.needsSocket():
		return callRead
	case a.want.Given() || a.control.Given() || names > 2 || a.controlSize.Given() || a.flags.Bits&sock.MsgErrqueue != 0:
		return callRecvmsg
	case len(a.bufs.List) > 0:
		return callReadv
	case h.Sock.Type() == unix.SOCK_DGRAM && (a.from.Given() || names > 1 || h.Sock.Desc().Remote().IsZero()):
		return callRecvfrom
	}
	return callRecv
}

// needsSocket reports whether the step asks for what only the calls on sockets
// have.
func (a *recvAction) needsSocket() bool {
	return a.flags.Given() || a.want.Given() || a.control.Given() || a.controlSize.Given() || len(a.bufs.List) > 0
}

// check compares what came with what was expected.
func (a *recvAction) check(t *step.Task, r *receiver) error {
	if t.Step.As.Given() {
		if err := t.SetAs(0, t.Piece(string(r.data), 0)); err != nil {
			return err
		}
		if err := t.SetAs(1, r.sender()); err != nil {
			return err
		}
		if err := t.SetAs(2, r.controlValue()); err != nil {
			return err
		}
	}
	if err := a.end.check(r); err != nil {
		return err
	}
	if a.eof.Given() && a.eof.On != r.eof {
		if a.eof.On {
			return value.Mismatchf("expected the end of file, got %s", payload.DescribeData(r.data))
		}
		return value.Mismatchf("expected no end of file, but it came")
	}
	if r.eof && len(r.data) == 0 && a.wantsData() {
		return value.Mismatchf("expected data, got the end of file")
	}
	if a.from.Given() {
		if err := a.from.Expect(t, r.from, "from"); err != nil {
			return err
		}
	}
	if err := a.checkMatch(t, r); err != nil {
		return err
	}
	if a.want.Given() && r.msgFlags != a.want.Bits {
		return value.Mismatchf("expected the flags %s, got %s", sock.FlagNames(a.want.Bits), sock.FlagNames(r.msgFlags))
	}
	if err := a.control.Check(t, r.control, r.cutOff()); err != nil {
		return err
	}
	return r.whole()
}

// checkMatch compares the bytes with what is expected of them.
func (a *recvAction) checkMatch(t *step.Task, r *receiver) error {
	if r.unmet != nil {
		return r.unmet
	}
	if !a.toEOF.On && !r.searched {
		err := a.match.CheckReceived(t, payload.Received{Bytes: r.data, Size: int64(len(r.data)), LaidOut: r.laidOut})
		if err == nil || r.count <= len(r.data) {
			return err
		}
		if m := (*value.Mismatch)(nil); errors.As(err, &m) {
			m.Msg += fmt.Sprintf("; the call returned %d, the length of the whole datagram, of which the buffer took %d", r.count, len(r.data))
			if a.match.Size.Given() && !a.result.Given() {
				m.Msg += fmt.Sprintf("; result: %d expects what the call returned", r.count)
			}
		}
		return err
	}
	if err := r.nothingLeft(); err != nil {
		return err
	}
	if a.result.Given() {
		if err := a.result.Expect(t, int64(max(r.count, len(r.data))), "as the result"); err != nil {
			return err
		}
	}
	return a.match.CheckReceived(t, payload.Received{Bytes: r.data, Size: int64(r.count), Sum: r.sum, Compared: r.wanted != nil, Found: r.found})
}

// peeks reports whether the bytes stay where they are.
func (a *recvAction) peeks() bool { return a.flags.Bits&unix.MSG_PEEK != 0 }

// wantsData reports whether an expectation can only be met by bytes.
func (a *recvAction) wantsData() bool {
	if a.match.Data.Given() && a.match.Data.Empty() {
		return false
	}
	return a.match.Data.Given() || a.match.Searches() || a.match.Layout.Given()
}

func (a *recvAction) named() []string { return a.match.Names() }

// Inner are the expressions that see the names of fields before them.
func (a *recvAction) Inner() []*value.Expr { return a.match.Layout.Exprs() }

func (a *recvAction) Check(c *check.Check) {
	sym := c.Handle(&a.handle)
	if sym != nil && sym.Sock.Datagrams() && c.MustSucceed() && (a.until.Given() || a.toEOF.On) {
		c.Problem(c.Step.Node, "%s is a datagram socket; each recv takes one datagram, and no datagram is the end of file", sym.Name).Hint = "leave out until and eof; expect: {contains: …} searches the datagram"
	}
	given := 0
	for _, set := range []bool{a.size.Given(), a.max.Given(), a.until.Given(), a.toEOF.On, len(a.bufs.List) > 0} {
		if set {
			given++
		}
	}
	if given > 1 {
		c.Problem(c.Step.Node, "recv takes one of size, max, until, eof and buffers, not %d of them", given)
	}
	if n, fixed := a.controlSize.Static(); a.controlSize.Given() && fixed && n > maxControl {
		c.Problem(a.controlSize.Node, "%d bytes are too many for ancillary data: at most 64KiB", n)
	}
	a.checkCall(c)
	if a.peeks() && (a.until.Given() || a.toEOF.On) {
		c.Problem(a.flags.Node, "MSG_PEEK takes nothing, so the receive never reaches the end").Hint = "use it with size or max"
	}
	if delimiter, fixed := a.until.Fixed(); a.until.Given() && fixed && len(delimiter) == 0 {
		c.Problem(a.until.Node, "the delimiter is empty").Hint = `write the bytes to receive up to, such as "\n"`
	}
	a.control.Static(c)
	a.checkRest(c, sym)
	checkTruncated(c, &a.end.truncated, sym)
	c.MakeMatched(&a.match)
	c.MakeValues()
}

// checkCall reports what the system call that the step asks for does not have.
func (a *recvAction) checkCall(c *check.Check) {
	call := callNamed(recvCalls, a.call.Word)
	if call == nil || call.control {
		return
	}
	if a.flags.Given() && call.file {
		c.Problem(a.flags.Node, "%s takes no flags", call.name).Hint = "use call: recv or recvmsg"
	}
	if len(a.bufs.List) > 0 && !call.vector {
		c.Problem(a.call.Node, "%s takes one buffer", call.name).Hint = "use call: readv or recvmsg"
	}
	if a.want.Given() {
		c.Problem(a.want.Node, "%s does not return flags", call.name).Hint = "use call: recvmsg"
	}
	if a.control.Given() {
		c.Problem(a.control.Node, "%s does not return ancillary data", call.name).Hint = "use call: recvmsg"
	}
	if a.from.Given() && !call.address {
		c.Problem(a.from.Node, "%s does not return an address", call.name).Hint = "use call: recvfrom or recvmsg"
	}
	switch as := &c.Step.As; {
	case as.Len() > 1 && !call.address:
		c.Problem(as.Node, "%s does not return an address, so as cannot name it", call.name).Hint = "use call: recvfrom or recvmsg"
	case as.Len() > 2:
		c.Problem(as.Node, "%s does not return ancillary data, so as cannot name it", call.name).Hint = "use call: recvmsg"
	}
	if a.controlSize.Given() {
		c.Problem(a.controlSize.Node, "%s has no buffer for ancillary data", call.name).Hint = "use call: recvmsg"
	}
}
