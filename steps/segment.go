package steps

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/packet"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/peer"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var segmentKind = step.Kind{
	Name:    "segment",
	Summary: "take the next packet that the kernel sends to a far end",
	Text: `The step takes the oldest packet of the flow that no step has taken, and waits
for one. What the expected text leaves out is not compared; a number may be any, or
a range as 1..10, and ... among the options stands for any more of them. Where a
segment has no room for the range that is expected, the segments that carry it one
after the other are taken together. What the kernel sends again is skipped where
another packet or none is expected, but not with exact: true of the peer. took is
the time from the packet or the step before to the moment when the kernel sent the
packet.

` + packetText,
	Example: `requires: netns
network: private
actors:
  one:
    - peer: udp
      as: p
    - socket: udp
      as: sock
    - send: sock
      to: ${p.remote}:53
      data: query
    - segment: p
      expect: {packet: udp (5), data: query}
      as: got
    - assert: got.data == "query"
    - inject: p
      packet: icmp unreachable port [udp (5)]
    - segment: p
      expect: none
      within: 10ms
`,
	Beneath: step.Beneath{
		Call:   "recvmsg(2) on a packet socket (packet(7))",
		Kernel: "has sent the packet because of a call, as an answer to a packet, or because a timer has run out.",
		Wire:   "the packet, from the kernel to the far end.",
	},
	New: func() step.Action { return &segmentAction{want: expectedPacket{newPacket()}, packet: newPacket()} },
}

// expectedPacket is the text of a packet, or none.
type expectedPacket struct{ value.Parsed[packet.Pattern] }

// Decode reads the text.
func (v *expectedPacket) Decode(d *value.Decoder, n *source.Node) {
	if n.Text == noneWord {
		v.Text.Decode(d, n)
		return
	}
	v.Parsed.Decode(d, n)
}

// none reports whether no packet is to come.
func (v *expectedPacket) none() bool {
	s, static := v.Static()
	return v.Given() && static && s == noneWord
}

// isNone is none, also where an expression says it.
func (v *expectedPacket) isNone(t *step.Task) (bool, error) {
	if _, static := v.Static(); static || !v.Given() {
		return v.none(), nil
	}
	s, err := v.Text.Eval(t)
	return s == noneWord, err
}

// mayBeNone reports whether that is so, as far as the file can tell.
func (v *expectedPacket) mayBeNone() bool {
	_, static := v.Static()
	return v.none() || v.Given() && !static
}

type segmentAction struct {
	peer   peerRef
	want   expectedPacket
	packet value.Parsed[packet.Pattern]
	data   payload.Payload
	within value.Duration
}

func (a *segmentAction) Params(p *step.Params) {
	p.Value(&a.peer, "the name of the peer, from as: of its peer step")
	p.Key("within", &a.within, "how long no packet may come, with expect: none")
	p.Plain(&a.want, "the packet that must come, or none")
	p.Result("packet", &a.packet, "the packet that must come")
	p.Result("data", &a.data, "what it must carry")
	p.Makes = "the packet: its seq, ack, len, win, flags, options and data"
	p.Word = "segment"
	p.MayWait = true
}

func (a *segmentAction) Run(t *step.Task) error {
	p, err := a.peer.find(t)
	if err != nil {
		return err
	}
	since := before(t, p)
	t.Call("segment", event.Name(p.Name))
	switch none, err := a.want.isNone(t); {
	case err != nil:
		return err
	case none:
		return a.nothing(t, p)
	}
	want, shown, err := a.expected(t)
	if err != nil {
		return err
	}
	got, err := a.take(t, p, want)
	if err != nil {
		return err
	}
	t.Measure(max(0, got.At.Sub(since)))
	text := p.Flow.Describe(got.Packet)
	taken(t, p, got.Packet, text)
	switch {
	case want == nil:
		t.Return(event.Const(text.Stable().String()))
	case want.Fits(text):
		t.Return(event.Plain(shown))
	default:
		t.Return(event.Const(text.Brief().String()))
		return differs(*want, text)
	}
	data := carried(got)
	if a.data.Given() {
		if err := a.carries(t, data); err != nil {
			return err
		}
	}
	return t.SetAs(0, packetValue(text, data))
}

// before is the time of the packet before, or of the step before where that is
// another: then it is this step's own begin. Between two packets only the
// kernel decides, however late this process is.
func before(t *step.Task, p *step.Peer) time.Time {
	packet, now := p.Flow.Last(), time.Now()
	if t.Follows(p.ID.Load()) || packet.After(now) {
		return packet
	}
	return now
}

