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
	info, _ := debug.ReadBuildInfo()
	return versionOf(info)
}

// commitDigits is how much of a commit's name a version has.
const commitDigits = 12

func versionOf(info *debug.BuildInfo) string {
	number, commit, changes := "(devel)", "", ""
	if info != nil {
		if v := info.Main.Version; v != "" {
			number = v
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && s.Value != "":
				commit = " commit " + s.Value[:min(len(s.Value), commitDigits)]
			case s.Key == "vcs.modified" && s.Value == "true":
				changes = " with changes"
			}
		}
	}
	return fmt.Sprintf("sockscript %s%s%s %s %s/%s", number, commit, changes, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
