package history

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner/history/internal/causal"
	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// masks hide what depends on the kernel's choice: ephemeral ports and other
// names that it gives sockets, process ids, the temporary folder. Where a value
// comes from is known, not guessed: texts bear marks, and addresses belong to
// sockets.
type masks struct {
	graph   *causal.Graph // nil while the scenario runs
	owners  map[ownerKey][]*owner
	hosts   map[uint64]string   // of descriptions
	own     map[uint64]*owner   // by description
	named   map[string][]string // by the name of a socket: an actor that gives it, and another one
	tmp     string
	free    map[int]bool     // ports that free_port returned, for programs
	dynamic record.PortRange // the ports that the kernel may choose
	closed  map[uint64]time.Duration
	asked   map[seen]bool  // addresses that the file spells out
	given   map[seen]given // addresses that masked values gave

	depth    int                  // of what comes from what came
	relays   int                  // pieces that were followed through relays
	receives map[*event.Event]int // the nodes of those that receive
	received map[*event.Event]receipt
	ranges   map[uint64][]record.MarkedRange // of what folds sent; nil until somebody asks
}

func newMasks(g *causal.Graph) *masks {
	m := &masks{
		graph: g, owners: make(map[ownerKey][]*owner), hosts: make(map[uint64]string), own: make(map[uint64]*owner), named: make(map[string][]string),
		tmp: g.Record.Tmp, free: freePorts(g.Record.Ports), dynamic: g.Record.Dynamic, closed: make(map[uint64]time.Duration), asked: make(map[seen]bool), given: make(map[seen]given), receives: make(map[*event.Event]int), received: make(map[*event.Event]receipt),
	}
	var asking []*event.Event
	for _, b := range g.Record.Branches {
		for _, en := range b.Entries {
			if en.Fold != nil {
				for _, f := range en.Fold.Joints {
					m.note(b, f.Op, f.Sock, f.Endpoints, nil)
				}
				continue
			}
			if e := en.Event; e.Endpoints != nil {
				m.note(b, e.Op, e.Sock, e.Endpoints, e)
				if e.Op == event.OpNone && e.Sock != 0 {
					asking = append(asking, e)
				}
			}
			m.spelled(b, en.Event)
			if en.Event.Op == event.OpClose {
				m.closed[en.Event.Sock] = en.Event.Start
			}
			for _, id := range en.Event.Ends {
				m.closed[id] = en.Event.Start
			}
		}
	}
	// A socket may have an address that none of its calls has shown, nobody
	// knows since when.
	for _, e := range asking {
		if _, known := m.own[e.Sock]; !known {
			m.add(&owner{name: e.Endpoints.Name, host: e.Endpoints.Host, sock: e.Sock, addr: e.Endpoints.Local, typ: e.Endpoints.Space(e.Endpoints.Local), auto: e.Endpoints.AutoPort})
		}
	}
	for i := range g.Nodes[:g.Meets] {
		if e := g.Event(i); e != nil && e.Op == event.OpRecv {
			m.receives[e] = i
		}
	}
	m.inherit()
	return m
}

func freePorts(list []int) map[int]bool {
	free := make(map[int]bool)
	for _, port := range list {
		free[port] = true
	}
	return free
}

// What stands for ports that no socket of the scenario has: one that free_port
// gave, and one of a program's socket.
const (
	freePortName = "free_port"
	peerName     = "peer"
)

// addr is an address that the kernel returned, as the transcript shows it.
func (m *masks) addr(a sock.Addr, e *event.Event) string {
	before, chosen, after := a.Parts()
	host := ""
	if e.Endpoints != nil {
		host = e.Endpoints.Host
	}
	t, masked := m.given[seenFrom(host, a)]
	if chosen == "" && !masked {
		return m.folder(before)
	}
	typ := 0
	if e.Endpoints != nil {
		typ = e.Endpoints.Space(a)
	}
	// What came in came from a socket of the same type: a program's port may be
	// the number of another socket's.
	same := e.Op == event.OpAccept || e.Op == event.OpRecv
	from := event.Origin{Sock: e.Sock, Addr: a, Type: typ, Host: host}
	if e.Op == event.OpRecv {
		from.Seen = e.Sock
	}
	label := m.chosen(from, e.End, same)
	switch {
	case masked && (label == "" || label == t.label):
		return t.text
	case label == "":
		return m.folder(a.String())
	}
	return m.folder(before) + "<" + label + ">" + after
}

// chosen is what replaces the part of an address that the kernel
// chose; "" where it did not.
func (m *masks) chosen(from event.Origin, at time.Duration, sameType bool) string {
	a := from.Addr
	if m.free[int(a.Port)] {
		return freePortName
	}
	if o, ok := m.own[from.Sock]; ok && from.Sock != 0 && sameChoice(o.addr, a) {
		if !o.auto {
			return ""
		}
		return m.label(o)
	}
	host := cmp.Or(from.Host, m.hosts[from.Sock])
	o, found := m.owner(host, a, from.Type, from.Seen, at)
	if sameType {
		found = found && o.typ == from.Type
	}
	switch {
	case found && o.auto:
		return m.label(o)
	case !found && m.given[seenFrom(host, a)].label != "":
		return m.given[seenFrom(host, a)].label
	case found || !m.dynamic.Holds(a.Port) && !a.LooksChosen() || m.asked[seenFrom(host, a)]:
		return ""
	}
	return peerName
}

