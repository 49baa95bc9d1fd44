package main

import (
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/source"
)

func (p *program) showCommand() *cobra.Command {
	var golden bool
	c := &cobra.Command{
		Use:   "show NAME",
		Short: "Print a shipped scenario or procedure library",
		Long: `Print a shipped scenario as it is written, to learn from or to start from:

  sockscript show tcp-hello >hello.yaml

The name may also be that of a procedure library, such as sockets. On a terminal,
lines that are too long for it are broken; in a file or a pipe they are not.`,
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return slices.Concat(library.Names(), library.Includes()), cobra.ShellCompDirectiveNoFileComp
		},
	}
	c.Flags().BoolVar(&golden, "golden", false, "print its transcript instead")
	c.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("show takes the name of one shipped scenario; `sockscript list --shipped` shows them")
		}
		read := library.Open
		if golden {
			read = library.Golden
		}
		data, ok := read(args[0])
		if !ok && !golden {
			data, ok = library.OpenInclude(args[0])
		}
		if info, err := os.Stat(args[0]); !ok && err == nil && !info.IsDir() {
			return fmt.Errorf("show prints what is shipped, and %s is a file; `sockscript list --shipped` shows what there is", source.Visible(args[0]))
		}
		if !ok {
			return unknown("scenario", args[0], slices.Concat(library.Names(), library.Includes()), "`sockscript list --shipped` shows those that are shipped")
		}
		return p.print(source.Break(string(data), p.out.width()))
	}
	return c
}
