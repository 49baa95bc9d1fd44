package steps

import (
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// fcntlCommand is a command of fcntl(2).
type fcntlCommand struct {
	node   *source.Node
	name   string
	number int
	takes  *fcntlForm // nil: it has no argument
	gives  *fcntlForm // nil: it gives nothing but success
}

// A fcntlForm is what a command takes or gives.
type fcntlForm struct {
	flags  *sock.FlagSet
	owner  bool
	signal bool // else, and without flags, it is a number
}

var (
	fcntlStatus     = &fcntlForm{flags: sock.StatusFlags}
	fcntlDescriptor = &fcntlForm{flags: sock.DescriptorFlags}
	fcntlOwner      = &fcntlForm{owner: true}
	fcntlSignal     = &fcntlForm{signal: true}
	fcntlNumber     = &fcntlForm{}
)

// fcntlForms are what the commands take and give.
var fcntlForms = map[string]struct{ takes, gives *fcntlForm }{
	"F_GETFL":         {nil, fcntlStatus},
	"F_SETFL":         {fcntlStatus, nil},
	"F_GETFD":         {nil, fcntlDescriptor},
	"F_SETFD":         {fcntlDescriptor, nil},
	"F_GETOWN":        {nil, fcntlOwner},
	"F_SETOWN":        {fcntlOwner, nil},
	"F_GETSIG":        {nil, fcntlSignal},
	"F_SETSIG":        {fcntlSignal, nil},
	"F_GETPIPE_SZ":    {nil, fcntlNumber},
	"F_SETPIPE_SZ":    {fcntlNumber, fcntlNumber},
	"F_DUPFD":         {fcntlNumber, nil},
	"F_DUPFD_CLOEXEC": {fcntlNumber, nil},
}

// duplicates reports whether the command makes a descriptor.
func (v *fcntlCommand) duplicates() bool {
	return v.number == unix.F_DUPFD || v.number == unix.F_DUPFD_CLOEXEC
}

// Decode reads the name of a command, or a number.
func (v *fcntlCommand) Decode(d *value.Decoder, n *source.Node) {
	number, ok := sock.CommandByName(n.Text)
	if x, err := strconv.ParseInt(n.Text, 0, 32); err == nil {
		number, ok = int(x), true
	}
	if !ok || n.Kind != source.Scalar {
		p := value.Unknown(d, n, "command")
		if p.Hint = source.DidYouMean(n.Text, value.WithShort(sock.CommandNames(), "F_")); p.Hint == "" {
			p.Hint = "write one of " + value.JoinOr(sock.CommandNames())
		}
		return
	}
	forms := fcntlForms[sock.CommandName(number)]
	*v = fcntlCommand{node: n, name: sock.CommandName(number), number: number, takes: forms.takes, gives: forms.gives}
}

// Schema accepts a name or a number.
func (v *fcntlCommand) Schema() value.Schema {
	return value.Constants(sock.CommandNames(), "F_", "unknown command; write a name such as F_GETFL, or a number")
}

// Type names the type in the reference.
func (v *fcntlCommand) Type() string { return "command" }

// fcntlWords are words or numbers: one, several that | joins, or a list.
type fcntlWords struct {
	node *source.Node
	text value.Text
}

// Given reports whether anything was written.
func (v *fcntlWords) Given() bool { return v.node != nil }

// Decode reads a scalar or a list of them.
func (v *fcntlWords) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	if n.Kind != source.List {
		v.text.Decode(d, n)
		return
	}
	joined := *n
	joined.Kind = source.Scalar
	var words []string
	for _, item := range n.Items {
		if item.Kind != source.Scalar {
			d.Problem(item, "expected a word or a number, got %s", item.Describe())
		}
		words = append(words, item.Text)
	}
	joined.Text = strings.Join(words, "|")
	v.text.Decode(d, &joined)
}

// Schema accepts a word, a number, or a list of them.
func (v *fcntlWords) Schema() value.Schema {
	one := value.Schema{"type": []string{"string", "integer"}}
	return value.Schema{"anyOf": []value.Schema{one, {"type": "array", "items": one}}}
}

// Type names the type in the reference.
func (v *fcntlWords) Type() string { return "flags, owner, signal or number" }

// eval is the text with its expressions run; a list that an expression returns
// is read as one that is there.
func (v *fcntlWords) eval(t *step.Task) (event.Marked, error) {
	text, structure, err := v.text.SettledOr(t)
	if err != nil {
		return event.Marked{}, err
	}
	if text != nil {
		return text.Marked(t)
	}
	given := new(fcntlWords)
	if err := value.DecodeGiven(given, structure, v.node); err != nil {
		return event.Marked{}, err
	}
	return given.text.Marked(t)
}

// static reports words that the command does not know.
func (f *fcntlForm) static(c *check.Check, v *fcntlWords) {
	text, static := v.text.Static()
	if !v.Given() || !static || f.owner && value.IsName(text) {
		return
	}
	if _, err := f.parse(text); err != nil {
		p := c.Problem(v.node, "%s", err)
		var unknown *unknownWord
		if p.Hint = "write " + f.hint(); errors.As(err, &unknown) && unknown.meant != "" {
			p.Msg, p.Hint = unknown.msg, unknown.meant
		}
	}
}

// An unknownWord is one that is not known, with what may have been meant.
type unknownWord struct{ msg, meant string }

// Error says both.
func (e *unknownWord) Error() string { return e.msg + value.Prefixed("; ", e.meant) }

