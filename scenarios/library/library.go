// Package library holds the scenarios that ship with sockscript, each with the
// transcript that it gives. They are embedded as text: nothing is parsed
// before it is asked for.
package library

import (
	"embed"
	"slices"
	"strings"
)

//go:embed *.yaml *.golden
var files embed.FS

// The endings of a scenario file and of a transcript.
const (
	scenarioExt = ".yaml"
	goldenExt   = ".golden"
)

// Names lists the shipped scenarios' names, sorted.
func Names() []string {
	entries, err := files.ReadDir(".")
	if err != nil {
		panic("the embedded files cannot be listed: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), scenarioExt); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names) // with their endings they stand in another order
	return names
}

// FileName is what messages call the file of a shipped scenario:
// tcp-hello.yaml.
func FileName(name string) string { return name + scenarioExt }

// Open returns the YAML text of a shipped scenario, and whether there is one of
// that name.
func Open(name string) (data []byte, ok bool) { return read(FileName(name)) }

// Golden returns the transcript of a shipped scenario, and whether it has one.
func Golden(name string) (data []byte, ok bool) { return read(name + goldenExt) }

func read(file string) ([]byte, bool) {
	data, err := files.ReadFile(file)
	return data, err == nil
}
