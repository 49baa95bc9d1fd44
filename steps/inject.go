package steps

import (
	"errors"
	"fmt"
	"time"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/packet"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/peer"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var injectKind = step.Kind{
	Name:    "inject",
	Summary: "send a packet from a far end that the script plays",
	Text: packetText + `

What a segment leaves out is what a right one would have: the next sequence
number, an acknowledgement of what segment steps have taken, a window of 65535.
Checksums and ports are filled in.`,
	Example: `requires: netns
network: private
actors:
  one:
    - peer: tcp
      as: p
    - socket: tcp
      as: listener
    - bind: listener
      to: ${p.local}:8080
    - listen: listener
    - inject: p
      packet: S 0:0(0) win 32792 <mss 1000>
    - segment: p
      expect: S. 0:0(0) ack 1 <mss 1460>
    - inject: p
      packet: .
    - accept: listener
      as: conn
    - inject: p
      packet: P.
      data: hello
    - recv: conn
      expect: hello
`,
	Beneath: step.Beneath{
		Call:   "sendto(2) on a packet socket (packet(7))",
		Kernel: "takes the packet as one that has come from the network. It drops one with a wrong checksum, without a word.",
		Wire:   "the packet, from the far end to the kernel.",
	},
	New: func() step.Action {
		return &injectAction{
			packet: newPacket(), checksum: value.Enum{Words: []string{"right", "wrong"}},
			ttl: value.Int{Number: value.Between(0, maxTTL)},
		}
	},
}

// packetText is what is to be known of the text of a packet.
const packetText = `The text is packetdrill's: the flags of a segment (S SYN, F FIN, R RST, P PSH,
. ACK, U URG, E ECE, W CWR, - none), first:last(length), ack, win, urg and the
options: S. 0:0(0) ack 1 win 65535 <mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7>.
Other packets are udp (5), icmp echo id 1 seq 1 (8) and errors as icmp unreachable
port [udp (5)]. In front, [ect0] or [ttl 3] is about the IP header. Sequence
numbers count from the SYN of each side, which has number 0; the kernel's
timestamps count from its first. A SYN with another number begins another
connection of the same two ports where the kernel answers it with its own SYN: from
then on numbers count from these.`

func newPacket() value.Parsed[packet.Pattern] { return value.NewParsed("packet", packet.Parse) }

type injectAction struct {
	peer     peerRef
	packet   value.Parsed[packet.Pattern]
	data     payload.Payload
	after    value.Duration
	checksum value.Enum
	ttl      value.Int
}

func (a *injectAction) Params(p *step.Params) {
	p.Value(&a.peer, "the name of the peer, from as: of its peer step")
	p.Key("packet", &a.packet, "the packet").Required = true
	p.Key("data", &a.data, "what it carries").Or("zeros, as many as the text says")
	p.Key("after", &a.after, "send it this long after the packet of the peer before")
	p.Key("checksum", &a.checksum, "the checksum of TCP, UDP or ICMP").Or("right")
	p.Key("ttl", &a.ttl, "the time to live").Or("64")
}

// unhurried: a packet may have its time.
func (a *injectAction) Unhurried() {}

func (a *injectAction) Run(t *step.Task) error {
	p, err := a.peer.find(t)
	if err != nil {
		return err
	}
	text, shown, err := a.packet.Parse(t)
	if err != nil {
		return err
	}
	var ttl any
	if a.ttl.Given() {
		n, err := a.ttl.Eval(t)
		if err != nil {
			return err
		}
		text.TTL = packet.One(uint32(n))
		ttl = event.Const(fmt.Sprintf("ttl %d", n))
	}
	sending := peer.Sending{BadChecksum: a.checksum.Word == "wrong"}
	args := []any{event.Name(p.Name), event.Plain(shown)}
	if a.data.Given() {
		b, err := a.data.Blob(t)
		if err != nil {
			return err
		}
		sending.Data = given(b.Bytes)
		args = append(args, t.Bytes(b))
	}
	if ttl != nil {
		args = append(args, ttl)
	}
	if sending.BadChecksum {
		args = append(args, event.Const("checksum wrong"))
	}
	if err := a.wait(t, p); err != nil {
		return err
	}
	t.Call("inject", args...)
	sent, err := p.Flow.Send(text, sending)
	if err == nil && !sending.BadChecksum {
		injected(t, p, sent)
	}
	return err
}

// given are bytes that a scenario has written. They are not nil, which means
// the default, even if there are none.
func given(b []byte) []byte { return append([]byte{}, b...) }

// maxTTL is the largest time to live (RFC 791).
const maxTTL = 255

// wait lets the time pass that is to be between two packets.
func (a *injectAction) wait(t *step.Task, p *step.Peer) error {
	if !a.after.Given() {
		return nil
	}
	d, err := a.after.Eval(t)
	if err != nil {
		return err
	}
	t.Begin()
	last := p.Flow.Last()
	if last.IsZero() {
		last = time.Now()
	}
	return t.Sleep(time.Until(last.Add(d)))
}

func (a *injectAction) Check(c *check.Check) {
	to := a.peer.check(c)
	text, fixed := a.packet.Fixed()
	if !fixed {
		return
	}
	data, known := a.data.Fixed()
	if known {
		data = given(data)
	}
	err := text.Possible(to != nil && to.V6, data)
	if err != nil && to == nil {
		err = text.Possible(true, data)
	}
	var at *packet.SyntaxError
	switch {
	case errors.As(err, &at):
		c.Problem(a.packet.Node, "%s", at.Message).MoveTo(a.packet.Node, a.packet.Node.At(at.Offset)).Hint = at.Hint
	case err != nil:
		c.Problem(a.packet.Node, "%s", err)
	}
}
