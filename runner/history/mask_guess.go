package history

import (
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

var (
	hostPort  = source.Pattern(`(?:\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:.]+\]):(\d{4,5})\b`)
	wholePort = source.Pattern(`\b\d{4,5}\b`)
)

// guess finds in a text of unknown origin the addresses whose port the kernel
// chose for a socket of the scenario, and the ports that free_port returned:
// programs name both in their own words.
func (m *masks) guess(text string, at time.Duration) []span {
	if !holdsPort(text) {
		return nil
	}
	var list []span
	for _, loc := range hostPort().FindAllStringSubmatchIndex(text, -1) {
		a, err := sock.ParseAddr(text[loc[0]:loc[1]])
		if err != nil {
			continue
		}
		if o, found := m.owner("", a, 0, 0, at); found && o.auto {
			list = append(list, span{from: loc[2], to: loc[3], labels: []string{m.label(o)}, varies: digitsVary(m.dynamic)})
		}
	}
	if len(m.free) == 0 {
		return list
	}
	for _, loc := range wholePort().FindAllStringIndex(text, -1) {
		if port, err := strconv.Atoi(text[loc[0]:loc[1]]); err == nil && m.free[port] {
			list = append(list, span{from: loc[0], to: loc[1], labels: []string{freePortName}})
		}
	}
	sort.Slice(list, func(i, j int) bool { return list[i].from < list[j].from })
	return list
}

// holdsPort reports whether a number in a text is long enough to be such a
// port. Most texts hold none.
func holdsPort(s string) bool {
	digits := 0
	for i := range len(s) {
		if c := s[i]; c < '0' || c > '9' {
			digits = 0
		} else if digits++; digits == 4 {
			return true
		}
	}
	return false
}

// spelled keeps the addresses that the file spells out, to connect or send to
// or as those that must come, and those that masked values gave.
func (m *masks) spelled(b *record.Branch, e *event.Event) {
	host := b.Host
	if e.Endpoints != nil {
		host = e.Endpoints.Host
	}
	for _, a := range append(event.AskedOf(e.Args), e.Expects...) {
		if len(a.Marks) == 0 {
			m.asked[seenFrom(host, a.Addr)] = true
			m.asked[seenFrom("", a.Addr)] = true
		}
		if a.Masked() {
			g := m.givenBy(a, e.End)
			m.given[seenFrom(host, a.Addr)], m.given[seenFrom("", a.Addr)] = g, g
		}
	}
}

// A seen is the text of an address, with the host that sees it where each host
// has one of its own; with none it is what any host sees.
type seen struct{ host, text string }

func seenFrom(host string, a sock.Addr) seen {
	if !a.IsHostOwn() {
		host = ""
	}
	return seen{host, a.String()}
}

// A given is an address that masked values gave, as a transcript shows it, with
// what replaces the masked part.
type given struct{ text, label string }

func (m *masks) givenBy(a event.Asked, at time.Duration) given {
	text := a.Addr.String()
	spans := m.spans(event.Marked{Marks: a.Marks}, at)
	var labels []string
	for _, s := range spans {
		for _, label := range s.labels {
			if !slices.Contains(labels, label) {
				labels = append(labels, label)
			}
		}
	}
	return given{
		text:  m.masked(text, spans, func(s string) string { return s }),
		label: strings.Join(labels, ","),
	}
}

// sameText compares texts that came in two rounds of a branch, with the
// addresses masked that the kernel chose in each.
func sameText(b *record.Branch, before, after []record.Entry) func(x, y string) bool {
	masksOf := func(round []record.Entry) *masks {
		m := &masks{owners: make(map[ownerKey][]*owner), own: make(map[uint64]*owner), named: make(map[string][]string), hosts: make(map[uint64]string)}
		for _, e := range round {
			if e.Event != nil && e.Event.Endpoints != nil {
				m.note(b, e.Event.Op, e.Event.Sock, e.Event.Endpoints, nil)
			}
		}
		return m
	}
	first, second := masksOf(before), masksOf(after)
	return func(x, y string) bool {
		as := func(text string) string { return text }
		return first.masked(x, first.guess(x, 0), as) == second.masked(y, second.guess(y, 0), as)
	}
}
