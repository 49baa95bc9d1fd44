package steps

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/sock"
)

var execKind = Kind{
	Name:    "exec",
	Summary: "run a program to its end",
	Text: `The value is a list: the program and its arguments, without a shell between.
With shell: true it is a text for /bin/sh. It runs in the scenario's temporary
folder, in a process group of its own, of which nothing is left afterwards. One
that writes more than 16MiB is ended, and the step fails. Without expect, the exit
status must be 0. as names {exit, signal, stdout, stderr}.`,
	Example: `actors:
  one:
    - exec: [sort]
      stdin: "b\na\n"
      expect: {stdout: "a\nb\n"}
    - exec: exit 3
      shell: true
      expect: {exit: 3}
`,
	New:    func() Action { return new(execAction) },
	Starts: true,
}

type execAction struct {
	command Command
	stdin   Payload
	want    ProgramWant
	mask    Bool
}

func (a *execAction) Params(p *Params) {
	a.command.params(p)
	p.Key("stdin", &a.stdin, "what the program reads").Or("nothing")
	p.Key("mask", &a.mask, "the output varies from run to run; the transcript shows <output>").Or("false")
	p.Results(a.want.Conditions())
	p.Result("stdout", &a.want.stdout, "what it writes: a text, or {data, contains, matches, size}")
	p.Result("stderr", &a.want.stderr, "what it writes to standard error")
	p.Makes = "how it ended and what it wrote"
}

func (a *execAction) Run(t *Task) error {
	l, err := a.command.launch(t)
	if err != nil {
		return err
	}
	var input []byte
	if a.stdin.Given() {
		if input, err = a.stdin.Bytes(t); err != nil {
			return err
		}
	}
	t.Call("exec", a.command.shown(l)...)
	p := &Program{Actor: t.Actor.Name, Index: t.Actor.Index, Name: a.command.name(l.argv)}
	p.flooded = make(chan struct{})
	over := sync.OnceFunc(func() { close(p.flooded) })
	out, errs := &limited{over: over}, &limited{over: over}
	if err := p.startPiped(t.Actor.Run.Programs, l, input, out, errs); err != nil {
		return err
	}
	if err := t.awaitEnd(p); err != nil {
		t.Actor.Run.Programs.end(p)
		t.missing += describeOutput(out, errs)
		return err
	}
	p.finish()
	if p.hasFlooded() {
		return errFlooded
	}
	if err := a.settle(t, p, out, errs); err != nil {
		return err
	}
	t.Actor.Run.Programs.forget(p)
	return nil
}

// awaitEnd waits for the end of a program.
func (t *Task) awaitEnd(p *Program) error {
	err := p.wait(t.Ctx, t.deadline)
	switch {
	case t.Ctx.Err() != nil && errors.Is(err, t.Ctx.Err()):
		return ErrCancelled
	case err == sock.ErrTimeout:
		t.missing = p.Name + " is still running" + p.waitsFor()
	}
	return err
}

func (p *Program) hasFlooded() bool {
	select {
	case <-p.flooded:
		return true
	default:
		return false
	}
}

// startPiped starts the program with streams that are written and read beside
// it.
func (p *Program) startPiped(ps *Programs, l launch, input []byte, out, errs io.Writer) error {
	ours, theirs, err := openPipes()
	if err != nil {
		return err
	}
	l.files = theirs
	err = p.start(ps, l)
	closeFiles(theirs)
	if err != nil {
		closeFiles(ours)
		return err
	}
	p.feed = newFeed(ours[0], input)
	p.drains[0] = newDrain(ours[1], io.MultiWriter(out, &p.tails[0]))
	p.drains[1] = newDrain(ours[2], io.MultiWriter(errs, &p.tails[1]))
	return nil
}

func (a *execAction) settle(t *Task, p *Program, out, errs *limited) error {
	ret := []any{Const(p.status.String())}
	switch {
	case a.mask.On:
		ret = append(ret, Const("<output>"))
	case out.Len() > 0:
		ret = append(ret, t.data(out.Bytes()))
	}
	if errs.Len() > 0 && !a.mask.On {
		ret = append(ret, Const("stderr"), t.data(errs.Bytes()))
	}
	t.Return(ret...)
	result := map[string]any{
		"exit": p.status.Exit, "signal": signalWord(p.status.Signal), "stdout": out.String(), "stderr": errs.String(),
	}
	trace := &Trace{parts: map[string]*Trace{
		"stdout": traceOf(t.Piece(out.String(), 0)), "stderr": traceOf(t.Piece(errs.String(), 0)),
	}}
	if err := t.setAs(0, withTrace(result, trace)); err != nil {
		return err
	}
	if err := a.want.check(t, p.status, 0); err != nil {
		return withOutput(err, out, errs)
	}
	if err := a.want.stdout.Check(t, out.Bytes()); err != nil {
		return about("stdout", err)
	}
	return about("stderr", a.want.stderr.Check(t, errs.Bytes()))
}

// about says of which stream an expectation was not met.
func about(stream string, err error) error {
	if m, ok := err.(*Mismatch); ok {
		m.Msg = stream + ": " + m.Msg
	}
	return err
}

func (a *execAction) Check(c *Check) {
	a.command.check(c)
	for _, m := range []*Match{&a.want.stdout.Match, &a.want.stderr.Match} {
		for _, name := range m.Matches.Groups() {
			c.makeValue(name, m.Matches.node)
		}
	}
	c.makeValues()
}

