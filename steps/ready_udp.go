package steps

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// readyUDP is a datagram that a program answers.
type readyUDP struct {
	node *source.Node
	to   value.Address
	send payload.Payload
	want program.OutputWant
}

func (v *readyUDP) params() []*value.Param {
	return []*value.Param{
		{Key: "to", Value: &v.to, Help: "where the program receives", Required: true},
		{Key: "send", Value: &v.send, Help: "the datagram", Required: true},
		{Key: "expect", Value: &v.want, Help: "what the answer must be: a payload, or {data, contains, matches, size}", Default: "any answer"},
	}
}

// Decode reads a mapping.
func (v *readyUDP) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	if n.Kind != source.Map {
		d.Problem(n, "udp is a mapping, not %s", n.Describe()).Hint = "write {to: ADDRESS, send: PAYLOAD, expect: PAYLOAD}"
		return
	}
	d.Mapping(n, v.params(), "udp")
}

// NamesIn implements [value.Namer].
func (v *readyUDP) NamesIn(n *source.Node, add func(string)) { value.NamesIn(n, v.params(), add) }

// Schema accepts a mapping.
func (v *readyUDP) Schema() value.Schema {
	properties := value.Schema{}
	for _, p := range v.params() {
		properties[p.Key] = value.Described(p)
	}
	return value.Object(properties, "to", "send")
}

// Type names the type in the reference.
func (v *readyUDP) Type() string { return "{to, send, expect}" }

func (v *readyUDP) given() bool { return v.node != nil }

// udpInterval is the time between two datagrams.
const udpInterval = 100 * time.Millisecond

// udpProbe sends a datagram and looks at the answer.
type udpProbe struct {
	name  string
	host  string
	to    sock.Addr
	send  []byte
	want  *program.OutputWant
	sock  *sock.Socket // nil before the first datagram
	wrong error        // what was wrong with the last answer
}

// Close implements [io.Closer].
func (q *udpProbe) Close() error {
	if q.sock == nil {
		return nil
	}
	return q.sock.Close()
}

func (v *readyUDP) probe(t *step.Task, p *program.Program) (probe, error) {
	to, err := v.to.Ask(t)
	if err != nil {
		return nil, err
	}
	t.KnownAddress(to)
	data, err := v.send.Bytes(t)
	return &udpProbe{name: p.Name, host: p.Host, to: to.Addr, send: append([]byte(nil), data...), want: &v.want}, err
}

func (q *udpProbe) missing() string {
	if q.wrong != nil {
		return fmt.Sprintf("%s does not give the expected answer at %s: %s", q.name, q.to, q.wrong)
	}
	return fmt.Sprintf("%s does not answer at %s", q.name, q.to)
}

func (q *udpProbe) needsProgram() bool { return false }

func (q *udpProbe) ready(t *step.Task, _ time.Duration, last bool) (bool, error) {
	next := time.Now().Add(udpInterval)
	answer, err := q.ask(t, next)
	if _, errno := sock.ErrnoOf(err); err != nil && !errno && !step.IsTimeout(err) {
		return false, err // the run is over
	}
	if errno, isErrno := sock.ErrnoOf(err); isErrno && errno != unix.ECONNREFUSED {
		q.wrong = err
	}
	if err == nil {
		if q.want.Check(t, answer) == nil {
			return true, nil
		}
		q.wrong = value.Mismatchf("got %s", payload.DescribeData(answer))
	}
	if rest := time.Until(next); rest > 0 {
		return false, pauseUnless(t, last, rest)
	}
	return false, t.Overdue()
}

// ask sends the datagram, and receives what comes before the next is due. An
// answer to an earlier one is as good.
func (q *udpProbe) ask(t *step.Task, next time.Time) ([]byte, error) {
	w := sock.Wait{Deadline: next}
	if !t.Deadline.IsZero() && t.Deadline.Before(next) {
		w.Deadline = t.Deadline
	}
	if q.sock == nil {
		s, err := t.Actor.Run.Sockets.On(q.host).Open(q.to.Family, unix.SOCK_DGRAM, 0, false)
		if err != nil {
			return nil, err
		}
		q.sock = s
		if err := s.Connect(w, q.to); err != nil {
			return nil, err
		}
	}
	if _, err := q.sock.Send(w, q.send, 0, nil); err != nil {
		return nil, err
	}
	buf := make([]byte, 64<<10)
	n, _, err := q.sock.Recv(w, buf, 0)
	return buf[:n], err
}
