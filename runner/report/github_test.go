package report_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios/source"
)

func TestGitHub(t *testing.T) {
	t.Parallel()
	all, _ := every(t)
	var b strings.Builder
	g := &report.GitHub{W: &b}
	problems := source.Problems{
		{Pos: source.Pos{File: "a,b:c%.yaml", Line: 2, Col: 3}, Msg: "bad\r\n100%", Hint: "be good"},
		{Pos: source.Pos{File: "x.yaml", Line: 7, Col: 1}, Severity: source.Warning, Msg: "odd"},
		{Msg: "there is no file"},
	}
	if err := g.Problems(problems); err != nil {
		t.Fatal(err)
	}
	for _, o := range all {
		if err := g.Outcome(o); err != nil {
			t.Fatal(err)
		}
	}
	if g.Checked(1, problems) != nil || g.Summary(new(report.Summary)) != nil {
		t.Error("what has been told gives an error")
	}
	want := []string{
		`::error file=a%2Cb%3Ac%25.yaml,line=2,col=3,title=sockscript::bad\r%0A100%25; be good`,
		`::warning file=x.yaml,line=7,col=1,title=sockscript::odd`,
		`::error title=sockscript::there is no file`,
		`::error file=x.yaml,line=12,col=7,title=failing::one: assert(1 == 2): 1 == 2 does not hold`,
		`::error file=x.yaml,line=`, // nasty
		`::error file=x.golden,line=1,col=1,title=passing::the transcript differs from x.golden%0A--- x.golden%0A` +
			`+++ transcript%0A@@ -1 +1 @@%0A-a\x00%0A+b\xff%0A`,
		`::error file=x.yaml,line=1,col=1,title=passing::the transcript of run 7 differs from that of run 1%0A--- run 1%0A`,
		`::error file=x.yaml,line=1,col=1,title=passing::cannot read the golden file: \xc3(`,
	}
	lines := strings.Split(strings.TrimSuffix(b.String(), "\n"), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines; want %d:\n%s", len(lines), len(want), b.String())
	}
	for i, w := range want {
		if !strings.HasPrefix(lines[i], w) {
			t.Errorf("line %d is\n%s\nwant\n%s", i+1, lines[i], w)
		}
	}
	if !strings.Contains(lines[4], `,title=nasty \x01\x1b[31m # SKIP ]]> <&>"' \u0085\ufffe`) {
		t.Errorf("the nasty name comes out as %s", lines[4])
	}
}

// Annotated paths are those of the repository.
func TestGitHubRoot(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	sub := filepath.Join(dir, "sub")
	if err := os.Mkdir(sub, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(sub)
	for root, want := range map[string]string{dir: "file=sub/x.yaml,", sub: "file=x.yaml,", "": "file=x.yaml,", "/elsewhere": "file=x.yaml,"} {
		var b strings.Builder
		g := &report.GitHub{W: &b, Root: root}
		g.Problems(source.Problems{{Pos: source.Pos{File: "x.yaml", Line: 1, Col: 1}, Msg: "bad"}})
		if !strings.Contains(b.String(), want) {
			t.Errorf("with the root %q: %s", root, b.String())
		}
	}
}
