package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
)

// ends are the ways a scenario ends, each with a last step and how the run is
// told.
var ends = []struct {
	name, step string
	status     history.Status
}{
	{"pass", "print: end", history.Passed},
	{"failure", "assert: 1 == 2", history.Failed},
	{"unexpected errno", "connect: u, to: 'unix:${tmp}/none'", history.Failed},
	{"timeout of the step", "recv: x, timeout: 10ms", history.Failed},
	{"timeout of the scenario", "recv: x, timeout: 1h", history.Failed},
	{"deadlock", "wait: never", history.Failed},
	{"cancelled", "recv: x, timeout: 2h", history.Cancelled},
}

// Whatever a scenario made is gone when it ends, however it ends: descriptors
// of all kinds, paths that bind made, the temporary folder with all that is in
// it.
func TestNothingIsLeft(t *testing.T) {
	for _, end := range ends {
		for _, blocking := range []string{"false", "true"} {
			t.Run(end.name+", blocking: "+blocking, func(t *testing.T) {
				checkLeaks(t)
				dir := filepath.Join(os.Getenv("TMPDIR"), "own")
				if err := os.Mkdir(dir, 0o700); err != nil {
					t.Fatal(err)
				}
				text := "timeout: 1h\nfiles: {sub/file: text}\nactors:\n  a:\n" + indented(`
- socketpair: unix
  as: [x, y]
  blocking: `+blocking+`
- socket: tcp
  as: l
  blocking: `+blocking+`
- bind: l
  to: 127.0.0.1:0
- listen: l
- socket: tcp
  as: c
- connect: c
  to: l
- accept: l
  as: conn
- socket: unix
  as: s
- bind: s
  to: unix:`+dir+`/socket
- listen: s
- socket: unixgram
  as: g
- bind: g
  to: unix:${tmp}/sub/socket
- socket: unix
  as: u
- spawn: [{recv: y, timeout: 1h, expect: {eof: true}}]
- print: ${tmp}
`) + "    - {" + end.step + "}\n    - close: [x, conn, c]\n  b: [{signal: never, when: index > 0}]\n"
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				o := runner.Options{}
				switch end.name {
				case "timeout of the scenario":
					o.Timeout = 50 * time.Millisecond
				case "cancelled":
					time.AfterFunc(50*time.Millisecond, cancel)
				}
				r := runner.Run(ctx, scenario(t, text), o)
				if r.Status != end.status {
					t.Error(ending(r))
				}
				if left, _ := os.ReadDir(dir); len(left) > 0 {
					t.Errorf("left: %v", left)
				}
				if err := os.Remove(dir); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

// A path that bind did not make stays, and one that another file has taken
// over.
func TestForeignPathsStay(t *testing.T) {
	checkLeaks(t)
	dir := filepath.Join(os.Getenv("TMPDIR"), "own")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(dir+"/file", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	passes(t, alone("- socket: unix\n  as: s\n- bind: s\n  to: unix:"+dir+"/file\n  expect: {error: EADDRINUSE}\n- close: s"), runner.Options{})
	if _, err := os.Stat(dir + "/file"); err != nil {
		t.Error(err)
	}
}

// One scenario runs many times, and several times at once.
func TestRunsAtOnce(t *testing.T) {
	checkLeaks(t)
	s := scenario(t, pingPong)
	want := transcript(runner.Run(t.Context(), s, runner.Options{}))
	results := make(chan []string)
	for range 8 {
		go func() { results <- transcript(runner.Run(context.Background(), s, runner.Options{})) }()
	}
	for range 8 {
		wantLines(t, <-results, want...)
	}
}
