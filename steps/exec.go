package steps

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/payload"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var execKind = step.Kind{
	Name:    "exec",
	Summary: "run a program to its end",
	Text: `The value is a list: the program and its arguments. There is no shell between.
With shell: true the value is a text for /bin/sh. The program runs in the
scenario's temporary folder, in its own process group. When the step ends, no
process of that group is left. A program that writes more than 16MiB is ended,
and the step fails. Without expect, the exit status must be 0. as names {exit,
signal, stdout, stderr}.`,
	Example: `actors:
  one:
    - exec: [sort]
      stdin: "b\na\n"
      expect: {stdout: "a\nb\n"}
    - exec: exit 3
      shell: true
      expect: {exit: 3}
`,
	Beneath: step.Beneath{
		Call:   "clone(2), execve(2), wait4(2)",
		Kernel: "makes a process, runs the program in it and waits until it has ended.",
		Errors: []step.LikelyError{
			{Errno: "ENOENT", Why: "there is no such program"},
		},
	},
	New:    func() step.Action { return new(execAction) },
	Starts: true, Needs: []value.Access{value.Exec, value.ReadFile},
}

type execAction struct {
	command Command
	stdin   payload.Payload
	want    program.ProgramWant
}

func (a *execAction) Params(p *step.Params) {
	a.command.params(p)
	p.Key("stdin", &a.stdin, "what the program reads").Or("nothing")
	p.Results(a.want.Conditions())
	p.Result("stdout", &a.want.Stdout, "what it writes: a text, or {data, contains, matches, size}")
	p.Result("stderr", &a.want.Stderr, "what it writes to standard error")
	p.Makes, p.Word = "how it ended and what it wrote", "output"
}

// Needs implements [step.Needer].
func (a *execAction) Needs(n *step.Needs) { a.command.needs(n) }

func (a *execAction) Run(t *step.Task) error {
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
	shown, err := a.command.shown(t, l)
	if err != nil {
		return err
	}
	t.Call("exec", shown...)
	p := &program.Program{Actor: t.Actor.Name, Index: t.Actor.Index, Name: a.command.name(l.Argv), Host: l.Host}
	p.Flooded = make(chan struct{})
	over := sync.OnceFunc(func() { close(p.Flooded) })
	out, errs := &program.Limited{Over: over}, &program.Limited{Over: over}
	if err := p.StartPiped(t.Actor.Run.Programs(), l, input, out, errs); err != nil {
		return err
	}
	if err := t.AwaitEnd(p); err != nil {
		t.Actor.Run.Programs().End(p)
		t.Missing += describeOutput(out, errs)
		return err
	}
	p.Finish()
	if p.HasFlooded() {
		return program.ErrFlooded
	}
	if err := a.settle(t, p, out, errs); err != nil {
		return err
	}
	t.Actor.Run.Programs().Forget(p)
	return nil
}

func (a *execAction) settle(t *step.Task, p *program.Program, out, errs *program.Limited) error {
	ret := []any{t.Lasting(event.Const(p.Status.String()))}
	if out.Len() > 0 || t.Step.Mask.On {
		ret = append(ret, t.Data(out.Bytes()))
	}
	if errs.Len() > 0 {
		ret = append(ret, event.Const("stderr"), t.Data(errs.Bytes()))
	}
	t.Return(ret...)
	result := map[string]any{
		"exit": p.Status.Exit, "signal": program.SignalWord(p.Status.Signal), "stdout": out.String(), "stderr": errs.String(),
	}
	trace := &value.Trace{Parts: map[string]*value.Trace{
		"stdout": value.TraceOf(t.Piece(out.String(), 0)), "stderr": value.TraceOf(t.Piece(errs.String(), 0)),
	}}
	if err := t.SetAs(0, value.WithTrace(result, trace)); err != nil {
		return err
	}
	if err := a.want.Check(t, p.Status, 0); err != nil {
		return withOutput(err, out, errs)
	}
	if err := a.want.Stdout.Check(t, out.Bytes()); err != nil {
		return about("stdout", err)
	}
	return about("stderr", a.want.Stderr.CheckReceived(t, payload.Received{Bytes: errs.Bytes(), Size: int64(errs.Len()), At: out.Len()}))
}