// hint is an example of what the command takes or gives.
func (f *fcntlForm) hint() string {
	switch {
	case f.owner:
		return "self, a program, or a number"
	case f.signal:
		return "a signal, such as SIGIO or 40; 0 for the default"
	case f.flags == sock.DescriptorFlags:
		return "FD_CLOEXEC or 0"
	case f.flags != nil:
		return "flags, such as [O_RDWR, O_NONBLOCK]"
	}
	return "a number"
}

// parse reads flags, a signal or a number.
func (f *fcntlForm) parse(text string) (int, error) {
	if f.flags == nil {
		return f.parseOne(strings.TrimSpace(text))
	}
	set := 0
	for word := range strings.SplitSeq(text, "|") {
		word = strings.TrimSpace(word)
		bits, known := f.flags.ByName(word)
		if !known {
			n, err := f.number(word)
			if err != nil {
				return 0, &unknownWord{"unknown flag " + value.Quote(word), source.DidYouMean(word, value.WithShort(f.flags.All(), f.flags.Prefix()))}
			}
			bits = n
		}
		set |= bits
	}
	return set, nil
}

func (f *fcntlForm) parseOne(word string) (int, error) {
	if f.signal {
		if sig, ok := program.SignalByName(word); ok {
			return int(sig), nil
		}
	}
	if f.owner && word == "self" {
		return os.Getpid(), nil
	}
	n, err := f.number(word)
	if err != nil && f.signal {
		return 0, &unknownWord{"unknown signal " + value.Quote(word), program.SignalHint(word)}
	}
	return n, err
}

// number reads an int of C.
func (f *fcntlForm) number(word string) (int, error) {
	if f == fcntlNumber {
		if n, err := value.ParseSize(word); err == nil && n <= math.MaxInt32 {
			return int(n), nil
		}
	}
	n, err := strconv.ParseInt(word, 0, 64)
	switch {
	case err == nil && n >= math.MinInt32 && n <= math.MaxUint32:
		return int(int32(n)), nil
	case err == nil:
		return 0, fmt.Errorf("%s does not fit into the int that the call takes", word)
	}
	return 0, fmt.Errorf("%s is not a number", value.Quote(word))
}

// argument is what the command is handed, and how the transcript shows it.
func (f *fcntlForm) argument(t *step.Task, word event.Marked) (int, any, error) {
	if word.Text == "" {
		return 0, 0, nil // of F_DUPFD, where it may be left out
	}
	if f.owner {
		return ownerOf(t, word)
	}
	n, err := f.parse(word.Text)
	if err != nil {
		return 0, nil, value.Mismatchf("%s", err)
	}
	return n, f.shown(n), nil
}

// ownerOf is the process that a word of F_SETOWN stands for, by its number
// here.
func ownerOf(t *step.Task, word event.Marked) (int, any, error) {
	if v, ok := t.Get(word.Text); ok {
		if s, ok := v.(*step.Spawned); ok && s.Process != nil {
			return s.Process.Pid(), event.Name(s.Name), nil
		}
		p, ok := v.(*program.Program)
		if !ok {
			return 0, nil, value.Mismatchf("%s is not a program, so it cannot own a descriptor", word.Text)
		}
		return t.Actor.Run.Programs().Outside(p.Host, p.Process.Pid), event.Name(p.Name), nil
	}
	if word.Text != "self" {
		s, err := t.ProcessActor(word.Text)
		if err != nil {
			return 0, nil, err
		}
		if s != nil {
			return s.Process.Pid(), event.Const(word.Text), nil
		}
	}
	n, err := fcntlOwner.parse(word.Text)
	if err != nil {
		return 0, nil, value.Mismatchf("%s is not self, a program or a number", value.Quote(word.Text))
	}
	if word.Text == "self" {
		return t.Pid(), event.Const("self"), nil
	}
	return t.Actor.Run.Programs().Outside(t.Actor.Host, n), event.Plain(word), nil
}

// shown is a number as strace writes it.
func (f *fcntlForm) shown(n int) any {
	switch {
	case f.flags != nil:
		return event.Const(f.flags.Names(n))
	case f.signal && n != 0:
		return event.Const(program.SignalName(syscall.Signal(n)))
	}
	return n
}

// result is what a command gave, as a value and as the transcript shows it.
func (f *fcntlForm) result(t *step.Task, n int) (any, any) {
	if !f.owner {
		return n, f.shown(n)
	}
	programs := t.Actor.Run.Programs()
	pid := programs.Inside(n)
	if n != t.Pid() && n != os.Getpid() && t.Sockets().ProcessID(n) == 0 && !programs.Has(pid) {
		return pid, pid // the file has named it
	}
	v := value.Whole(pid, event.Origin{Word: "pid"})
	return v, event.Plain(value.FormatTraced(value.Untraced(v), value.TraceOf(v)))
}

// expect compares what a command gave with what it must give.
func (f *fcntlForm) expect(t *step.Task, want *fcntlWords, n int) error {
	if !want.Given() {
		return nil
	}
	word, err := want.eval(t)
	if err != nil {
		return err
	}
	var must int
	if f.owner {
		must, _, err = ownerOf(t, word)
	} else {
		must, err = f.parse(word.Text)
	}
	if err == nil && must != n {
		err = value.Mismatchf("expected %s, got %s", value.Format(f.word(must)), value.Format(f.word(n)))
	}
	return err
}

// word is a number for a message.
func (f *fcntlForm) word(n int) any {
	if c, ok := f.shown(n).(event.Const); ok {
		return string(c)
	}
	return n
}
