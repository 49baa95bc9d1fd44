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
	t.Parallel()
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

// The reference in Markdown is the one that is generated, with a page for each
// command and each kind, and no page of what is not there any more.
func TestReferenceInMarkdown(t *testing.T) {
	t.Parallel()
	root := new(program).command()
	pages := referencePages(root)
	for _, c := range root.Commands() {
		if c.IsAvailableCommand() && c.Name() != "help" && c.Name() != "completion" && pages["commands/"+c.Name()+".md"] == "" {
			t.Errorf("the command %s has no page", c.Name())
		}
	}
	whole := referenceMarkdown(root)
	for _, k := range steps.Kinds() {
		if page := pages["kinds/"+k.Name+".md"]; !strings.HasPrefix(page, "# "+k.Name+"\n") || !strings.Contains(page, k.Example) {
			t.Errorf("the page of the kind %s is %q", k.Name, page)
		}
		if !strings.Contains(whole, "\n### "+k.Name+"\n") {
			t.Errorf("the whole reference lacks the kind %s", k.Name)
		}
	}
	for name, page := range pages {
		if kept, _ := os.ReadFile(filepath.Join(docsFolder, name)); string(kept) != page {
			t.Errorf("docs/%s is out of date; run go generate ./cmd/sockscript", name)
		}
	}
	for _, folder := range []string{"commands", "kinds"} {
		kept, err := filepath.Glob(filepath.Join(docsFolder, folder, "*"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range kept {
			if name := folder + "/" + filepath.Base(path); pages[name] == "" {
				t.Errorf("docs/%s is of something that is not there any more; run go generate ./cmd/sockscript", name)
			}
		}
	}
}
