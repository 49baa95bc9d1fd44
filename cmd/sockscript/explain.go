package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/runner/suite"
	"github.com/sockscript/sockscript/scenarios/reference"
	"github.com/sockscript/sockscript/scenarios/source"
)

func (p *program) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain FILE|NAME",
		Short: "Say in plain words what a scenario does, step by step",
		Long: `Say in plain words what each step of a scenario does. Where a kind of step comes
for the first time: which system call it is, what the kernel does, what goes over
the network, and which errors can come and why. Nothing is run.`,
		Example: `  sockscript explain tcp-hello
  sockscript explain tests/hello.yaml`,
		ValidArgsFunction: completeNames,
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("explain takes one file, or the name of one shipped scenario")
			}
			files, err := suite.Find(args, p.stdin)
			if err != nil {
				return err
			}
			cases, err := loadValid(files)
			if err != nil {
				return err
			}
			if len(cases) == 0 {
				return fmt.Errorf("%s holds no scenario", source.Visible(args[0]))
			}
			for i, c := range cases {
				if i > 0 && suite.OneTable(cases[i-1:i+1]) {
					continue // another row of the same steps
				}
				if i > 0 {
					fmt.Fprintln(p.out)
				}
				if err := p.print(reference.Explain(c.Scenario, p.columns())); err != nil {
					return err
				}
			}
			return nil
		},
	}
}

// columns is the width of texts: that of the terminal, else 80.
func (p *program) columns() int {
	if width := p.out.width(); width > 0 {
		return width
	}
	return 80
}
