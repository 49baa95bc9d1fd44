package main

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// A screen keeps what a command prints, for a test to wait for.
type screen struct {
	mu   sync.Mutex
	more *sync.Cond
	text string
	late bool
}

func newScreen() *screen {
	s := new(screen)
	s.more = sync.NewCond(&s.mu)
	return s
}

// Write implements [io.Writer].
func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += string(b)
	s.more.Broadcast()
	return len(b), nil
}

// await waits for a text, and returns all up to its end, which it forgets.
func (s *screen) await(t *testing.T, text string) string {
	t.Helper()
	timer := time.AfterFunc(30*time.Second, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.late = true
		s.more.Broadcast()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.text, text) {
		if s.late {
			t.Fatalf("%q did not come; there is\n%s", text, s.text)
		}
		s.more.Wait()
	}
	end := strings.Index(s.text, text) + len(text)
	seen := s.text[:end]
	s.text = s.text[end:]
	return seen
}

// watched runs the command in the background. The function that it returns
// ends it as Ctrl-C does, and returns the exit status.
func watched(t *testing.T, args ...string) (out, errs *screen, end func() int) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, errs = newScreen(), newScreen()
	go io.Copy(out, r)
	ctx, cancel := context.WithCancel(context.Background())
	exit := make(chan int, 1)
	p := &program{args: append([]string{"watch"}, args...), stdin: strings.NewReader(""), stdout: w, errors: errs}
	go func() { exit <- p.main(ctx) }()
	t.Cleanup(func() {
		cancel()
		w.Close()
		r.Close()
	})
	return out, errs, func() int {
		cancel()
		return <-exit
	}
}

// save writes a file at one go, so that nobody sees half of it.
func save(t *testing.T, path, text string) {
	t.Helper()
	whole := filepath.Join(t.TempDir(), "whole")
	if err := errors.Join(os.WriteFile(whole, []byte(text), 0o644), os.Rename(whole, path)); err != nil {
		t.Fatal(err)
	}
}

func says(word string) string { return "actors:\n  one:\n    - print: " + word + "\n" }

func TestWatch(t *testing.T) {
	t.Chdir(t.TempDir())
	save(t, "a.yaml", says("hello"))
	save(t, "b.yaml", says("hi"))
	save(t, "b.golden", "one  | hi\nok  b\n")
	out, errs, end := watched(t, ".")
	first := out.await(t, "\nwatching 2 scenario files; Ctrl-C ends\n")
	if !strings.HasPrefix(first, "ok    a\nok    b\n\n2 passed in ") {
		t.Errorf("at first there is\n%s", first)
	}
	steps := []struct {
		path, text, says string
	}{
		{"a.yaml", says("bye"), "\n-- a.yaml changed\none  | bye\nok  a\n"},
		{"b.yaml", says("ho"), "\n-- b.yaml changed\nb.yaml: b: the transcript differs from b.golden\n"},
		{"b.golden", "one  | ho\nok  b\n", "\n-- b.golden changed\nok    b\n"},
		{"c.yaml", says("new"), "\n-- c.yaml changed\none  | new\nok  c\n"},
	}
	for _, step := range steps {
		save(t, step.path, step.text)
		if got := out.await(t, step.says); strings.Contains(strings.TrimSuffix(got, step.says), "\n-- ") {
			t.Errorf("%s: there is also\n%s", step.path, got)
		}
	}
	save(t, "c.yaml", "actors: {one: [prnt: x]}\n")
	out.await(t, "\n-- c.yaml changed\n")
	errs.await(t, "c.yaml:1:16: unknown step kind \"prnt\"; did you mean \"print\"?\n    1 | actors: {one: [prnt: x]}\n      |                ^\n")

	// What is invalid in one file is not told again when another one changes.
	save(t, "b.yaml", says("ho")+"# the same\n")
	out.await(t, "\n-- b.yaml changed\nok    b\n")
	if err := os.Remove("c.yaml"); err != nil {
		t.Fatal(err)
	}
	out.await(t, "\n-- c.yaml gone\n")
	save(t, "a.yaml", says("at last"))
	out.await(t, "\n-- a.yaml changed\none  | at last\nok  a\n")
	if status := end(); status != statusInterrupted {
		t.Errorf("the exit status is %d", status)
	}
	if errs.text != "" {
		t.Errorf("among the errors there is also\n%s", errs.text)
	}
}

// A scenario that writes beside itself does not make itself run again, and a
// file that a scenario names makes it.
func TestWatchPayload(t *testing.T) {
	t.Chdir(t.TempDir())
	save(t, "data.txt", "hello")
	save(t, "a.yaml", `actors:
  one:
    - socketpair: unix
      as: [a, b]
    - send: a
      data: {file: data.txt}
    - recv: b
    - close: [a, b]
    - exec: [sh, -c, "date +%N >>out.log; echo x >>written"]
      dir: .
`)
	out, _, end := watched(t, "a.yaml")
	out.await(t, "Ctrl-C ends\n")
	for _, text := range []string{"bye", "at last"} {
		save(t, "data.txt", text)
		out.await(t, "\n-- data.txt changed\n")
		out.await(t, `"`+text+`"`)
		out.await(t, "\nok  a\n")
	}
	end()
	if written, err := os.ReadFile("written"); string(written) != "x\nx\nx\n" || err != nil {
		t.Errorf("the scenario ran %d times, %v", len(written)/2, err)
	}
}
