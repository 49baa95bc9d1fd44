package scenarios

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/program"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// commandWord begins the one requirement that is a mapping: {command: [argv]}.
const commandWord = "command: "

const commandHelp = "the program exits with status 0 within 10s; it runs in the folder of the scenario file, with no input and no output"

// commandTime is how long the command of a requirement may take.
const commandTime = 10 * time.Second

// command reads {command: [PROGRAM, ARGUMENT…]}.
func (v *requirements) command(d *value.Decoder, n *source.Node) {
	if len(n.Entries) != 1 || n.Entries[0].Key.Text != strings.TrimSuffix(commandWord, ": ") {
		value.Unknown(d, n, "requirement").Hint = mappingHint(n)
		return
	}
	var argv commandLine
	before := d.Count()
	argv.Decode(d, n.Entries[0].Value)
	if d.Count() == before {
		r := Requirement{form: requirementOf(commandWord), argv: argv.list, dir: filepath.Dir(n.File.Name)}
		v.list = append(v.list, r)
		d.Need(value.Need{Access: r.form.needs, Of: argv.list[0], Pos: n.Entries[0].Value.Pos})
	}
}

// mappingHint knows the text that has become a mapping by a blank: "cmd: nc".
func mappingHint(n *source.Node) string {
	if len(n.Entries) == 1 && n.Entries[0].Value.Kind == source.Scalar {
		text := n.Entries[0].Key.Text + ":" + n.Entries[0].Value.Text
		if _, wrong := parseRequirement(text); wrong == "" {
			return fmt.Sprintf("did you mean %q, without a blank?", text)
		}
	}
	return requirementHint()
}

func requirementOf(word string) *requirementForm {
	for i := range requirementForms {
		if requirementForms[i].word == word {
			return &requirementForms[i]
		}
	}
	return nil
}

// commandLine is a program and its arguments. Nothing has a value yet when they
// are needed, so they hold no expressions.
type commandLine struct{ list []string }

func (v *commandLine) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind == source.List && len(n.Items) == 0 {
		d.Problem(n, "the command is empty").Hint = "write [PROGRAM, ARGUMENT…]"
	}
	for _, item := range n.OneOrMore() {
		if item.Kind != source.Scalar {
			d.Problem(item, "expected a text, got %s", item.Describe()).Hint = "write [PROGRAM, ARGUMENT…]"
			continue
		}
		if strings.Contains(item.Text, "${") {
			d.Problem(item, "the command of a requirement cannot hold an expression").Hint = "it runs before anything has a value; write the text out"
		}
		v.list = append(v.list, item.Text)
	}
}

func (v *commandLine) Schema() value.Schema {
	text := value.Schema{"type": []string{"string", "number", "boolean"}}
	return value.Schema{"anyOf": []value.Schema{text, {"type": "array", "minItems": 1, "items": text}}}
}

func (v *commandLine) Type() string { return "program with its arguments" }

func commandSchema() value.Schema {
	argv := new(commandLine).Schema()
	argv["description"] = commandHelp
	return value.Object(value.Schema{"command": argv}, "command")
}

// probeCommand runs the command as a scenario's own programs run: nothing of it
// is left.
func probeCommand(p *probing, _ string) string {
	dir, err := filepath.Abs(p.dir)
	if err != nil {
		return err.Error()
	}
	path, err := program.LookPath(p.argv[0], os.Environ(), dir)
	if err != nil {
		return commandError(err)
	}
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err.Error()
	}
	defer null.Close()
	set := &program.Set{Forks: sock.Forks, Within: p.network.Within}
	defer set.Close()
	started, err := set.Start(program.Spec{
		Path: path, Argv: p.argv, Env: os.Environ(), Dir: dir, Files: []*os.File{null, null, null},
	})
	if err != nil {
		return "the program cannot be started: " + err.Error()
	}
	late := time.NewTimer(commandTime)
	defer late.Stop()
	select {
	case <-started.Done():
	case <-late.C:
		set.Hurry()
		return fmt.Sprintf("it has not ended within %s", commandTime)
	case <-p.ctx.Done():
		set.Hurry()
		return "the run was cancelled while it ran"
	}
	switch s := started.Status(); {
	case s.Signal != 0:
		return "it was ended by " + program.SignalName(s.Signal)
	case s.Exit != 0:
		return fmt.Sprintf("its exit status is %d", s.Exit)
	}
	return ""
}

// commandError is why a program cannot be found. The advice that comes with the
// error is for a step that fails; here it is the reason itself.
func commandError(err error) string {
	var hinted *value.HintedError
	if errors.As(err, &hinted) {
		err = hinted.Err
	}
	return "the program cannot be started: " + err.Error()
}
