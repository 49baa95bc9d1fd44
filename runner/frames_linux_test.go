package runner_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/packet"
)

// framesOf are the frames of a run that passes, one line each: but ARP and what
// IPv6 needs, and acknowledgements that carry nothing, which come when the
// kernel likes.
func framesOf(t *testing.T, text string) []string {
	t.Helper()
	needsNetns(t)
	checkLeaks(t)
	r := passes(t, text, runner.Options{Frames: true})
	if r.Frames == nil || r.Frames.Lost > 0 || r.Frames.Beyond > 0 {
		t.Fatalf("the frames are %+v", r.Frames)
	}
	saved, err := history.Encode(r)
	if err != nil {
		t.Fatal(err)
	}
	loaded, err := history.Decode[*history.Result](saved)
	if err != nil || !reflect.DeepEqual(r.Frames, loaded.Frames) {
		t.Errorf("a saved run has other frames: %v", err)
	}
	var numbers packet.Numbers
	var lines []string
	for _, f := range r.Frames.List {
		if line := frameLine(t, f, numbers.Base); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func frameLine(t *testing.T, f event.Frame, base func(*packet.Packet) packet.Base) string {
	t.Helper()
	d, err := packet.DecodeFrame(f.Bytes)
	if err != nil || f.Length != len(f.Bytes) {
		t.Fatal(err, f.Length)
	}
	if d.IP == nil {
		return ""
	}
	what := packet.DescribeFrame(d, base).String()
	switch body := d.IP.Body.(type) {
	case *packet.TCP:
		if body.BadChecksum {
			t.Errorf("the checksum of %s is wrong", what)
		}
		if len(body.Payload) == 0 && body.Flags&(packet.SYN|packet.FIN|packet.RST) == 0 {
			return ""
		}
		flags := body.Flags &^ packet.PSH
		what = fmt.Sprintf("%s %d", flags, len(body.Payload))
	case *packet.UDP:
		if body.BadChecksum {
			t.Errorf("the checksum of %s is wrong", what)
		}
		what = string(body.Payload)
	default:
		return ""
	}
	way := ">"
	if f.Received {
		way = "<"
	}
	line := fmt.Sprintf("%s.%s %s %s", f.Host, f.Interface, way, what)
	if f.Fault != "" {
		line += fmt.Sprintf(" %s by %s", f.Act, f.Fault)
	}
	return line
}

func TestFramesOfLo(t *testing.T) {
	got := framesOf(t, `
network: private
actors:
  server:
    - {socket: tcp, as: listener}
    - {bind: listener, to: "127.0.0.1:8080"}
    - listen: listener
    - {accept: listener, as: conn}
    - {recv: conn, expect: hi}
    - {send: conn, data: hello}
    - {recv: conn, expect: {eof: true}}
    - close: conn
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
    - {send: sock, data: hi}
    - {recv: sock, expect: hello}
    - close: sock
`)
	want := []string{".lo > S 0", ".lo > S. 0", ".lo > . 2", ".lo > . 5", ".lo > F. 0", ".lo > F. 0"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestFramesOfHosts(t *testing.T) {
	got := framesOf(t, `
network:
  hosts: {a: {eth0: 10.0.0.1/24}, b: {eth0: 10.0.0.2/24}}
  links:
    lan: {join: [a.eth0, b.eth0], faults: {second: {drop: {udp: 5000, nth: 2}}, third: {duplicate: {udp: 5000, nth: 3}}}}
actors:
  a:
    - {socket: udp, as: sock}
    - wait: ready
    - {send: sock, to: "10.0.0.2:5000", data: one}
    - {send: sock, to: "10.0.0.2:5000", data: two}
    - {send: sock, to: "10.0.0.2:5000", data: three}
    - wait: received
    - {link: lan, set: cut}
    - {send: sock, to: "10.0.0.2:5000", data: four}
    - {link: lan, set: {loss: 100%}}
    - {link: lan, set: whole}
    - {send: sock, to: "10.0.0.2:5000", data: five}
  b:
    - {socket: udp, as: sock}
    - {bind: sock, to: "10.0.0.2:5000"}
    - signal: ready
    - {recv: sock, expect: one}
    - {recv: sock, expect: three}
    - {recv: sock, expect: three}
    - signal: received
`)
	want := []string{
		"a.eth0 > one", "a.eth0 > two drop by lan.second", "a.eth0 > three duplicate by lan.third",
		"a.eth0 > four drop by lan.cut", "a.eth0 > five drop by lan.loss",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

func TestFramesOfAPeer(t *testing.T) {
	got := framesOf(t, `
network: private
actors:
  one:
    - {peer: udp, as: p}
    - {socket: udp, as: sock}
    - {bind: sock, to: "${p.local}:8080"}
    - {inject: p, packet: udp (2), data: hi}
    - {recv: sock, expect: hi, as: got}
    - {connect: sock, to: "${p.address}"}
    - {send: sock, data: hello}
    - {segment: p, expect: udp (5)}
`)
	want := []string{".peer1 < hi", ".peer1 > hello"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, not %q", got, want)
	}
}

// Frames are recorded where somebody asks for them, in a network of the
// scenario's own.
func TestFramesThatNobodyAsksFor(t *testing.T) {
	needsNetns(t)
	for name, test := range map[string]struct {
		text    string
		options runner.Options
		want    bool
	}{
		"not asked for":    {"network: private" + fixedPort, runner.Options{}, false},
		"the host's":       {hello, runner.Options{Frames: true}, false},
		"made for the run": {hello, runner.Options{Frames: true, Private: true}, true},
	} {
		if r := passes(t, test.text, test.options); (r.Frames != nil) != test.want {
			t.Errorf("%s: %+v", name, r.Frames)
		}
	}
}

// A ping-pong of 5,000 rounds over lo, without the recording of frames and with
// it: the ratio is that of one run.
func BenchmarkFrames(b *testing.B) {
	const rounds = 5000
	needsNetns(b)
	s := scenario(b, "network: private\n"+pingPong)
	lost := 0
	play := func(frames bool) func() {
		return func() {
			r := mustPass(b, s, runner.Options{Vars: map[string]any{"rounds": rounds}, Frames: frames})
			if frames {
				lost += r.Frames.Lost + r.Frames.Beyond
			}
		}
	}
	pair(b, "run", play(false), play(true))
	b.ReportMetric(float64(lost)/float64(b.N), "lost/run")
}
