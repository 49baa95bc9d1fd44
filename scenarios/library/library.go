// Package library holds the scenarios that ship with sockscript, each with the
// transcript that it gives, and the procedure libraries that a scenario can
// include. They are embedded as text: nothing is parsed before it is asked for.
package library

import (
	"embed"
	"slices"
	"strings"
)

//go:embed *.yaml *.golden include/*.yaml
var files embed.FS

// The endings of a scenario file and of a transcript.
const (
	scenarioExt = ".yaml"
	goldenExt   = ".golden"
)

// Names lists the shipped scenarios' names, sorted.
func Names() []string {
	return namesIn(".")
}

// namesIn are the names of the YAML files in a folder, sorted.
func namesIn(dir string) []string {
	entries, err := files.ReadDir(dir)
	if err != nil {
		panic("the embedded files cannot be listed: " + err.Error())
	}
	var names []string
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), scenarioExt); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names) // with their endings they are in another order
	return names
}

// FileName is what messages call the file of a shipped scenario:
// tcp-hello.yaml.
func FileName(name string) string { return name + scenarioExt }

// Open returns the YAML text of a shipped scenario, and whether there is one of
// that name.
func Open(name string) (data []byte, ok bool) { return read(FileName(name)) }

// includes is the folder of the procedure libraries.
const includes = "include"

// Includes lists the names of the procedure libraries, sorted.
func Includes() []string { return namesIn(includes) }

// IncludeFile is what messages call the file of a procedure library:
// include/http.yaml.
func IncludeFile(name string) string { return includes + "/" + FileName(name) }

// OpenInclude returns the YAML text of a procedure library, and whether there
// is one of that name.
func OpenInclude(name string) (data []byte, ok bool) { return read(IncludeFile(name)) }

// Golden returns the transcript of a shipped scenario, and whether it has one.
func Golden(name string) (data []byte, ok bool) { return read(name + goldenExt) }

func read(file string) ([]byte, bool) {
	data, err := files.ReadFile(file)
	return data, err == nil
}
