package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/sockscript/sockscript"

// The drawing of the packages in docs/architecture.md has all of them, from top
// to bottom, and none imports one that is above it.
func TestArchitecture(t *testing.T) {
	t.Parallel()
	layers := drawnPackages(t)
	seen := make(map[string]bool)
	list := exec.Command("go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"/...")
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		words := strings.Fields(line)
		name := strings.TrimPrefix(words[0], module+"/")
		if strings.HasPrefix(name, "steps/tests/") {
			continue // what tests share
		}
		seen[name] = true
		at := slices.Index(layers, name)
		if at < 0 {
			t.Errorf("the package %s is not in the drawing of docs/architecture.md", name)
			continue
		}
		for _, path := range words[1:] {
			imported, ours := strings.CutPrefix(path, module+"/")
			if ours && slices.Index(layers, imported) <= at {
				t.Errorf("%s imports %s, which is not below it in docs/architecture.md", name, imported)
			}
		}
	}
	for _, name := range layers {
		if !seen[name] {
			t.Errorf("docs/architecture.md has a package %s, which does not exist", name)
		}
	}
}

// drawnPackages are the packages of the drawing, the highest first.
func drawnPackages(t *testing.T) []string {
	text, err := os.ReadFile("../../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	_, chapter, _ := strings.Cut(string(text), "\n## Packages\n")
	_, drawing, _ := strings.Cut(chapter, "\n```\n")
	drawing, _, ok := strings.Cut(drawing, "\n```\n")
	if !ok {
		t.Fatal("docs/architecture.md has no drawing in its chapter Packages")
	}
	var names []string
	for line := range strings.Lines(drawing) {
		names = append(names, strings.Fields(line)[0])
	}
	return names
}
