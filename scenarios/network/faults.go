package network

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/value"
)

// A Fault is a rule of a link: what becomes of exactly the frames that it
// describes.
type Fault struct {
	Name   string
	Act    string // drop, duplicate, delay, reorder or corrupt
	Match  Match
	Nth    []int // of the frames that match, from 1; empty: all of them
	By     time.Duration
	Behind int
	Byte   int
	Off    bool // it waits until a step sets it on
	Node   *source.Node
}

// A Match describes frames.
type Match struct {
	From, To    int    // the places of ends of the link; -1: any
	Protocol    string // arp, icmp, igmp, udp, tcp; "" for any
	Kind        string // of TCP segments and ARP frames; "any" for all of them
	ICMP        int    // the type; -1: any
	Port        int    // 0: any
	First, Last int64  // bytes of a TCP stream, from 1; 0: any
	Contains    []byte
	Matches     *regexp.Regexp // nil: any
}

// The acts of faults.
const (
	dropAct      = "drop"
	duplicateAct = "duplicate"
	delayAct     = "delay"
	reorderAct   = "reorder"
	corruptAct   = "corrupt"
)

// CutFault is the name of the fault that a cut link is.
const CutFault = "cut"

const faultsHelp = "rules by name that decide what becomes of exactly the frames that they describe; of those whose turn has come, the first acts"

// faults is the value of the key faults of a link.
type faults struct{ link *Link }

func (v *faults) Written() {}

func (v *faults) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		d.Problem(n, "faults is a mapping of names to rules, not %s", n.Describe()).Hint = "write {lost: {drop: {tcp: syn, nth: 1}}}"
		return
	}
	for _, e := range n.Entries {
		switch name := e.Key.Text; {
		case !value.IsName(name):
			d.Problem(e.Key, "%s is not a name for a fault", value.Quote(name)).Hint = value.NameHint
		case name == CutFault:
			d.Problem(e.Key, "a fault cannot have the name cut, which is the cut of the link by a step").Hint = "give the fault another name"
		}
		f := &Fault{Name: e.Key.Text, Node: e.Key, Match: Match{From: -1, To: -1, ICMP: -1}}
		if v.rule(d, f, e.Value) {
			v.link.Faults = append(v.link.Faults, f)
		}
	}
}

// acts are what a fault can do, with their parameters.
func (v *faults) acts(f *Fault) []*value.Param {
	act := func(word, help string, more ...*value.Param) *value.Param {
		return &value.Param{Key: word, Value: &act{fault: f, link: v.link, word: word, more: more}, Help: help}
	}
	return []*value.Param{
		act(dropAct, "the frames are lost"),
		act(duplicateAct, "the frames are sent twice"),
		act(delayAct, "the frames are sent later", &value.Param{
			Key: "by", Value: &stored[time.Duration]{newDuration(), &f.By}, Required: true, Help: "how much later",
		}),
		act(reorderAct, "the frames are sent after later ones that match", &value.Param{
			Key: "behind", Value: count("behind", &f.Behind), Help: "behind how many of them; default: 1",
		}),
		act(corruptAct, "a byte of the frames is inverted", &value.Param{
			Key: "byte", Value: place(&f.Byte), Help: "which of the payload, from 0; negative from the end; default: 0",
		}),
	}
}

// rule reads a fault: one act, and set.
func (v *faults) rule(d *value.Decoder, f *Fault, n *source.Node) bool {
	words := []string{dropAct, duplicateAct, delayAct, reorderAct, corruptAct}
	if n.Kind != source.Map {
		d.Problem(n, "a fault is a mapping with one of %s, not %s", value.JoinOr(words), n.Describe()).Hint = "write {drop: {tcp: syn, nth: 1}}"
		return false
	}
	set := &value.Enum{Words: onOff}
	before := d.Count()
	f.Behind = 1
	d.Mapping(n, append(v.acts(f), &value.Param{Key: "set", Value: set, Help: setHelp}), "a fault")
	f.Off = set.Word == offWord
	var found []string
	for _, e := range n.Entries {
		if slices.Contains(words, e.Key.Text) {
			found = append(found, e.Key.Text)
		}
	}
	switch {
	case d.Count() > before:
		return false
	case len(found) == 0:
		d.Problem(n, "the fault does nothing").Hint = "write one of " + value.JoinOr(words)
		return false
	case len(found) > 1:
		d.Problem(n, "the fault does two things: %s and %s", found[0], found[1]).Hint = "write two faults; the first that matches acts"
		return false
	}
	return true
}

