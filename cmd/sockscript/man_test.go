package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

func TestManPages(t *testing.T) {
	root := new(program).command()
	pages := manPages(root)
	for _, c := range root.Commands() {
		if c.Name() == "help" || c.Name() == "completion" || !c.IsAvailableCommand() {
			continue
		}
		page := pages["man1/sockscript-"+c.Name()+".1"]
		for _, want := range []string{".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", "sockscript(1)"} {
			if !strings.Contains(page, want) {
				t.Errorf("the page of %s lacks %q", c.Name(), want)
			}
		}
	}
	for _, k := range steps.Kinds() {
		if page := pages["man7/sockscript-"+k.Name+".7"]; !strings.Contains(page, ".SH PARAMETERS") || !strings.Contains(page, ".SH EXAMPLE") {
			t.Errorf("the page of the kind %s is %q", k.Name, page)
		}
	}
}

// mandoc finds nothing wrong, but that pages have no date: they are the same on
// every build.
func TestManPagesAreClean(t *testing.T) {
	ci.Program(t, "mandoc")
	dir := t.TempDir()
	for name, text := range manPages(new(program).command()) {
		path := filepath.Join(dir, filepath.Base(name))
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		out, _ := exec.Command("mandoc", "-Tlint", "-W", "warning", path).CombinedOutput()
		for line := range bytes.Lines(out) {
			if !bytes.Contains(line, []byte("missing date")) {
				t.Errorf("%s", line)
			}
		}
	}
}

// The reference in Markdown is the one that is generated, and has each command
// and each kind.
func TestReferenceInMarkdown(t *testing.T) {
	kept, err := os.ReadFile(docsFolder + "/reference.md")
	if err != nil {
		t.Fatal(err)
	}
	root := new(program).command()
	if string(kept) != referenceMarkdown(root) {
		t.Error("docs/reference.md is out of date; run go generate ./cmd/sockscript")
	}
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" && c.Name() != "completion" && !bytes.Contains(kept, []byte("\n### sockscript "+c.Name()+"\n")) {
			t.Errorf("the reference lacks the command %s", c.Name())
		}
	}
	for _, k := range steps.Kinds() {
		if !bytes.Contains(kept, []byte("\n### "+k.Name+"\n")) {
			t.Errorf("the reference lacks the kind %s", k.Name)
		}
	}
}
