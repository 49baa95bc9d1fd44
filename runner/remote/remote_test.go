package remote

import (
	"bytes"
	"context"
	"encoding/gob"
	"net"
	"os"
	"path/filepath"
	"reflect"
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
	vars := map[string]any{"n": nil, "i": 7, "f": 1.0, "s": "x", "b": true, "l": []any{nil, map[string]any{"k": nil}}}
	s := parse(t, "test.yaml", "network: private\nactors: {a: []}\n")
	sent := newRequest(1, s, scenarios.Options{}, runner.Options{Vars: vars, Private: true, Full: true})
	var wire bytes.Buffer
	var got request
	if err := gob.NewEncoder(&wire).Encode(sent); err != nil {
		t.Fatal(err)
	}
	if err := gob.NewDecoder(&wire).Decode(&got); err != nil {
		t.Fatal(err)
	}
	o := got.options(nil)
	if !o.Private || !o.Full || got.Scenario != "test" {
		t.Errorf("%+v", got)
	}
	if !reflect.DeepEqual(vars, o.Vars) {
		t.Errorf("sent %#v\ngot  %#v", vars, o.Vars)
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