const offWord = "off"

var onOff = []string{"on", offWord}

const setHelp = "off: the rule waits until a step sets it on, and counts from there; default: on"

// Schema accepts faults by name.
func (v *faults) Schema() value.Schema {
	var rules []value.Schema
	set := value.Schema{"enum": onOff, "description": setHelp}
	for _, p := range (&faults{link: new(Link)}).acts(new(Fault)) {
		rules = append(rules, value.Object(value.Schema{p.Key: value.Described(p), "set": set}, p.Key))
	}
	return value.Schema{
		"type": "object", "additionalProperties": value.Schema{"anyOf": rules},
		"propertyNames": value.Schema{"pattern": value.NamePattern},
	}
}

func (v *faults) Type() string { return "rules by name" }

// An act is what a fault does, with the frames that it does it to.
type act struct {
	fault *Fault
	link  *Link
	word  string
	more  []*value.Param
}

func (v *act) Written() {}

func (v *act) Decode(d *value.Decoder, n *source.Node) {
	v.fault.Act = v.word
	if n.Kind != source.Map {
		d.Problem(n, "expected which frames, got %s", n.Describe()).Hint = "write {tcp: syn, nth: 1}"
		return
	}
	from, to := &endOf{link: v.link}, &endOf{link: v.link}
	d.Mapping(n, v.params(from, to), v.word)
	m := &v.fault.Match
	if from.node != nil {
		m.From = from.at
	}
	if to.node != nil {
		m.To = to.at
	}
	var protocols []string
	for _, e := range n.Entries {
		if slices.Contains(protocolKeys, e.Key.Text) {
			protocols = append(protocols, e.Key.Text)
		}
	}
	if len(protocols) > 1 {
		d.Problem(n, "a frame is not of two protocols: %s and %s", protocols[0], protocols[1]).Hint = "write two faults"
	}
}

// protocolKeys are the keys that say of which protocol the frames are.
var protocolKeys = []string{"arp", "icmp", "igmp", "udp", "tcp"}

func (v *act) params(from, to *endOf) []*value.Param {
	m := &v.fault.Match
	list := []*value.Param{
		{Key: "from", Value: from, Help: "the end that sends, as beta.eth1"},
		{Key: "to", Value: to, Help: "the end that receives"},
		{Key: "arp", Value: kindOf(m, "arp", arpKinds), Help: "ARP: " + value.JoinOr(arpKinds)},
		{Key: "icmp", Value: icmpOf(m), Help: "ICMP, for IPv4 or IPv6: its type as a number, or any"},
		{Key: "igmp", Value: kindOf(m, "igmp", []string{"any"}), Help: "IGMP: any"},
		{Key: "udp", Value: udpOf(m), Help: "UDP: a port of either side, or any"},
		{Key: "tcp", Value: kindOf(m, "tcp", tcpKinds), Help: "TCP: " + value.JoinOr(tcpKinds) + "; ack is a segment without data, and without SYN, FIN and RST"},
		{Key: "port", Value: portOf(m), Help: "a port of either side"},
		{Key: "bytes", Value: bytesOf(m), Help: "bytes of the TCP stream, from 1, as 1..1448: the frames that carry some of them"},
		{Key: "contains", Value: &content{to: &m.Contains}, Help: "bytes that are in the payload: a text, or a form such as {hex: ff00}"},
		{Key: "matches", Value: &pattern{to: &m.Matches}, Help: "a regular expression (RE2) that the payload matches"},
	}
	return append(append(list, v.more...),
		&value.Param{Key: "nth", Value: &nth{fault: v.fault}, Help: "which of the frames that match, from 1: a number, a list of numbers, or all; default: all"})
}

func (v *act) Schema() value.Schema {
	settings := value.Schema{}
	var required []string
	for _, p := range v.params(&endOf{link: v.link}, &endOf{link: v.link}) {
		settings[p.Key] = value.Described(p)
		if p.Required {
			required = append(required, p.Key)
		}
	}
	return value.Object(settings, required...)
}

func (v *act) Type() string { return "frames" }

// The kinds of frames that a match can name.
var (
	arpKinds = []string{"request", "reply", "any"}
	tcpKinds = []string{"syn", "syn+ack", "fin", "rst", "ack", "data", "any"}
)

