package main

import (
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/scenarios/lsp"
)

func (p *program) lspCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lsp",
		Short: "Be a language server for an editor, on standard input and output",
		Long: `Speak the Language Server Protocol on standard input and output. An editor starts
it. While you type, it says what check says. It completes step kinds, keys,
names, options and errnos, shows the reference, finds where a name is made, and
formats.

The exit status is 0 after a shutdown, else 1.`,
		Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			err := lsp.Serve(c.Context(), io.NopCloser(p.stdin), os.Stdout)
			if errors.Is(err, io.ErrUnexpectedEOF) {
				return status(statusFailed)
			}
			return err
		},
	}
}
