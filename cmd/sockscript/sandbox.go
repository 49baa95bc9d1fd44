package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/jail"
	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/allow"
)

// What the flag --sandbox says.
const (
	sandboxOn         = "on"
	sandboxOff        = "off"
	sandboxBestEffort = "best-effort"
)

// sandboxFlags say which scenarios are confined, and what they may use all the
// same.
type sandboxFlags struct {
	mode  choice // its word is "" where the flag is not given
	allow allow.List
}

// bind adds the flags to a command.
func (f *sandboxFlags) bind(c *cobra.Command, help string, words ...string) {
	f.mode.words = words
	f.mode.bind(c, "sandbox", help)
	flag := c.Flags().Lookup("sandbox")
	f.mode.word, flag.DefValue, flag.NoOptDefVal = "", "", sandboxOn
	c.Flags().Var(&f.allow, "allow", "in the sandbox: allow this too, such as exec=curl or read=DIR (repeatable)")
	c.RegisterFlagCompletionFunc("allow", func(*cobra.Command, []string, string) ([]cobra.Completion, cobra.ShellCompDirective) {
		return allow.Completions(), cobra.ShellCompDirectiveNoSpace
	})
}

// bindRun adds the flags to a command that runs scenarios.
func (f *sandboxFlags) bindRun(c *cobra.Command) {
	f.bind(c, "keep scenarios from all that is outside them; default: on for one from the standard input", sandboxOn, sandboxOff, sandboxBestEffort)
}

// confines reports whether a file's scenarios are to be run in a sandbox: those
// that come from elsewhere unless the flag says otherwise.
func (f *sandboxFlags) confines(file suite.File) bool {
	if f.mode.word == "" {
		return file.Foreign()
	}
	return f.mode.word != sandboxOff
}

// confine sets the policy of the files that are confined, and reports whether
// there are any.
func (f *sandboxFlags) confine(files []suite.File, confined func(suite.File) bool) (bool, error) {
	some := false
	for i := range files {
		if f.mode.word != "" || confined(files[i]) {
			files[i].Options.Alone = false // the policy judges, or the user does
		}
		if confined(files[i]) {
			some = true
			files[i].Options.Policy = &scenarios.Policy{Folder: files[i].Folder(), Refuse: f.allow.Refuse}
		}
	}
	if f.allow.String() != "" && !some && len(files) > 0 {
		return false, errors.New("--allow says what a sandbox leaves open; run with --sandbox too")
	}
	return some, nil
}

// confine finds which of the files are to be run in a sandbox, and begins to
// make one. The function that it returns waits for that and says what the
// sandbox allows. Where there is none it is an error.
func (p *program) confine(s *session, files []suite.File) (func() error, error) {
	some, err := s.sandbox.confine(files, s.sandbox.confines)
	if err != nil || !some {
		return func() error { return nil }, err
	}
	if s.keep {
		return nil, errors.New("--keep cannot keep the temporary folder of a sandbox, which is gone with it; run without --keep, or with --sandbox=off if you trust the scenario")
	}
	first := slices.IndexFunc(files, s.sandbox.confines)
	prepared := jail.Prepare(s.sandbox.config(files[first].Options.Policy.Folder))
	return func() error { return p.confined(s, prepared) }, nil
}

func (p *program) confined(s *session, prepared func() ([]jail.Lack, error)) error {
	lacks, err := prepared()
	if err != nil {
		return err
	}
	if len(lacks) > 0 && s.sandbox.mode.word != sandboxBestEffort {
		return s.sandbox.missing(lacks)
	}
	for _, lack := range lacks {
		p.complain(fmt.Errorf("the sandbox is not whole: %s", lack))
	}
	if allowed := s.sandbox.allow.String(); allowed != "" {
		p.complain(fmt.Errorf("the sandbox allows %s", allowed))
	}
	return nil
}

// missing says that there is no sandbox, and how to do without.
func (f *sandboxFlags) missing(lacks []jail.Lack) error {
	err := &jail.MissingError{Lacks: lacks}
	if f.mode.word == "" {
		return fmt.Errorf("what comes from the standard input is run in a sandbox, and %w; with --sandbox=off it can do all that you can", err)
	}
	return err
}

// A runFunc runs a scenario.
type runFunc = func(context.Context, *scenarios.Scenario, scenarios.Options, runner.Options) *history.Result

// elsewhere runs what is confined in a sandbox, and everything else as run
// does.
func (f *sandboxFlags) elsewhere(run runFunc) runFunc {
	return func(ctx context.Context, s *scenarios.Scenario, how scenarios.Options, o runner.Options) *history.Result {
		if how.Policy == nil {
			return run(ctx, s, how, o)
		}
		result := jail.Run(ctx, f.config(how.Policy.Folder), s, how, o)
		advise(result, s, how.Policy.Folder)
		return result
	}
}

// config is what a scenario in a folder may use.
func (f *sandboxFlags) config(folder string) jail.Config {
	return jail.Config{
		Dir: folder, Read: f.allow.Read, Write: f.allow.Write, Env: f.allow.Env,
		Exec: f.allow.Exec, AnyExec: f.allow.All, HostNetwork: f.allow.Network, Raw: f.allow.Raw,
		BestEffort: f.mode.word == sandboxBestEffort,
	}
}

// advise adds to a failure what may be its reason: that the step needs
// something that is not allowed, which could not be known before the run.
func advise(r *history.Result, s *scenarios.Scenario, folder string) {
	if r.Failure == nil || r.Failure.Place == nil {
		return
	}
	r.Failure.Message = allow.Advise(r.Failure.Message, failedCall(r), s.LateNeeds(folder, r.Failure.Place.ID))
}

// failedCall is the line of the call that failed; "" where none was made.
func failedCall(r *history.Result) string {
	for _, b := range r.Record.Branches {
		for _, e := range b.Entries {
			if e.Event != nil && e.Event.Failed {
				return r.Text(e.Event, history.Form{Unmask: true, Full: true})
			}
		}
	}
	return ""
}