func kindOf(m *Match, protocol string, words []string) value.Value {
	return &stored[string]{&Literal[string]{
		what: value.JoinOr(words), kind: strings.Join(words, ", "), schema: value.Schema{"enum": words},
		parse: func(s string) (string, error) {
			if !slices.Contains(words, s) {
				return "", fmt.Errorf("expected %s, got %s%s", value.JoinOr(words), value.Quote(s), value.Prefixed("; ", source.DidYouMean(s, words)))
			}
			m.Protocol = protocol
			return s, nil
		},
	}, &m.Kind}
}

func icmpOf(m *Match) value.Value {
	return &stored[int]{&Literal[int]{
		what: "the type of an ICMP message, or any", kind: "number, any",
		schema: value.Schema{"anyOf": []value.Schema{{"type": "integer", "minimum": 0, "maximum": 255}, {"const": "any"}}},
		parse: func(s string) (int, error) {
			m.Protocol = "icmp"
			if s == "any" {
				return -1, nil
			}
			n, err := strconv.ParseUint(s, 10, 8)
			if err != nil {
				return 0, fmt.Errorf("the type of an ICMP message is a number from 0 to 255, or any, not %s", value.Quote(s))
			}
			return int(n), nil
		},
	}, &m.ICMP}
}

func udpOf(m *Match) value.Value {
	v := portOf(m)
	v.kind = "port, any"
	v.schema = value.Schema{"anyOf": []value.Schema{v.schema, {"const": "any"}}}
	port := v.parse
	v.parse = func(s string) (int, error) {
		m.Protocol = "udp"
		if s == "any" {
			return 0, nil
		}
		return port(s)
	}
	return v
}

func portOf(m *Match) *stored[int] {
	return &stored[int]{&Literal[int]{
		what: "a port", kind: "port", schema: value.Schema{"type": "integer", "minimum": 1, "maximum": 65535},
		parse: func(s string) (int, error) {
			n, err := strconv.ParseUint(s, 10, 16)
			if err != nil || n == 0 {
				return 0, fmt.Errorf("a port is a number from 1 to 65535, not %s", value.Quote(s))
			}
			return int(n), nil
		},
	}, &m.Port}
}

func bytesOf(m *Match) value.Value {
	return &stored[int64]{&Literal[int64]{
		what: "bytes of a stream as 1..1448", kind: "range", schema: textOf(`^[0-9]+\.\.[0-9]+$`),
		parse: func(s string) (first int64, err error) {
			a, b, ok := strings.Cut(s, "..")
			first, err = strconv.ParseInt(a, 10, 64)
			last, errLast := strconv.ParseInt(b, 10, 64)
			if !ok || err != nil || errLast != nil || first < 1 || last < first {
				return 0, fmt.Errorf("%s is not a range of bytes; the first byte is 1, as in 1..1448", value.Quote(s))
			}
			m.Last = last
			return first, nil
		},
	}, &m.First}
}

func count(what string, to *int) value.Value {
	return &stored[int]{&Literal[int]{
		what: "a number from 1", kind: "number", schema: value.Schema{"type": "integer", "minimum": 1},
		parse: func(s string) (int, error) {
			n, err := strconv.ParseInt(s, 10, 32)
			if err != nil || n < 1 {
				return 0, fmt.Errorf("%s is a number from 1, not %s", what, value.Quote(s))
			}
			return int(n), nil
		},
	}, to}
}

func place(to *int) value.Value {
	return &stored[int]{&Literal[int]{
		what: "the place of a byte", kind: "whole number", schema: value.Schema{"type": "integer"},
		parse: func(s string) (int, error) {
			n, err := strconv.ParseInt(s, 10, 32)
			if err != nil {
				return 0, fmt.Errorf("the place of a byte is a whole number, not %s", value.Quote(s))
			}
			return int(n), nil
		},
	}, to}
}

// nth says which of the frames that match are meant.
type nth struct{ fault *Fault }

func (v *nth) Written() {}

func (v *nth) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind == source.Scalar && n.Text == "all" {
		return
	}
	d.NotEmpty(n)
	seen := make(map[int]bool)
	for _, item := range n.OneOrMore() {
		var x int
		before := d.Count()
		count("nth", &x).Decode(d, item)
		if d.Count() > before {
			continue
		}
		if seen[x] {
			d.Problem(item, "nth has %d twice", x)
		}
		seen[x] = true
	}
	v.fault.Nth = slices.Sorted(maps.Keys(seen))
}

func (v *nth) Schema() value.Schema {
	one := value.Schema{"type": "integer", "minimum": 1}
	return value.Schema{"anyOf": []value.Schema{one, {"const": "all"}, {"type": "array", "minItems": 1, "items": one}}}
}

func (v *nth) Type() string { return "number, list of numbers, or all" }