// about says of which stream an expectation was not met.
func about(stream string, err error) error {
	if m, ok := err.(*value.Mismatch); ok {
		m.Msg = stream + ": " + m.Msg
	}
	return err
}

// Inner are the expressions that see the names of fields before them.
func (a *execAction) Inner() []*value.Expr {
	return append(a.want.Stdout.Layout.Exprs(), a.want.Stderr.Layout.Exprs()...)
}

func (a *execAction) Check(c *check.Check) {
	a.command.check(c)
	for _, m := range []*payload.Match{&a.want.Stdout.Match, &a.want.Stderr.Match} {
		c.MakeMatched(m)
	}
	c.MakeValues()
}

// withOutput adds to a failure what the program wrote to standard error.
func withOutput(err error, out, errs *program.Limited) error {
	if text := describeOutput(out, errs); text != "" {
		return value.Mismatchf("%s%s", err, text)
	}
	return err
}

func describeOutput(out, errs *program.Limited) string {
	text := ""
	if errs.Len() > 0 {
		text += "; stderr: " + value.Quote(strings.TrimSpace(errs.String()))
	}
	if out.Len() > 0 {
		text += "; stdout: " + value.Quote(strings.TrimSpace(out.String()))
	}
	return text
}

// Command is a program with its arguments, and what it runs in.
type Command struct {
	argv  Argv
	shell value.Bool
	env   value.Bindings
	dir   value.Text
	on    step.HostRef
}

func (v *Command) params(p *step.Params) {
	p.Value(&v.argv, "the program and its arguments, or with shell: true a text for /bin/sh")
	p.Key("shell", &v.shell, "run the text with /bin/sh -c").Or("false")
	p.Key("env", &v.env, "environment variables, in addition to those of sockscript itself")
	p.Key("dir", &v.dir, "the working folder; a relative path starts at the folder of the scenario file").Or("${tmp}, or the folder that a forked process has changed to")
	p.Host(&v.on, "the host on which the program runs")
}

// shellPath is the shell of commands that are a text.
const shellPath = "/bin/sh"

// needs are the program, and the folder that it runs in.
func (v *Command) needs(n *step.Needs) {
	switch {
	case v.shell.On || len(v.argv.list) == 0:
		n.Node(value.Exec, v.argv.node, shellPath)
	case n.IsLate("shell"):
		first := v.argv.list[0].Node
		n.Need(value.Need{Access: value.Exec, Of: first.Text, Late: true, Pos: first.Pos})
	default:
		n.NeedText(value.Exec, v.argv.list[0])
	}
	if v.dir.Given() {
		n.NeedPath(value.ReadFile, &v.dir, value.FromFolder)
	}
}

// launch runs the expressions.
func (v *Command) launch(t *step.Task) (program.Launch, error) {
	var l program.Launch
	for _, x := range v.argv.list {
		s, err := x.Marked(t)
		if err == nil {
			err = withoutZero("an argument", s.Text)
		}
		if err != nil {
			return l, err
		}
		l.Argv, l.Shown = append(l.Argv, s.Text), append(l.Shown, event.Arg(s))
	}
	if v.shell.On {
		l.Argv = append([]string{shellPath, "-c"}, l.Argv...)
	}
	var err error
	if l.Dir, err = v.folder(t); err != nil {
		return l, err
	}
	added := []string{"PWD=" + l.Dir}
	for i, name := range v.env.Names {
		s, err := v.env.Values[i].Eval(t)
		if err == nil {
			err = withoutZero("the environment variable "+name, s)
		}
		if err != nil {
			return l, err
		}
		added = append(added, name+"="+s)
	}
	if t.Process != nil {
		l.Identity, l.Inherited = t.Process.Identity(), t.Process.Inherited()
	}
	l.Env = program.Environment(os.Environ(), added)
	l.Host, err = v.on.Name(t)
	return l, err
}

