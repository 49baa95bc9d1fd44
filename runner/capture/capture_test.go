package capture

import (
	"bytes"
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
)

// frame is one of an EtherType that nobody knows.
func frame(at int, host, iface, link, data string) event.Frame {
	b := append(make([]byte, 12), 0x88, 0xb6)
	b = append(b, data...)
	return event.Frame{At: time.Unix(1, int64(at)), Host: host, Interface: iface, Link: link, Length: len(b), Bytes: b}
}

func came(f event.Frame) event.Frame {
	f.Received = true
	return f
}

// What a capture has depends on the points that its scenario names.
func TestPoints(t *testing.T) {
	t.Parallel()
	corrupted := frame(1, "a", "eth0", "lan", "two")
	corrupted.Fault, corrupted.Act = "lan.bad", "corrupt"
	r := &history.Record{Record: record.Record{Frames: &event.Frames{
		List: []event.Frame{frame(0, "a", "eth0", "lan", "one"), corrupted, frame(2, "b", "lo", "", "own"), frame(3, "b", "eth1", "wan", "on")},
		Came: []event.Frame{came(frame(4, "b", "eth0", "lan", "one")), came(frame(5, "b", "eth0", "lan", "twX"))},
	}}}
	for _, c := range []struct{ at, want string }{
		{"", "one two own on"},
		{"all", "one two own on"},
		{"all b.eth0", "one two own on"},
		{"lan", "one two"},
		{"lan b.eth0", "one two"},
		{"b.eth0", "one< twX<"},
		{"b.eth0 wan", "on one< twX<"},
		{"lo", "own"},
		{"b.lo", "own"},
		{"a.lo", ""},
	} {
		r := &history.Result{Record: r, Scenario: history.Scenario{Capture: &history.Capture{At: strings.Fields(c.at)}}}
		var got []string
		for _, f := range Frames(r) {
			word := string(f.Bytes[14:])
			if f.Received {
				word += "<"
			}
			got = append(got, word)
			want := map[string]string{"two": "kernel; corrupted by lan.bad", "twX<": "changed on its way, by a fault"}[word]
			if want == "" {
				want = "kernel"
			}
			if f.Comment != want {
				t.Errorf("%s: the comment of %s is %q, not %q", c.at, word, f.Comment, want)
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("at %q the capture has %q, not %q", c.at, s, c.want)
		}
	}
}

// A segment with the bytes of several steps names them all, as far as there is
// room.
func TestStepsOfASegment(t *testing.T) {
	t.Parallel()
	var s socket
	for line := 1; line <= 20; line++ {
		place := &event.Place{Title: "send(sock)", Pos: source.Pos{File: "x.yaml", Line: line, Col: 1}}
		s.writes = append(s.writes, write{int64(10 * line), &doer{branch: &record.Branch{Actor: "one", Count: 1}, place: place}})
	}
	for _, c := range []struct {
		first, last int64
		want        string
	}{
		{1, 11, "1"}, {1, 12, "1 2"}, {10, 12, "1 2"}, {11, 12, "2"}, {11, 31, "2 3"}, {200, 201, "20"}, {201, 202, ""},
	} {
		var got []string
		for _, text := range s.wrote(c.first, c.last) {
			_, line, _ := strings.Cut(text, "one: send(sock), x.yaml:")
			got = append(got, line)
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("the bytes %d to %d are of the lines %q, not %q", c.first, c.last, s, c.want)
		}
	}
	if n := len(s.wrote(1, 201)); n != mostSteps+1 {
		t.Errorf("it names %d steps", n)
	}
}

// The clock does not say which of two actors has ended the sending: a FIN names
// both, but of each only the first step, and nothing that began after it.
func TestStepsOfAFIN(t *testing.T) {
	t.Parallel()
	var s socket
	one, two := &record.Branch{Actor: "one", Count: 1}, &record.Branch{Actor: "two", Count: 1}
	for line, by := range []*record.Branch{one, one, two, two, {Actor: "late", Count: 1}} {
		place := &event.Place{Title: "close(c)", Pos: source.Pos{File: "x.yaml", Line: line + 1, Col: 1}}
		s.ends = append(s.ends, &doer{branch: by, place: place, start: time.Duration(line)})
	}
	for at, want := range []string{"one: close(c), x.yaml:1", "one: close(c), x.yaml:1", "one: close(c), x.yaml:1; two: close(c), x.yaml:3", "one: close(c), x.yaml:1; two: close(c), x.yaml:3"} {
		if got := strings.Join(s.ended(time.Duration(at)), "; "); got != want {
			t.Errorf("a FIN at %d is of %q, not %q", at, got, want)
		}
	}
}

// The blocks of a file follow each other, with their length at both ends.
func TestBlocks(t *testing.T) {
	t.Parallel()
	var list []event.Frame
	for size := range 9 {
		list = append(list, frame(size, "a", "eth0", "lan", strings.Repeat("x", size)))
	}
	r := &history.Result{Record: &history.Record{Record: record.Record{Frames: &event.Frames{List: list, Lost: 3}}}, Scenario: history.Scenario{Name: "blocks"}}
	b := new(bytes.Buffer)
	if err := Write(b, r, "test"); err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b.Bytes(), []byte("scenario blocks")) || !bytes.Contains(b.Bytes(), []byte("3 frames were lost")) {
		t.Errorf("the file does not say what it is: %q", b.Bytes())
	}
	var kinds []uint32
	for rest := b.Bytes(); len(rest) > 0; {
		size := binary.LittleEndian.Uint32(rest[4:])
		if size%4 != 0 || int(size) > len(rest) || binary.LittleEndian.Uint32(rest[size-4:]) != size {
			t.Fatalf("a block of %d bytes", size)
		}
		kind := binary.LittleEndian.Uint32(rest)
		kinds = append(kinds, kind)
		if kind == blockPacket && binary.LittleEndian.Uint32(rest[16:]) != 1e9+uint32(len(kinds)-3) {
			t.Errorf("the time of frame %d is wrong", len(kinds)-3)
		}
		rest = rest[size:]
	}
	want := append([]uint32{blockSection, blockInterface}, slices.Repeat([]uint32{blockPacket}, len(list))...)
	if !slices.Equal(kinds, want) {
		t.Errorf("the blocks are %x", kinds)
	}
}
