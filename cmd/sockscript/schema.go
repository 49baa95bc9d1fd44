package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"github.com/sockscript/sockscript/scenarios"
)

func (p *program) schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of scenario files",
		Long: `Print the JSON Schema (draft 2020-12) of scenario files, with which an editor
completes and checks them. For the YAML language server, save it and begin a
scenario file with

  # yaml-language-server: $schema=sockscript.schema.json`,
		Args: noArguments,
		RunE: func(*cobra.Command, []string) error { return writeSchema(p.out) },
	}
}

func writeSchema(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(scenarios.Schema())
}
