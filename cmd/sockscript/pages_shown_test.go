package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/scenarios/source"
)

const docsFolder = "../../docs"

var pagesThatShowRuns = []string{"../../README.md", docsFolder + "/tutorial.md", docsFolder + "/testing.md"}

var (
	// shownFile is a file of a page: its name in a line of its own, and its
	// text.
	shownFile = source.Pattern("(?ms)`([a-z-]+\\.(?:yaml|go))`[^`]*:\n\n```[a-z]+\n(.*?)^```$")
	// shownRun is a command of a page and what it prints.
	shownRun = source.Pattern("(?ms)^```\n\\$ sockscript ([^\n]*)\n(.*?)^```$")
	// shownPicture is a diagram of a scenario or of its network.
	shownPicture = source.Pattern(`!\[[^\]]*\]\((?:docs/)?pictures/([a-z0-9-]+?)(-network)?\.svg\)`)
)

// What these pages show is what sockscript prints and draws, also of the
// program that one of them tests. With -update they are written again.
func TestPagesThatShowRuns(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pagesThatShowRuns {
		t.Run(filepath.Base(page), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(page)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			for _, m := range shownFile().FindAllSubmatch(text, -1) {
				if err := os.WriteFile(filepath.Join(dir, string(m[1])), m[2], 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := os.Stat(filepath.Join(dir, "server.go")); err == nil {
				build := exec.Command("go", "build", "-o", "server", "server.go")
				build.Dir = dir
				if out, err := build.CombinedOutput(); err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
			}
			command := func(args ...string) []byte {
				out := new(bytes.Buffer)
				c := exec.Command(exe)
				c.Args, c.Dir, c.Stdout = append([]string{"sockscript"}, args...), dir, out
				if args[0] != "diagram" { // which writes failures to stderr only
					c.Stderr = out
				}
				c.Run() // it fails where the page shows a failure
				return out.Bytes()
			}
			now := shownRun().ReplaceAllFunc(text, func(block []byte) []byte {
				m := shownRun().FindSubmatch(block)
				out := command(strings.Fields(string(m[1]))...)
				if bytes.HasPrefix(out, []byte("skip ")) || matchesShown(m[2], out) {
					return block
				}
				if !*update {
					t.Errorf("sockscript %s prints\n%s\nand not\n%s", m[1], out, m[2])
				}
				return fmt.Appendf(nil, "```\n$ sockscript %s\n%s```", m[1], out)
			})
			if *update && !bytes.Equal(now, text) {
				if err := os.WriteFile(page, now, 0o666); err != nil {
					t.Fatal(err)
				}
			}
			for _, m := range shownPicture().FindAllSubmatch(text, -1) {
				comparePicture(t, string(m[1]), len(m[2]) > 0, dir, command)
			}
		})
	}
}

// Each scenario of the tutorial is run there, and is shown with its picture.
func TestTutorialHasPictures(t *testing.T) {
	text, err := os.ReadFile(docsFolder + "/tutorial.md")
	if err != nil {
		t.Fatal(err)
	}
	files := shownFile().FindAllSubmatch(text, -1)
	if len(files) < 9 {
		t.Errorf("the tutorial shows %d files", len(files))
	}
	for _, m := range files {
		name := strings.TrimSuffix(string(m[1]), ".yaml")
		if !regexp.MustCompile(`(?m)^\$ sockscript run .*` + name + `\.yaml$`).Match(text) {
			t.Errorf("%s is not run", m[1])
		}
		if !bytes.Contains(text, []byte("(pictures/"+name+".svg)")) {
			t.Errorf("%s has no picture", m[1])
		}
	}
}

// From the first line of README to a golden file of one's own that CI compares
// are five commands. Those of sockscript are run here; the others are of git
// and go.
func TestFirstCommandsOfReadme(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, m := range regexp.MustCompile(`(?m)^(git clone|go run|go install|sockscript (?:init|test)) .*$`).FindAllSubmatch(text, -1) {
		command, _, _ := strings.Cut(string(m[0]), "  ")
		commands = append(commands, command)
	}
	if len(commands) != 5 {
		t.Fatalf("the commands are %q", commands)
	}
	clone := filepath.Join(t.TempDir(), "sockscript")
	if err := os.Mkdir(clone, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, command := range commands[3:] {
		c := exec.Command(exe)
		c.Args, c.Dir = strings.Fields(command), clone
		if out, err := c.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", command, err, out)
		}
	}
	for _, name := range []string{"hello.golden", ".github/workflows/sockscript.yml"} {
		if _, err := os.Stat(filepath.Join(clone, "../demo", name)); err != nil {
			t.Error(err)
		}
	}
}

// matchesShown reports whether the output is the one shown, in which a line ...
// stands for any lines.
func matchesShown(shown, out []byte) bool {
	parts := strings.Split(regexp.QuoteMeta(string(shown)), regexp.QuoteMeta("...\n"))
	return regexp.MustCompile(`(?s)\A` + strings.Join(parts, "(?:.*\n)?") + `\z`).Match(out)
}

// comparePicture compares a picture with the diagram of a run, or of the
// network of a scenario.
func comparePicture(t *testing.T, name string, network bool, dir string, command func(...string) []byte) {
	t.Helper()
	args, file := []string{"diagram"}, name
	if network {
		args, file = append(args, "--topology"), name+"-network"
	}
	scenario := name
	if _, err := os.Stat(filepath.Join(dir, name+".yaml")); err == nil {
		scenario += ".yaml"
	}
	drawn := command(append(args, scenario)...)
	if !bytes.HasPrefix(drawn, []byte("<svg")) {
		if reason := command("run", scenario); !bytes.Contains(reason, []byte("netns")) {
			t.Errorf("sockscript diagram %s printed %q, and run %s", scenario, drawn, reason)
		}
		return
	}
	path := filepath.Join(docsFolder, "pictures", file+".svg")
	if *update {
		if err := os.WriteFile(path, drawn, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, drawn) {
		t.Errorf("docs/pictures/%s.svg is not the diagram any more; if the change is meant: go test ./cmd/sockscript -run TestPagesThatShowRuns -update", file)
	}
}
