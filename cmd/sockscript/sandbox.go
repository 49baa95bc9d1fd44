package main

import (
	"errors"

	"github.com/spf13/cobra"

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

// confine sets the policy of the files that are confined, and reports whether
// there are any.
func (f *sandboxFlags) confine(files []suite.File, confined func(suite.File) bool) (bool, error) {
	some := false
	for i := range files {
		if confined(files[i]) {
			some = true
			files[i].Options.Policy = &scenarios.Policy{Folder: files[i].Folder(), Refuse: f.allow.Refuse}
		}
	}
	if f.allow.String() != "" && !some {
		return false, errors.New("--allow says what a sandbox leaves open; run with --sandbox too")
	}
	return some, nil
}
