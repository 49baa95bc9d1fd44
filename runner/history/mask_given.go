package history

import (
	"slices"
	"strings"
	"time"

	"github.com/sockscript/sockscript/steps/event"
)

// spelled keeps the addresses that the file spells out to connect or send to, and
// those that masked values gave.
func (m *masks) spelled(e *event.Event) {
	for _, arg := range e.Args {
		a, ok := arg.(event.Asked)
		if !ok {
			continue
		}
		if len(a.Marks) == 0 {
			m.asked[a.Addr.String()] = true
		}
		for _, k := range a.Marks {
			if slices.ContainsFunc(k.Origins, func(o event.Origin) bool { return o.Masked }) {
				m.given[a.Addr.String()] = m.givenBy(a, e.End)
			}
		}
	}
}

// A given is an address that masked values gave, as a transcript shows it, with
// what stands in the place of the masked part.
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
