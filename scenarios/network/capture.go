package network

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Capture says which frames of a run are kept in a file.
type Capture struct {
	At   []string // links, interfaces as HOST.INTERFACE, lo, all; empty: all
	File string   // a relative path; "" for the name of the scenario
	Node *source.Node

	at   points
	file Literal[string]
}

// Given reports whether the scenario has the key capture.
func (v *Capture) Given() bool { return v.Node != nil }

// Written implements [value.Written].
func (v *Capture) Written() {}

const (
	allFrames   = "all"
	captureExt  = ".pcapng"
	captureHint = "write a link, an interface as HOST.INTERFACE, lo or all, several in a list, or {at: lan, file: lan.pcapng}"
)

// CaptureHelp is what documentation says of the key.
const CaptureHelp = "what of the frames that cross the scenario's own network is kept in a file for Wireshark (pcapng): all, a link, an interface as HOST.INTERFACE, lo, a list of them, or {at, file}"

func (v *Capture) params() []*value.Param {
	v.file = Literal[string]{what: "the name of a file", kind: "path", parse: captureFile, schema: value.Schema{"type": "string", "pattern": `\.pcapng$`}}
	return []*value.Param{
		{Key: "at", Value: &v.at, Help: "a link, an interface as HOST.INTERFACE, with what comes to it, lo, or a list of them; default: " + allFrames},
		{Key: "file", Value: &v.file, Help: "a relative path that ends with " + captureExt + ", below the folder that --pcap names, or the current one; default: the scenario's name"},
	}
}

func captureFile(s string) (string, error) {
	switch {
	case !filepath.IsLocal(s):
		return "", fmt.Errorf("the file %q would not be in the folder of captures; write a relative path that stays in it", s)
	case filepath.Ext(s) != captureExt || s == captureExt:
		return "", fmt.Errorf("the file of a capture ends with %s, unlike %q", captureExt, s)
	}
	return filepath.Clean(s), nil
}

// Decode reads points of the network, or a mapping.
func (v *Capture) Decode(d *value.Decoder, n *source.Node) {
	v.Node = n
	params := v.params()
	if n.Kind == source.Map {
		d.Mapping(n, params, "capture")
	} else {
		v.at.Decode(d, n)
	}
	for _, at := range v.at.list {
		v.At = append(v.At, at.Text)
	}
	v.File = v.file.T
	to := &value.Text{Node: n, Lit: "NAME" + captureExt}
	if v.File != "" {
		to = &value.Text{Node: v.file.Node, Lit: v.File}
	}
	d.NeedPath(value.WriteFile, to, value.FromCurrent)
}

// Schema accepts points, or a mapping.
func (v *Capture) Schema() value.Schema {
	keys := value.Schema{}
	for _, p := range new(Capture).params() {
		keys[p.Key] = value.Described(p)
	}
	return value.Schema{"anyOf": []value.Schema{v.at.Schema(), value.Object(keys)}}
}

// Type is what documentation calls the value.
func (v *Capture) Type() string { return "points of the network, or a mapping" }

// points are links and interfaces.
type points struct{ list []*source.Node }

func (v *points) Written() {}

func (v *points) Decode(d *value.Decoder, n *source.Node) {
	items := []*source.Node{n}
	if n.Kind == source.List {
		items = n.Items
	}
	if len(items) == 0 {
		d.Problem(n, "the list says nothing that is captured").Hint = captureHint
	}
	for _, item := range items {
		if item.Kind != source.Scalar || item.Null || item.Text == "" {
			d.Problem(item, "expected a point of the network, got %s", value.Shown(item)).Hint = captureHint
			continue
		}
		if !withExpression(d, item) {
			v.list = append(v.list, item)
		}
	}
}

func (v *points) Schema() value.Schema {
	one := value.Schema{"type": "string", "minLength": 1}
	return value.Schema{"anyOf": []value.Schema{one, {"type": "array", "items": one, "minItems": 1}}}
}

func (v *points) Type() string { return "point or list of points" }

// CheckCapture finds what of a capture the network does not have.
func (v *Plan) CheckCapture(c *Capture) source.Problems {
	switch {
	case !c.Given():
		return nil
	case !v.Own():
		p := c.Node.Problem("nothing can be captured: the scenario has no network of its own")
		return source.Problems{p.WithHint("write network: private, or hosts and links")}
	}
	var problems source.Problems
	for _, n := range c.at.list {
		if p := v.checkPoint(n); p != nil {
			problems = append(problems, p)
		}
	}
	return problems
}

// checkPoint reports a point that the network does not have.
func (v *Plan) checkPoint(n *source.Node) *source.Problem {
	var links, hosts []string
	for _, l := range v.Links {
		links = append(links, l.Name)
	}
	for _, h := range v.Hosts {
		hosts = append(hosts, h.Name)
	}
	host, iface, dotted := strings.Cut(n.Text, ".")
	switch h := v.Host(host); {
	case n.Text == allFrames || n.Text == loName || slices.Contains(links, n.Text):
		return nil
	case v.Kind == KindPrivate:
		return n.Problem("a private network has no link and no interface %s", value.Quote(n.Text)).WithHint("write lo or all")
	case !dotted:
		return unknown(n, "the network has no link "+value.Quote(n.Text), n.Text, links, "an interface is written as HOST.INTERFACE")
	case h == nil:
		return unknown(n, "the network has no host "+value.Quote(host), host, hosts, "its hosts are "+value.JoinOr(hosts))
	case !slices.Contains(h.names(), iface):
		return unknown(n, "the host "+host+" has no interface "+value.Quote(iface), iface, h.names(), "its interfaces are "+value.JoinOr(h.names()))
	}
	return nil
}

func unknown(n *source.Node, message, word string, known []string, otherwise string) *source.Problem {
	hint := source.DidYouMean(word, known)
	if hint == "" {
		hint = otherwise
	}
	return n.Problem("%s", message).WithHint("%s", hint)
}
