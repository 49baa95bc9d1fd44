package runner

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/sock"
)

// masks hide what depends on the kernel's choice: ephemeral ports and the
// temporary folder.
type masks struct {
	owners map[uint16][]owner // by port
	tmp    string
	free   map[int]bool      // ports that free_port gave, for programs
	bound  map[string]string // by abstract name that the kernel chose: the socket's
	closed map[uint64]time.Duration
}

// An owner is a socket that has an address.
type owner struct {
	name  string
	sock  uint64
	addr  sock.Addr
	typ   int
	auto  bool
	since time.Duration
	// learned: the port was asked for by number, but the kernel had chosen it
	// before, for a socket that the scenario asked for its port.
	learned bool
}

func newMasks(h *history, tmp string, free map[int]bool) *masks {
	m := &masks{owners: make(map[uint16][]owner), tmp: tmp, free: free, bound: make(map[string]string), closed: make(map[uint64]time.Duration)}
	defer m.inherit()
	for _, s := range h.strands {
		for _, en := range s.entries {
			switch {
			case en.fold != nil:
				for _, f := range en.fold.links {
					if f.op != steps.OpAccept {
						m.own(f.sock, f.link, 0)
					}
				}
			case en.event.Link != nil && givesAddress(en.event.Op):
				m.own(en.event.Sock, en.event.Link, en.event.Start)
			case en.event.Op == steps.OpClose:
				m.closed[en.event.Sock] = en.event.Start
			}
		}
	}
	return m
}

func (m *masks) own(sock uint64, l *steps.Link, since time.Duration) {
	if l.AutoPort && strings.HasPrefix(l.Local.Path, "@") {
		m.bound[l.Local.Path] = l.Name
	}
	if l.Local.Port == 0 {
		return
	}
	m.owners[l.Local.Port] = append(m.owners[l.Local.Port],
		owner{name: l.Name, sock: sock, addr: l.Local, typ: l.Type, auto: l.AutoPort, since: since})
}

// givesAddress reports the calls that give a socket its own address. An
// accepted socket has its listener's, which stays the owner.
func givesAddress(op steps.Op) bool {
	return op == steps.OpBind || op == steps.OpListen || op == steps.OpConnect || op == steps.OpSend
}

// inherit makes a port that the kernel chose once stay its choice for the
// sockets that are bound to it by its number later.
func (m *masks) inherit() {
	for _, list := range m.owners {
		for i := range list {
			list[i].learned = !list[i].auto && slices.ContainsFunc(list, func(o owner) bool {
				return o.auto && o.since < list[i].since
			})
		}
		for i := range list {
			list[i].auto = list[i].auto || list[i].learned
		}
	}
}

// chosenBefore is the last socket that the kernel chose a port for, before a
// moment: it may choose one again that it has got back.
func (m *masks) chosenBefore(port uint16, at time.Duration) (owner, bool) {
	var best owner
	found := false
	for _, o := range m.owners[port] {
		if o.auto && !o.learned && o.since < at && (!found || o.since > best.since) {
			best, found = o, true
		}
	}
	return best, found
}

// chosen is the socket that a bare number speaks of: the last one that the
// kernel chose it for, by then, or the first one after.
func (m *masks) chosen(port uint16, at time.Duration) (owner, bool) {
	if o, found := m.chosenBefore(port, at); found {
		return o, true
	}
	var first owner
	found := false
	for _, o := range m.owners[port] {
		if o.auto && (!found || o.since < first.since) {
			first, found = o, true
		}
	}
	return first, found
}

// owner finds the socket that an address belongs to at a moment: the exact
// address before a wildcard before another address with the same port, which a
// scenario can only have from there; of sockets that share a port, one that is
// open before one that is closed, and the latest before earlier ones.
func (m *masks) owner(a sock.Addr, typ int, at time.Duration) (owner, bool) {
	var best owner
	found, bestRank := false, -1
	for _, o := range m.owners[a.Port] {
		rank := 0
		switch {
		case o.addr.IP.Unmap() == a.IP.Unmap():
			rank = 8
		case o.addr.IsWildcard():
			rank = 4
		}
		if o.typ == typ || typ == 0 {
			rank += 2
		}
		if o.since <= at {
			rank++
		}
		rank *= 2
		if m.open(o, at) {
			rank++
		}
		if rank > bestRank || rank == bestRank && o.since >= best.since {
			best, bestRank, found = o, rank, true
		}
	}
	return best, found
}

