// Command sockscript runs scenarios: YAML files that say, actor by actor, which
// socket calls to make and what must come back. See docs/reference.md.
package main

//go:generate sh -c "rm -rf ../../docs/commands ../../docs/kinds && go run . doc --pages ../../docs"
//go:generate sh -c "go run . schema >../../docs/schema.json"

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/runner/jail"
	"github.com/sockscript/sockscript/runner/userns"
	"github.com/sockscript/sockscript/scenarios/source"
)

// The exit statuses. They are written down in the help of the command.
const (
	statusOK          = 0
	statusFailed      = 1
	statusInvalid     = 2
	statusInterrupted = 130 // 128 + SIGINT, as shells have it
	statusNoReader    = 141 // 128 + SIGPIPE
)

func main() {
	userns.Main()
	jail.Main()
	os.Exit(Main())
}

// Main runs the command with the process's arguments and streams, and returns
// its exit status.
func Main() int {
	collectLess()
	// Without this, a reader of the standard output that goes away would kill
	// the process before a scenario could release what it holds.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, hurry := interruptions()
	p := &program{args: os.Args[1:], stdin: os.Stdin, stdout: os.Stdout, errors: os.Stderr, hurry: hurry}
	return p.main(ctx)
}

// collectLess lets the garbage collector wait until the memory in use is three
// times what is needed, not two: most of what a run makes is of no use any more
// when the next run begins. Who sets GOGC decides for themselves.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(200)
	}
}

// hurriedExit is how long a hurried end may take. What holds it up then is not
// what a scenario has made: the output is not read, say.
const hurriedExit = 10 * time.Second

// interruptions listens for the signals that end the command. The first ends
// the run in good order, and cancels the context; a second one hurries that.
func interruptions() (ctx context.Context, hurry <-chan struct{}) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	list := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup(1) makes it so
		list = append(list, syscall.SIGHUP)
	}
	signal.Notify(signals, list...)
	second := make(chan struct{})
	go func() {
		<-signals
		cancel()
		<-signals
		close(second)
		time.AfterFunc(hurriedExit, func() { os.Exit(statusInterrupted) })
	}()
	return ctx, second
}

// A program is one invocation of the command.
type program struct {
	args   []string
	stdin  io.Reader
	stdout *os.File
	out    *output
	errors io.Writer
	hurry  <-chan struct{} // closed when the end is to be hurried
}

// status is an error that has been reported already and only sets the exit
// status.
type status int

func (s status) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// main runs the command line and turns how it ended into an exit status.
func (p *program) main(ctx context.Context) int {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer jail.Discard() // where the run has not come that it was prepared for
	p.out = &output{file: p.stdout, failed: cancel}
	p.stdin = &interruptible{ctx: ctx, r: p.stdin}
	root := p.command()
	root.SetArgs(p.args)
	err := root.ExecuteContext(ctx)

	var reported status
	switch {
	case errors.Is(p.out.err, syscall.EPIPE):
		return statusNoReader
	case p.out.err != nil:
		p.complain(fmt.Errorf("cannot write the output: %w", p.out.err))
		return statusInvalid
	case err == nil:
		return statusOK
	case errors.As(err, &reported):
		return int(reported)
	case errors.Is(err, context.Canceled):
		return statusInterrupted
	}
	p.complain(err)
	return statusInvalid
}

// complain prints an error; of several that were joined, each on its own line.
func (p *program) complain(err error) {
	fmt.Fprintln(p.errors, source.Narrow("sockscript: "+strings.Join(errorLines(err), "\n"), errorWidth()))
}

// errorLines is an error a line each, with the control characters of the names
// in it written out.
func errorLines(err error) []string {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []string{source.Visible(err.Error())}
	}
	var texts, lines []string
	for _, one := range joined.Unwrap() {
		texts, lines = append(texts, one.Error()), append(lines, errorLines(one)...)
	}
	if strings.Join(texts, "\n") != err.Error() {
		return []string{source.Visible(err.Error())} // it wraps them in words of its own
	}
	return lines
}
