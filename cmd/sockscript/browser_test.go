package main

import (
	"bytes"
	"context"
	"encoding/json"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/steps/tests/ci"
)

// These tests open in Chromium what the commands write, and look at it as a
// reader does: on a telephone, on a tablet and on a screen, in light and dark.

// A looked is how a page is looked at.
type looked struct {
	width  int64
	scheme string
}

var (
	widths  = []int64{360, 800, 1440}
	schemes = []string{"light", "dark"}
)

// A browser is one tab of a headless Chromium.
type browser struct {
	t       *testing.T
	ctx     context.Context
	measure string
	axe     string
}

func newBrowser(t *testing.T) *browser {
	t.Helper()
	ci.Program(t, "chromium")
	axe := fromNPM(t, "axe-core/axe.min.js")
	measure, err := os.ReadFile("testdata/measure.js")
	if err != nil {
		t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath("chromium"), chromedp.UserDataDir(t.TempDir()))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox)
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("chromium does not start: %v", err)
	}
	return &browser{t, ctx, string(measure), axe}
}

// fromNPM is a file of a package, from where Node looks for packages.
func fromNPM(t *testing.T, name string) string {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("NODE_PATH")) {
		if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil {
			return string(text)
		}
	}
	ci.Lacks(t, name+" is in no folder of NODE_PATH; npm installs it: see .ci/npm")
	return ""
}

// tell sends a command of the protocol.
func tell[P, R any](b *browser, c cdp.Command[P, R], params P) R {
	b.t.Helper()
	result, err := chromedp.Run(b.ctx, func(ctx context.Context, tab *chromedp.Target) (R, error) {
		return cdp.Call(ctx, tab, c, params)
	})
	if err != nil {
		b.t.Fatalf("%s: %v", c.Method, err)
	}
	return result
}

// script runs a script in the page, and decodes its result.
func script[T any](b *browser, text string) T {
	b.t.Helper()
	result, err := chromedp.Run(b.ctx, chromedp.Evaluate[T](text, chromedp.EvalAwaitPromise))
	if err != nil {
		b.t.Fatalf("a script in the page: %v", err)
	}
	return result
}

func (b *browser) as(how looked) {
	b.t.Helper()
	tell(b, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: how.width, Height: 900, DeviceScaleFactor: 1})
	tell(b, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: how.scheme}},
	})
}

func (b *browser) open(path string) {
	b.t.Helper()
	address := url.URL{Scheme: "file", Path: path}
	if err := chromedp.Do(b.ctx, chromedp.Navigate(address.String())); err != nil {
		b.t.Fatalf("%s: %v", path, err)
	}
}

// unfold shows all that the page folds, as if one had opened and scrolled to
// it.
const unfold = `for (const d of document.querySelectorAll("details")) d.open = true;
for (const e of document.querySelectorAll("ol.cases > li")) e.style.contentVisibility = "visible";
new Promise(done => requestAnimationFrame(() => setTimeout(done)))`

// show opens a page with axe in it, and shows all that the page folds.
func (b *browser) show(path string, how looked) {
	b.t.Helper()
	b.as(how)
	b.open(path)
	script[chromedp.Void](b, b.axe+"; 0")
	script[chromedp.Void](b, unfold)
}

// look measures the page that is open, in which these texts must be found.
func (b *browser) look(path string, how looked, wanted []string) {
	b.t.Helper()
	list, err := json.Marshal(append([]string{}, wanted...))
	if err != nil {
		b.t.Fatal(err)
	}
	wrong := script[[]string](b, "("+b.measure+")("+string(list)+")")
	if len(wrong) > 5 {
		wrong = append(wrong[:5], "and more")
	}
	for _, w := range wrong {
		b.t.Errorf("%s, %d wide, %s: %s", filepath.Base(path), how.width, how.scheme, w)
	}
}

// ask asks axe what bars people from the page that is open.
func (b *browser) ask(path string, how looked) {
	b.t.Helper()
	found := script[[]string](b, `axe.run().then(r => r.violations.map(v => v.id + ": " + v.help + ", at " + v.nodes[0].html.slice(0, 200)))`)
	for _, f := range found {
		b.t.Errorf("%s, %d wide, %s: axe: %s", filepath.Base(path), how.width, how.scheme, f)
	}
}

