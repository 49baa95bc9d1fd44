package remote

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
)

func parse(t *testing.T, name, text string) *scenarios.Scenario {
	t.Helper()
	list, problems := scenarios.Parse(name, []byte(text))
	if len(list) != 1 {
		t.Fatal(problems.Report())
	}
	return list[0]
}

func TestValuesOfRequests(t *testing.T) {
	vars := map[string]any{
		"n": nil, "i": 7, "f": 1.0, "tenth": 0.1, "inf": math.Inf(-1), "s": "x", "line": "a\nb", "raw": "\xff", "b": true, "zero": 0, "empty": "",
		"l": []any{nil, map[string]any{"k": nil}, []any{}}, "m": map[string]any{},
		"port": uint16(53), "half": float32(0.1), "names": []string{"a", "\xfe"}, "bytes": []byte{0, 10, 255},
	}
	s := parse(t, "test\xff.yaml", "name: test\nnetwork: private\nactors: {a: []}\n")
	sent := newRequest(1, s, scenarios.Options{}, runner.Options{Vars: vars, Private: true, Full: true})
	var conn bytes.Buffer
	body := []byte("1 {}\n\x00\xff\n")
	for range 2 {
		if err := newWire(&conn).write(sent, body); err != nil {
			t.Fatal(err)
		}
	}
	for w := newWire(&conn); ; {
		var got request
		data, err := w.read(&got)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		o := got.options(nil)
		if !o.Private || !o.Full || got.Scenario != "test" || got.File != "test\xff.yaml" || !bytes.Equal(data, body) {
			t.Errorf("%+v %q", got, data)
		}
		if !reflect.DeepEqual(vars, o.Vars) {
			t.Errorf("sent %#v\ngot  %#v", vars, o.Vars)
		}
	}
}

// The other process may be anybody's by now: what it says is read, or it is an
// error, and takes no memory for what it only promises.
func TestWhatIsNoMessage(t *testing.T) {
	for _, text := range []string{
		"", "\n", "0\n", "0 \n", "0 {}", "x {}\n", "-1 {}\n", "99999999999999999999 {}\n", "9223372036854775807 {}\nabc",
		"0 {\"ID\":-1}\n", "0 {\"Other\":1}\n", "0 [1]\n", "0 {} {}\n",
	} {
		var r reply
		if _, err := newWire(bytes.NewBufferString(text)).read(&r); err == nil {
			t.Errorf("%q is read as %+v", text, r)
		}
	}
}

// A process in a sandbox cannot take all memory of the one that listens.
func TestBoundOfMessages(t *testing.T) {
	var r reply
	if _, err := newWire(bytes.NewBufferString("1073741825 {}\n")).read(&r); !errors.Is(err, errMessage) {
		t.Errorf("a body of more than 1 GiB: %v", err)
	}
	const long = 1 << 16
	line := strings.Repeat("x", long-1) + "\n"
	if _, err := newWire(bytes.NewBufferString(line)).line(long - 1); !errors.Is(err, errMessage) {
		t.Errorf("a line that is too long: %v", err)
	}
	if got, err := newWire(bytes.NewBufferString(line)).line(long); string(got) != line || err != nil {
		t.Errorf("a line of the length that may be: %d bytes, %v", len(got), err)
	}
}

// A value that cannot be sent is not sent in part: what comes next is read.
func TestValueThatCannotBeSent(t *testing.T) {
	var conn bytes.Buffer
	w := newWire(&conn)
	if err := w.write(request{Vars: []variable{{"c", make(chan int)}}}, nil); err == nil {
		t.Error("a channel is sent")
	}
	if err := w.write(reply{ID: 7, Err: strings.Repeat("long ", 2000)}, nil); err != nil {
		t.Fatal(err)
	}
	var r reply
	if _, err := w.read(&r); err != nil || r.ID != 7 || len(r.Err) != 10000 {
		t.Errorf("%d %d %v", r.ID, len(r.Err), err)
	}
}

// What runs is what was read: the other process opens no file for it.
func TestIncludedFiles(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"outer.yaml": "include: ./inner.yaml\nprocedures: {greet: {steps: [{do: inner.hello}]}}\n",
		"inner.yaml": "procedures: {hello: {steps: [{print: hello}]}}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := parse(t, filepath.Join(dir, "test.yaml"), "include: ./outer.yaml\nactors: {a: [{do: outer.greet}]}\n")
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	ours, theirs := net.Pipe()
	ended := make(chan struct{})
	go func() {
		Serve(theirs, Options{})
		close(ended)
	}()
	p := New(ours, func() error {
		<-ended
		return nil
	})
	defer p.Close()
	res := p.Run(t.Context(), s, scenarios.Options{}, runner.Options{})
	if res.Status != history.Passed {
		t.Errorf("%s %v", res.Status, res.Failure)
	}
}

// A signal of a terminal ends the other process too, perhaps before this one
// takes it: the run is one that was interrupted.
func TestInterrupted(t *testing.T) {
	s := parse(t, "test.yaml", "network: private\nactors: {a: []}\n")
	for _, early := range []bool{true, false} {
		ours, theirs := net.Pipe()
		interrupted := make(chan struct{})
		p := New(ours, func() error {
			close(interrupted)
			return ErrInterrupted
		})
		if early {
			theirs.Close()
		} else {
			go func() {
				theirs.Read(make([]byte, 1)) // the request
				theirs.Close()
			}()
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-interrupted
			cancel()
		}()
		if res := p.Run(ctx, s, scenarios.Options{}, runner.Options{}); res.Status != history.Cancelled {
			t.Errorf("%s %v", res.Status, res.Failure)
		}
	}
}