// expected is the packet that must come, with its text; nil: any.
func (a *segmentAction) expected(t *step.Task) (*packet.Pattern, event.Marked, error) {
	v := &a.want.Parsed
	if a.packet.Given() {
		v = &a.packet
	}
	if !v.Given() {
		return nil, event.Marked{}, nil
	}
	want, shown, err := v.Parse(t)
	return &want, shown, err
}

// take waits for a packet.
func (a *segmentAction) take(t *step.Task, p *step.Peer, want *packet.Pattern) (peer.Packet, error) {
	length := uint32(0)
	if want != nil && !p.Exact {
		length = want.Length()
	}
	t.World.Stalls(true)
	defer t.World.Stalls(false)
	t.Missing = "the kernel has sent no packet"
	if p.Flow.Damaged() {
		t.Missing += "; the last one sent to it had a wrong checksum, and it drops such a packet"
	}
	got, err := p.Flow.TakeAll(t.Ctx, t.Deadline, length)
	// A slow machine makes the kernel send again what was already taken.
	for err == nil && got.Repeated && !p.Exact && want != nil && !want.Fits(p.Flow.Describe(got.Packet)) {
		t.Missing = "the kernel has only sent again " + p.Flow.Describe(got.Packet).Brief().String()
		got, err = p.Flow.TakeAll(t.Ctx, t.Deadline, length)
	}
	switch {
	case t.Ctx.Err() != nil && err != nil:
		return got, step.ErrCancelled
	case errors.Is(err, os.ErrDeadlineExceeded):
		if got.Packet != nil {
			t.Missing = "of the range only " + p.Flow.Describe(got.Packet).Brief().String() + " came"
		}
		return got, sock.ErrTimeout
	}
	return got, err
}

// nothing waits as long as no packet may come.
func (a *segmentAction) nothing(t *step.Task, p *step.Peer) error {
	d, err := a.within.Eval(t)
	if err != nil {
		return err
	}
	end := time.Now().Add(d)
	got, err := p.Flow.Take(t.Ctx, end)
	for err == nil && got.Repeated && !p.Exact {
		got, err = p.Flow.Take(t.Ctx, end)
	}
	if err == nil && got.At.After(end) { // this process was late
		p.Flow.GiveBack(got)
		err = os.ErrDeadlineExceeded
	}
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		t.Return(event.Const(noneWord))
		return nil
	case err != nil && t.Ctx.Err() != nil:
		return step.ErrCancelled
	case err != nil:
		return err
	}
	return value.Mismatchf("expected no packet within %s, got %s", d, p.Flow.Describe(got.Packet).Brief())
}

// differs says in which fields a packet is not the expected one.
func differs(want, got packet.Pattern) error {
	var fields []string
	for _, d := range want.Differences(got) {
		fields = append(fields, d.String())
	}
	return value.Mismatchf("expected %s, got %s: %s", want, got.Brief(), strings.Join(fields, "; "))
}

// carries compares the data of a packet.
func (a *segmentAction) carries(t *step.Task, got []byte) error {
	want, err := a.data.Bytes(t)
	if err != nil || string(want) == string(got) {
		return err
	}
	return &value.Mismatch{Msg: fmt.Sprintf("expected %s, got %s", payload.DescribeData(want), payload.DescribeData(got)), Want: want, Got: got, Data: true}
}

// carried is the data of a packet.
func carried(p peer.Packet) []byte {
	switch body := p.Body.(type) {
	case *packet.TCP:
		return body.Payload
	case *packet.UDP:
		return body.Payload
	case *packet.ICMP:
		return body.Data
	}
	return nil
}

// packetValue is a packet as a value of expressions.
func packetValue(p packet.Pattern, data []byte) map[string]any {
	v := map[string]any{"len": len(data), "data": string(data), "text": p.Brief().String()}
	s, ok := p.Body.(*packet.Segment)
	if !ok {
		return v
	}
	v["flags"] = s.Flags.String()
	for key, n := range map[string]packet.Number{"seq": s.First, "ack": s.Ack, "win": s.Window} {
		if x, ok := n.Value(); ok {
			v[key] = int(x)
		}
	}
	options := []any{}
	for _, o := range s.Options {
		options = append(options, o.String())
	}
	v["options"] = options
	return v
}

func (a *segmentAction) Check(c *check.Check) {
	a.peer.check(c)
	switch {
	case a.want.none() && !a.within.Given():
		c.Problem(a.want.Node, "expect: none needs a time in which no packet comes").Hint = "write within: 100ms"
	case a.within.Given() && !a.want.mayBeNone():
		c.Problem(a.within.Node, "within goes with expect: none").Hint = "timeout is how long the step waits for a packet"
	}
	c.MakeValues()
}