// withOutput adds to a failure what the program wrote to standard error.
func withOutput(err error, out, errs *limited) error {
	if text := describeOutput(out, errs); text != "" {
		return mismatch("%s%s", err, text)
	}
	return err
}

func describeOutput(out, errs *limited) string {
	text := ""
	if errs.Len() > 0 {
		text += "; stderr: " + quoteShort(strings.TrimSpace(errs.String()))
	}
	if out.Len() > 0 {
		text += "; stdout: " + quoteShort(strings.TrimSpace(out.String()))
	}
	return text
}

// Command is a program with its arguments, and what it runs in.
type Command struct {
	argv  Argv
	shell Bool
	env   Bindings
	dir   Text
}

func (v *Command) params(p *Params) {
	p.Value(&v.argv, "the program and its arguments, or with shell: true a text for /bin/sh")
	p.Key("shell", &v.shell, "run the text with /bin/sh -c").Or("false")
	p.Key("env", &v.env, "environment variables, beside those of sockscript itself")
	p.Key("dir", &v.dir, "the working folder; a relative path is one beside the scenario file").Or("${tmp}")
}

// launch runs the expressions.
func (v *Command) launch(t *Task) (launch, error) {
	var l launch
	for _, x := range v.argv.list {
		s, err := x.Marked(t)
		if err != nil {
			return l, err
		}
		l.argv, l.shown = append(l.argv, s.Text), append(l.shown, Arg(s))
	}
	if v.shell.On {
		l.argv = append([]string{"/bin/sh", "-c"}, l.argv...)
	}
	var err error
	if l.dir, err = v.folder(t); err != nil {
		return l, err
	}
	added := []string{"PWD=" + l.dir}
	for i, name := range v.env.Names {
		s, err := v.env.Values[i].Eval(t)
		if err != nil {
			return l, err
		}
		added = append(added, name+"="+s)
	}
	l.env = environment(os.Environ(), added)
	return l, nil
}

// folder is the working folder of the program.
func (v *Command) folder(t *Task) (string, error) {
	if !v.dir.Given() {
		return t.Actor.Run.Tmp()
	}
	dir, err := v.dir.Eval(t)
	if err != nil || filepath.IsAbs(dir) {
		return dir, err
	}
	beside, err := filepath.Abs(filepath.Dir(v.dir.node.File.Name))
	if err != nil {
		return "", err
	}
	folder := filepath.Join(beside, dir)
	err = checkFolder(folder)
	if known := (*curedError)(nil); errors.As(err, &known) {
		known.cure = fmt.Sprintf("dir is relative to the folder of the scenario file, so it is %s, in which nothing can run", folder)
	}
	return folder, err
}

// shown are the arguments as the transcript shows them.
func (v *Command) shown(l launch) []any {
	if v.shell.On {
		return l.shown
	}
	return []any{l.shown}
}

// name is how reports call the program when no step names it.
func (v *Command) name(argv []string) string {
	if v.shell.On {
		return "sh"
	}
	return argv[0][strings.LastIndex(argv[0], "/")+1:]
}

func (v *Command) check(c *Check) {
	if v.argv.text && !v.shell.On && v.argv.node.Text == "" {
		c.problem(v.argv.node, "the program has no name").Hint = "a program is a list: [PROGRAM, ARGUMENT, …]"
		return
	}
	if v.argv.text && !v.shell.On {
		c.problem(v.argv.node, "a program is a list: [PROGRAM, ARGUMENT, …]").Hint =
			"write " + suggestArgv(v.argv.node.Text) + ", or add shell: true"
	}
	if v.shell.On && !v.argv.text {
		c.problem(v.argv.node, "with shell: true the program is one text").Hint = "leave shell: out for a list"
	}
}

func suggestArgv(s string) string { return "[" + strings.Join(strings.Fields(s), ", ") + "]" }

// Argv is a list of arguments, or the text of a shell command.
type Argv struct {
	node    *source.Node
	list    []*Text
	text    bool
	streams []map[string]bool // the streams of programs that steps use
}

// Decode reads a list of texts, or one text.
func (v *Argv) Decode(d *Decoder, n *source.Node) {
	v.node, v.text = n, n.Kind == source.Scalar
	d.Announce(v)
	switch {
	case n.Kind == source.Map:
		d.Problem(n, "a program is a list: [PROGRAM, ARGUMENT, …], not %s", n.Describe())
		return
	case n.Kind == source.List && len(n.Items) == 0:
		d.Problem(n, "a program is a list: [PROGRAM, ARGUMENT, …], and this one is empty")
		return
	case n.Kind == source.List && n.Items[0].Kind == source.Scalar && n.Items[0].Text == "":
		d.Problem(n.Items[0], "the program has no name").Hint = "a list begins with the program: [PROGRAM, ARGUMENT, …]"
		return
	}
	for _, item := range listed(n) {
		x := new(Text)
		x.Decode(d, item)
		v.list = append(v.list, x)
	}
}

// Read implements [Part].
func (v *Argv) Read(r *Reader, _ *Step) { v.streams = r.streams.here() }

// Schema accepts a list of scalars or a text.
func (v *Argv) Schema() Schema {
	one := new(Text).Schema()
	return Schema{"anyOf": []Schema{{"type": "string"}, {"type": "array", "items": one, "minItems": 1}}}
}

// Type names the type in the reference.
func (v *Argv) Type() string { return "list of arguments" }
