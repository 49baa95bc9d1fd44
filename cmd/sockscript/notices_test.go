package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const noticesFile = "../../THIRD_PARTY_NOTICES"

// THIRD_PARTY_NOTICES has the licence of each module that is linked into the
// command on one of the systems that it is built for. With -update it is
// written again.
func TestNotices(t *testing.T) {
	t.Parallel()
	want := notices(t)
	if *update {
		if err := os.WriteFile(noticesFile, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(noticesFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Error("THIRD_PARTY_NOTICES is not what the linked modules' licences say; " +
			"write it again with: go test ./cmd/sockscript -run TestNotices -update")
	}
}

// notices is the text that the file must have. The standard library is linked
// too; its licence is that of golang.org/x/sys, of the same authors.
func notices(t *testing.T) []byte {
	modules := linkedModules(t)
	var b bytes.Buffer
	fmt.Fprintf(&b, "The sockscript command contains the libraries below, each under its own licence.\n")
	for _, path := range slices.Sorted(maps.Keys(modules)) {
		title := path
		if path == "golang.org/x/sys" {
			title += ", and the Go standard library"
		}
		fmt.Fprintf(&b, "\n%s\n%s\n\n", strings.Repeat("=", 80), title)
		for _, text := range licences(t, path, modules[path]) {
			fmt.Fprintf(&b, "%s\n", strings.TrimSpace(strings.ReplaceAll(text, "\r\n", "\n")))
		}
	}
	return b.Bytes()
}

// linkedModules maps the path of each module to its folder.
func linkedModules(t *testing.T) map[string]string {
	modules := make(map[string]string)
	for _, system := range []string{"linux", "darwin", "freebsd"} {
		list := exec.Command("go", "list", "-deps", "-f",
			"{{with .Module}}{{if not .Main}}{{.Path}} {{.Dir}}{{end}}{{end}}", ".")
		list.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
		out, err := list.Output()
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		for line := range strings.Lines(string(out)) {
			if path, dir, ok := strings.Cut(strings.TrimSpace(line), " "); ok {
				modules[path] = dir
			}
		}
	}
	return modules
}

// licences are the texts that a module asks its users to pass on.
func licences(t *testing.T, path, dir string) []string {
	var texts []string
	for _, pattern := range []string{"LICENSE*", "License*", "NOTICE*", "PATENTS"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			texts = append(texts, string(text))
		}
	}
	if len(texts) == 0 {
		t.Errorf("the module %s has no licence in %s", path, dir)
	}
	return texts
}