// withoutZero reports a text that ends for the kernel before its last byte.
func withoutZero(what, s string) error {
	if !strings.Contains(s, "\x00") {
		return nil
	}
	return fmt.Errorf("%s cannot hold a zero byte, but it is %s; give the program such bytes on stdin or in a file", what, value.Quote(s))
}

// folder is the working folder of the program.
func (v *Command) folder(t *step.Task) (string, error) {
	if t.Process != nil && !v.dir.Given() {
		if folder, changed := t.Process.Folder(); changed {
			return folder, nil
		}
	}
	if !v.dir.Given() {
		return t.Actor.Run.Tmp()
	}
	dir, err := v.dir.Eval(t)
	if err != nil || filepath.IsAbs(dir) {
		return dir, err
	}
	beside, err := filepath.Abs(filepath.Dir(v.dir.Node.File.Name))
	if err != nil {
		return "", err
	}
	folder := filepath.Join(beside, dir)
	err = program.CheckFolder(folder)
	if known := (*value.HintedError)(nil); errors.As(err, &known) {
		known.Hint = fmt.Sprintf("dir is relative to the folder of the scenario file, so it is %s, where no program can run", folder)
	}
	return folder, err
}

// shown are the arguments as the transcript shows them, with the host where
// that is not the actor's own.
func (v *Command) shown(t *step.Task, l program.Launch) ([]any, error) {
	host, err := v.on.Shown(t)
	if v.shell.On {
		return append(slices.Clone(l.Shown), host...), err
	}
	return append([]any{l.Shown}, host...), err
}

// name is how reports call the program when no step names it.
func (v *Command) name(argv []string) string {
	if v.shell.On {
		return "sh"
	}
	return argv[0][strings.LastIndex(argv[0], "/")+1:]
}

func (v *Command) check(c *check.Check) {
	if v.argv.text && !v.shell.On && v.argv.node.Text == "" {
		c.Problem(v.argv.node, "the program has no name").Hint = "a program is a list: [PROGRAM, ARGUMENT, …]"
		return
	}
	if v.argv.text && !v.shell.On {
		c.Problem(v.argv.node, "a program is a list: [PROGRAM, ARGUMENT, …]").Hint =
			"write " + suggestArgv(v.argv.node.Text) + ", or add shell: true"
	}
	if v.shell.On && !v.argv.text {
		c.Problem(v.argv.node, "with shell: true the program is one text").Hint = "leave shell: out for a list"
	}
}

func suggestArgv(s string) string {
	words := strings.Fields(s)
	switch {
	case len(words) == 0:
		return "[PROGRAM, ARGUMENT, …]"
	case strings.Contains(s, "${"): // blanks in an expression do not part arguments
		return fmt.Sprintf("a list, such as [%q]", s)
	}
	return "[" + strings.Join(words, ", ") + "]"
}

// Argv is a list of arguments, or the text of a shell command.
type Argv struct {
	node    *source.Node
	list    []*value.Text
	text    bool
	streams []map[string]bool // the streams of programs that steps use
}

// Decode reads a list of texts, or one text.
func (v *Argv) Decode(d *value.Decoder, n *source.Node) {
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
	for _, item := range value.Listed(n) {
		x := new(value.Text)
		x.Decode(d, item)
		v.list = append(v.list, x)
	}
}

// Read implements [step.Part].
func (v *Argv) Read(r *step.Reader, _ *step.Step) { v.streams = r.Streams.Here() }

// Schema accepts a list of scalars or a text.
func (v *Argv) Schema() value.Schema {
	one := new(value.Text).Schema()
	return value.Schema{"anyOf": []value.Schema{{"type": "string"}, {"type": "array", "items": one, "minItems": 1}}}
}

// Type names the type in the reference.
func (v *Argv) Type() string { return "list of arguments" }