// open reports whether a socket has not been closed by a moment.
func (m *masks) open(o owner, at time.Duration) bool {
	closed, ever := m.closed[o.sock]
	return !ever || closed > at
}

// addr is an address as the transcript shows it.
func (m *masks) addr(a sock.Addr, e *steps.Event) string {
	text := a.String()
	if name, auto := m.bound[a.Path]; auto {
		return "unix:@<" + name + ">"
	}
	if a.Path != "" {
		return m.folder(text)
	}
	if a.Port == 0 {
		return text
	}
	if m.free[int(a.Port)] {
		return maskPort(text, a.Port, freePortName)
	}
	if e.Op == steps.OpBind || e.Call == "bind" {
		o, found := m.chosenBefore(a.Port, e.Start)
		if !found {
			return text
		}
		return maskPort(text, a.Port, o.name)
	}
	typ := 0
	if e.Link != nil {
		typ = e.Link.Type
	}
	o, found := m.owner(a, typ, e.End)
	if e.Op == steps.OpAccept || e.Op == steps.OpRecv {
		// What came in came from a socket of the same type: a program's port may
		// be the number of another socket's.
		found = found && o.typ == typ
	}
	name := o.name
	switch {
	case found && !o.auto:
		return text
	case !found && !steps.DynamicPort(a.Port):
		return text
	case !found:
		name = "peer"
	}
	return maskPort(text, a.Port, name)
}

// maskPort puts a socket's name in the place of the port at the end of a text.
func maskPort(text string, port uint16, name string) string {
	return strings.TrimSuffix(text, strconv.Itoa(int(port))) + "<" + name + ">"
}

// freePortName stands for a port that free_port gave.
const freePortName = "free_port"

// folder hides the temporary folder in a text.
func (m *masks) folder(s string) string {
	if m.tmp == "" {
		return s
	}
	return strings.ReplaceAll(s, m.tmp, "$tmp")
}

// tornFolder hides the temporary folder at the end of a text that was cut in the
// middle of its name.
func (m *masks) tornFolder(s string) string {
	own := strings.LastIndexByte(m.tmp, '/') + 1
	for n := len(m.tmp) - 1; n > own; n-- {
		if strings.HasSuffix(s, m.tmp[:n]) {
			return s[:len(s)-n] + "$tmp"
		}
	}
	return s
}

var (
	hostPort  = regexp.MustCompile(`(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]):(\d{4,5})\b`)
	wholePort = regexp.MustCompile(`\b\d{4,5}\b`)
)

// replacePorts replaces what one of these finds. Most texts hold no number that
// is long enough.
func replacePorts(port *regexp.Regexp, s string, replace func(string) string) string {
	digits := 0
	for i := range len(s) {
		if c := s[i]; c < '0' || c > '9' {
			digits = 0
		} else if digits++; digits == 4 {
			return port.ReplaceAllStringFunc(s, replace)
		}
	}
	return s
}

// data hides addresses with ephemeral ports in a text that was sent, received
// or written.
func (m *masks) data(s string, at time.Duration) string {
	s = m.freePorts(m.folder(s))
	if len(m.owners) == 0 || !strings.Contains(s, ":") {
		return s
	}
	return replacePorts(hostPort, s, func(text string) string {
		a, err := sock.ParseAddr(text)
		if err != nil {
			return text
		}
		if o, found := m.owner(a, 0, at); found && o.auto {
			return maskPort(text, a.Port, o.name)
		}
		return text
	})
}

// freePorts hides the ports that free_port gave, wherever they stand: programs
// tell them in their own words.
func (m *masks) freePorts(s string) string {
	if len(m.free) == 0 {
		return s
	}
	return replacePorts(wholePort, s, func(text string) string {
		if port, err := strconv.Atoi(text); err == nil && m.free[port] {
			return "<" + freePortName + ">"
		}
		return text
	})
}

// line hides, beside addresses, the bare numbers of ephemeral ports in a line
// of the scenario's own.
func (m *masks) line(s string, at time.Duration) string {
	return replacePorts(wholePort, m.data(s, at), func(text string) string {
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil || !steps.DynamicPort(uint16(port)) {
			return text
		}
		if o, found := m.chosen(uint16(port), at); found {
			return "<" + o.name + ">"
		}
		return text
	})
}