// sameChoice reports whether two addresses can be of one socket: the kernel
// gives one port number for each address of a host.
func sameChoice(a, b sock.Addr) bool {
	if a.HasPort() && b.HasPort() {
		return a.Port == b.Port && (a.IP.Unmap() == b.IP.Unmap() || a.IsWildcard() || b.IsWildcard())
	}
	return a.Chosen() == b.Chosen()
}

// labels are what replaces something that comes from there.
func (m *masks) labels(o event.Origin, at time.Duration) []string {
	switch {
	case o.Outside:
		return nil
	case o.Word != "":
		return []string{o.Word}
	case o.Came != nil:
		var list []string
		for _, s := range m.came(o.Came, at) {
			list = append(list, s.labels...)
		}
		return list
	}
	// What a call returned is of a socket of the type that it was made on.
	if label := m.chosen(o, at, o.Sock == 0 && o.Type != 0); label != "" {
		return []string{label}
	}
	return nil
}

// varies reports whether what comes from there has another length in some runs.
func (m *masks) varies(o event.Origin, at time.Duration) bool {
	switch {
	case o.Outside:
		return false
	case o.Word != "":
		return o.Word != freePortName
	case o.Came != nil:
		return slices.ContainsFunc(m.came(o.Came, at), func(s span) bool { return s.varies })
	}
	return o.Addr.Port != 0 && digitsVary(m.dynamic)
}

// A span is a piece of a text that is masked.
type span struct {
	from, to int
	labels   []string
	varies   bool // its length may be another one in the next run
	computed bool // it was computed from what the labels stand for
}

// spans are the pieces of a text that are masked.
func (m *masks) spans(t event.Marked, at time.Duration) []span {
	var list []span
	for _, k := range t.Marks {
		if k.Copy {
			for _, s := range m.came(k.Origins[0].Came, at) {
				s.from, s.to = s.from+k.From, s.to+k.From
				list = append(list, s)
			}
			continue
		}
		var labels []string
		for _, o := range k.Origins {
			for _, label := range m.labels(o, at) {
				if !slices.Contains(labels, label) {
					labels = append(labels, label)
				}
			}
		}
		if len(labels) > 0 {
			varies := k.Computed || slices.ContainsFunc(k.Origins, func(o event.Origin) bool { return m.varies(o, at) })
			list = append(list, span{k.From, k.To, labels, varies, k.Computed})
		}
	}
	return list
}

// text is a text with its masks in place.
func (m *masks) text(t event.Marked, at time.Duration) string {
	return m.masked(t.Text, m.spans(t, at), func(s string) string { return s })
}

// masked puts the masks in their places; what is between them passes
// through plain.
func (m *masks) masked(text string, spans []span, plain func(string) string) string {
	if len(spans) == 0 {
		return plain(m.folder(text))
	}
	var b strings.Builder
	at := 0
	for _, s := range spans {
		if s.from < at || s.from > len(text) {
			continue
		}
		b.WriteString(plain(m.folder(text[at:s.from])))
		at = min(s.to, len(text))
		b.WriteString(m.name(s, text[s.from:at]))
	}
	b.WriteString(plain(m.folder(text[at:])))
	return b.String()
}

// name is what is in the place of a masked piece. The temporary folder has a
// name of its own, where the piece holds it, or is a part of it.
func (m *masks) name(s span, piece string) string {
	if len(s.labels) == 1 && s.labels[0] == event.FolderWord {
		if hidden := m.folder(piece); hidden != piece {
			return hidden
		}
		if !s.computed {
			return event.FolderWord
		}
	}
	return "<" + strings.Join(s.labels, ",") + ">"
}

// folder hides the temporary folder in a text.
func (m *masks) folder(s string) string {
	if m.tmp == "" {
		return s
	}
	return strings.ReplaceAll(s, m.tmp, event.FolderWord)
}

// withFolders are the masked pieces of a text with those that hold the
// temporary folder and come from where nothing is known.
func (m *masks) withFolders(spans []span, text string) []span {
	if m.tmp == "" || !strings.Contains(text, m.tmp) {
		return spans
	}
	var list []span
	at := 0
	between := func(to int) {
		for at < to {
			i := strings.Index(text[at:to], m.tmp)
			if i < 0 {
				break
			}
			from := at + i
			at = from + len(m.tmp)
			list = append(list, span{from: from, to: at, labels: []string{event.FolderWord}, varies: true})
		}
	}
	for _, s := range spans {
		between(min(s.from, len(text)))
		list = append(list, s)
		at = max(at, s.to)
	}
	between(len(text))
	return list
}

// tornFolder hides the temporary folder at the end of a text that was cut in
// the middle of its name.
func (m *masks) tornFolder(s string) string {
	own := strings.LastIndexByte(m.tmp, '/') + 1
	for n := len(m.tmp) - 1; n > own; n-- {
		if strings.HasSuffix(s, m.tmp[:n]) {
			return s[:len(s)-n] + "$tmp"
		}
	}
	return s
}
