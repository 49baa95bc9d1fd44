package main

import (
	"bytes"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/runner/report/diagram"
	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
)

// Texts that mean something to Mermaid, to Markdown, to YAML or to a browser.
const textsOfMeaning = `name: "a \"name\" #x; end: --- \u00e9 %%"
description: texts that a diagram shows as they are
actors:
  end:
    - socketpair: unix
      as: [a, b]
    - note: "end; loop x # y %% words --> <b>&amp; ` + "`code`" + ` {curly} \\ back \u0001 \u202e \u00e9 \u65e5\u672c \U0001F642 a:b ;;"
      send: a
      data: "end\nNote over p0: x; %%{init: {}}%% <script>alert(1)</script>"
    - recv: b
      max: 65536
    - print: "'x' \"y\" ~ ^ -- ->> \u00a0 #35; &lt; &#60; $$x^2$$ **bold** _it_"
    - print: "wrap: nowrap: hello"
    - print: "%%{init: {'theme':'dark'}}%%"
    - print: "<br/>not a break <br> \\n no"
    - print: "#9829; #infin; # - item"
    - print: "fa:fa-car http://example.com/x?y=1&z=2 [x](y) @here :smile: ![x]"
    - print: "\u0600\u0627\u0663 e\u0301 \ufeff \ud7ff \t tab"
    - print: ""
    - print: " lead and  two   blanks "
  loop: [{print: x}]
  participant: [{print: "%%"}]
---
name: no_calls
actors:
  one: [{quiet: true, print: x}]
---
name: failed
actors:
  one: [{assert: "'a;b#c' == '%%'"}]
---
name: "network; end"
network:
  hosts:
    end: {eth0: 10.0.0.1/24}
    graph: {eth0: [10.0.0.2/24, 'fd00::1/64'], forward: true}
  links:
    subgraph: {join: [end.eth0, graph.eth0], faults: {style: {drop: {udp: 5000, nth: 1}}}}
actors:
  end: [{socket: udp, as: a}]
`

// scenariosToDraw are those of texts that mean something, and shipped ones of
// every chapter.
func scenariosToDraw(t *testing.T) []*scenarios.Scenario {
	t.Helper()
	list, problems := scenarios.Parse("texts.yaml", []byte(textsOfMeaning))
	for _, c := range library.Tour() {
		for _, name := range c.Scenarios[:min(2, len(c.Scenarios))] {
			text, _ := library.Open(name)
			more, wrong := scenarios.Parse(name+".yaml", text)
			list, problems = append(list, more...), append(problems, wrong...)
		}
	}
	if problems.HasErrors() {
		t.Fatal(problems.Report())
	}
	return list
}

// A mermaid is a text for Mermaid, and what a reader must find in its picture.
type mermaid struct {
	Name   string
	Text   string
	Wanted []string
}

func forMermaid(t *testing.T, name string, write func(io.Writer) error, wanted ...string) mermaid {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b); err != nil {
		t.Fatal(err)
	}
	return mermaid{name, b.String(), wanted}
}

// shownBy are the texts of a diagram.
func shownBy(d *diagram.Diagram) []string {
	texts := append([]string{d.Name, d.Reason}, d.Lifelines...)
	for _, b := range d.Boxes {
		texts = append(texts, b.Text, b.Note)
	}
	for _, a := range d.Arrows {
		texts = append(texts, a.Label)
	}
	return texts
}

// shownByTopology are the texts of a network's picture.
func shownByTopology(network *diagram.Topology) []string {
	texts := []string{network.Name}
	for _, h := range network.Hosts {
		texts = append(append(texts, h.Name), h.Lines...)
	}
	for _, l := range network.Links {
		texts = append(append(texts, l.Name), l.Lines...)
		for _, e := range l.Ends {
			texts = append(texts, e.Interface)
		}
	}
	return texts
}

// render asks Mermaid to draw, and compares the texts of the picture.
const render = `(async list => {
	const wrong = [], plain = s => s.replace(/\s+/g, " ").trim();
	mermaid.initialize({ startOnLoad: false, securityLevel: "strict" });
	for (const { Name, Text, Wanted } of list) try {
		await mermaid.parse(Text);
		document.body.innerHTML = (await mermaid.render("picture", Text)).svg;
		const all = plain([...document.querySelectorAll("svg text, svg foreignObject p")].map(e => [...e.childNodes].map(c => c.textContent).join(" ")).join(" "));
		for (const w of Wanted) if (!all.includes(plain(w))) wrong.push(Name + ": the text " + JSON.stringify(w) + " is not in " + all.slice(0, 2000));
	} catch (e) {
		wrong.push(Name + ": " + e.message + "\n" + Text);
	}
	return wrong;
})`

// What is written for Mermaid, Mermaid can read, and its picture has each text
// as it is.
func TestMermaidReadsDiagrams(t *testing.T) {
	t.Parallel()
	b := newBrowser(t)
	text := fromNPM(t, "@mermaid-js/tiny/dist/mermaid.tiny.js")
	var list []mermaid
	for _, s := range scenariosToDraw(t) {
		d := diagram.Of(runner.Run(t.Context(), s, runner.Options{Frames: true}), history.Form{})
		list = append(list, forMermaid(t, s.Name, d.Mermaid, shownBy(d)...))
		if len(s.Network.Hosts) > 0 {
			network := diagram.TopologyOf(s)
			list = append(list, forMermaid(t, s.Name+", network", network.Mermaid, shownByTopology(network)...))
		}
	}
	b.mermaid(text, list)
}

func (b *browser) mermaid(text string, list []mermaid) {
	b.t.Helper()
	empty := filepath.Join(b.t.TempDir(), "empty.html")
	if err := writeWhole(empty, []byte("<!DOCTYPE html><title>empty</title><body></body>")); err != nil {
		b.t.Fatal(err)
	}
	b.open(empty)
	script[chromedp.Void](b, text+"; 0")
	all, err := json.Marshal(list)
	if err != nil {
		b.t.Fatal(err)
	}
	wrong := script[[]string](b, render+"("+string(all)+")")
	b.t.Logf("%d diagrams", len(list))
	for _, w := range wrong {
		b.t.Error(strings.ToValidUTF8(w, "?"))
	}
}
