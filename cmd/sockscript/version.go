package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (p *program) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE: func(*cobra.Command, []string) error {
			return p.page(version() + "\n")
		},
	}
}

// version is what the go command has noted in the binary: the module's
// version, the commit, and what it was built with.
func version() string {
	number, commit := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if v := info.Main.Version; v != "" {
			number = v
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && number == "(devel)":
				commit += " " + s.Value
			case s.Key == "vcs.modified" && s.Value == "true" && number == "(devel)":
				commit += " with changes"
			}
		}
	}
	return fmt.Sprintf("sockscript %s%s %s %s/%s", number, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