// wrote runs a command that writes files; how it ends does not matter.
func wrote(t *testing.T, args ...string) {
	t.Helper()
	out, err := os.Create(filepath.Join(t.TempDir(), "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	var errors bytes.Buffer
	p := &program{args: args, stdin: strings.NewReader(""), stdout: out, errors: &errors, hurry: make(chan struct{})}
	if got := p.main(t.Context()); got > statusFailed && !strings.Contains(strings.Join(args, " "), "check") {
		t.Fatalf("sockscript %s: status %d\n%s", strings.Join(args, " "), got, errors.String())
	}
}

const failingPages = `name: it fails
description: A scenario that fails, with a line of text of so many words that it must be broken in a narrow window.
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - accept: listener
      as: conn
    - recv: conn
      expect: {data: another text}
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - send: sock
      data: a text that is quite long and has no line break, to see how a long line looks
---
name: a_name_without_a_blank_that_goes_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on_and_on
actors:
  one: [{assert: 1 == 2}]
`

// A page is a file that a command wrote, and texts that a reader must find in
// it.
type page struct {
	path   string
	wanted []string
}

// pagesOfReports are reports of runs that passed, that failed and that were
// not begun, and pictures.
func pagesOfReports(t *testing.T, dir string) (reports, pictures []page) {
	t.Helper()
	in := func(name string) string { return filepath.Join(dir, name) }
	for name, text := range map[string]string{
		"fails.yaml": failingPages, "wrong.yaml": "actors:\n  one: [{frobnicate: 1}]\n",
		"golden.yaml": "name: golden\nactors:\n  one: [{print: hello}]\n", "golden.golden": "another transcript\n",
	} {
		if err := os.WriteFile(in(name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wrote(t, "run", "--report", "html="+in("runs.html"), "--diagram", in("pictures"), "tcp-hello", "tcp-many-clients", in("fails.yaml"))
	wrote(t, "test", "--report", "html="+in("test.html"), in("golden.yaml"))
	wrote(t, "check", "--report", "html="+in("check.html"), in("wrong.yaml"))
	reports = []page{
		{in("runs.html"), []string{"2 failed", "it fails", "What went wrong", "accept(listener", "Find", "connection", "expect: {data: another text}"}},
		{in("test.html"), []string{"1 failed", "golden", "another transcript"}},
		{in("check.html"), []string{"frobnicate"}},
	}
	drawn, err := filepath.Glob(in("pictures/*.svg"))
	if err != nil || len(drawn) < 4 {
		t.Fatalf("the pictures: %v, %v", drawn, err)
	}
	kept, err := filepath.Abs("../../docs/pictures")
	if err != nil {
		t.Fatal(err)
	}
	more, err := filepath.Glob(filepath.Join(kept, "*.svg"))
	if err != nil || len(more) == 0 {
		t.Fatalf("the pictures of the documentation: %v, %v", more, err)
	}
	for _, path := range append(drawn, more...) {
		var wanted []string
		switch filepath.Base(path) {
		case "tcp-hello.svg":
			wanted = []string{"tcp-hello", "server", "client", "connection", "17 bytes", "accept(listener"}
		case "lost-segment-network.svg":
			wanted = []string{"alice", "10.0.0.1/24", "eth0", "fault first_data: drop"}
		}
		pictures = append(pictures, page{path, wanted})
	}
	return reports, pictures
}

func TestReportsAndPicturesInABrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	reports, pictures := pagesOfReports(t, t.TempDir())
	for _, p := range append(reports, pictures...) {
		b.lookAtAll(p)
	}
}

// lookAtAll looks at a page in each width, light and dark, and asks axe of
// each. The window changes, as it does for a reader; the page is opened once.
func (b *browser) lookAtAll(p page) {
	b.t.Helper()
	for i, width := range widths {
		for j, scheme := range schemes {
			how := looked{width, scheme}
			if i+j == 0 {
				b.show(p.path, how)
			} else {
				b.as(how)
				script[chromedp.Void](b, unfold)
			}
			b.look(p.path, how, p.wanted)
			b.ask(p.path, how)
		}
	}
}

// lookAround looks at a page in each width, and with axe in one: the widths
// take turns from page to page. That is enough for a page that shares its style
// with one that is looked at in all ways: colours do not change what is where,
// nor does a width change colours.
func (b *browser) lookAround(p page, turn int) {
	b.t.Helper()
	for i, width := range widths {
		how := looked{width, schemes[(i+turn)%len(schemes)]}
		asked := i == turn%len(widths)
		if asked || !testing.Short() {
			b.show(p.path, how)
			b.look(p.path, how, p.wanted)
		}
		if asked {
			b.ask(p.path, how)
		}
	}
}

func TestTourInABrowser(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	dir := t.TempDir()
	wrote(t, "tour", "--html", dir)
	chapters, err := filepath.Glob(filepath.Join(dir, "chapter-*.html"))
	if err != nil || len(chapters) != len(library.Tour()) {
		t.Fatalf("the chapters: %v, %v", chapters, err)
	}
	if testing.Short() {
		chapters = chapters[:2]
	}
	for i, path := range append(chapters, filepath.Join(dir, "index.html")) {
		wanted := []string{"Sockets, scenario by scenario", library.Tour()[0].Title}
		if i < len(chapters) {
			c := library.Tour()[i]
			wanted = []string{c.Title, "All chapters", c.Scenarios[0], "sockscript run " + c.Scenarios[0]}
		}
		if i == 0 || i == len(chapters) {
			b.lookAtAll(page{path, wanted})
		} else {
			b.lookAround(page{path, wanted}, i)
		}
	}
}
