package steps

import (
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// pollAsked is what a poll asks for: the same of all handles, or events by
// handle.
type pollAsked struct {
	all   pollEvents
	each  bool // by handle
	names []string
	keys  []*source.Node
	list  []pollEvents
}

// Decode reads events, or a mapping of handles to events.
func (v *pollAsked) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind != source.Map {
		v.all.Decode(d, n)
		return
	}
	v.each = true
	for _, e := range n.Entries {
		var ev pollEvents
		ev.Decode(d, e.Value)
		v.names, v.keys, v.list = append(v.names, e.Key.Text), append(v.keys, e.Key), append(v.list, ev)
	}
}

// Schema accepts events, or a mapping of names to events.
func (v *pollAsked) Schema() value.Schema {
	return value.Schema{"anyOf": []value.Schema{v.all.Schema(), new(readiness).Schema()}}
}

// Type names the type in the reference.
func (v *pollAsked) Type() string { return "events, or events by handle" }

// of is what the poll asks of a handle.
func (v *pollAsked) of(name string) int16 {
	if i := slices.Index(v.names, name); v.each && i >= 0 {
		return v.list[i].bits
	}
	return v.all.bits
}

// shown are the handles and events as the transcript shows them.
func (v *pollAsked) shown(names []string) []any {
	if !v.each {
		return []any{event.Const("[" + strings.Join(names, ", ") + "]"), event.Const(eventSet(v.all.bits))}
	}
	asked := make([]string, len(names))
	for i, name := range names {
		asked[i] = name + "=" + eventSet(v.of(name))
	}
	return []any{event.Const("[" + strings.Join(asked, ", ") + "]")}
}

// eventSet is a set of events as the transcript shows it.
func eventSet(set int16) string {
	if set == 0 {
		return "0"
	}
	return sock.PollEventNames(set)
}

// missing is what a poll says that times out.
func (v *pollAsked) missing() string {
	if v.each || v.all.bits == 0 {
		return "no event has come"
	}
	return strings.ReplaceAll(sock.PollEventNames(v.all.bits), "|", " or ") + " has not come"
}

// pollEvents are events of poll(2): a name or a list.
type pollEvents struct {
	node *source.Node
	bits int16
}

// Decode reads an event or a list of events.
func (v *pollEvents) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	v.bits = eventBits(d, n, sock.PollEventByName, sock.AllPollEvents(), "POLL", "in, out, pri, rdhup, hup or err")
}

// eventBits reads a name or a list of names. All are those that there are, with
// a prefix that may be left out; usual are the ones that a hint says.
func eventBits[T int16 | uint32](d *value.Decoder, n *source.Node, byName func(string) (T, bool), all []string, prefix, usual string) (bits T) {
	for _, item := range value.Listed(n) {
		bit, ok := byName(item.Text)
		if !ok || item.Kind != source.Scalar {
			p := value.Unknown(d, item, "event")
			if p.Hint = source.DidYouMean(item.Text, value.WithShort(all, prefix)); p.Hint == "" {
				p.Hint = "write " + usual
			}
			continue
		}
		bits |= bit
	}
	return bits
}

// Schema accepts a name or a list of names.
func (v *pollEvents) Schema() value.Schema { return eventsSchema(sock.AllPollEvents(), "POLL") }

// eventsSchema describes an event, or a list of events. They have no numbers.
func eventsSchema(names []string, prefix string) value.Schema {
	one := value.Constants(names, prefix, "unknown event; write a name such as "+names[0])
	one["anyOf"] = slices.DeleteFunc(one["anyOf"].([]value.Schema), func(s value.Schema) bool { return s["type"] == "integer" })
	return value.OneOrMore(one)
}

// Type names the type in the reference.
func (v *pollEvents) Type() string { return "events" }

// Readiness is the expected result of a poll: the events of each handle.
type readiness struct {
	node   *source.Node
	names  []string
	events []pollEvents
}

// Decode reads a mapping of handles to events.
func (v *readiness) Decode(d *value.Decoder, n *source.Node) {
	v.node = n
	if n.Kind != source.Map {
		d.Problem(n, "expected a mapping of handles to events, got %s", n.Describe()).Hint = "write {conn: [in, rdhup]}"
		return
	}
	for _, e := range n.Entries {
		var ev pollEvents
		ev.Decode(d, e.Value)
		v.names, v.events = append(v.names, e.Key.Text), append(v.events, ev)
	}
}

// Schema accepts a mapping of names to events.
func (v *readiness) Schema() value.Schema {
	return value.Schema{"type": "object", "additionalProperties": new(pollEvents).Schema()}
}

// Type names the type in the reference.
func (v *readiness) Type() string { return "events by handle" }

// eventsByHandle is what expressions see of a poll: the events of each handle,
// in the words of scenarios.
func eventsByHandle(names []string, items []sock.PollItem) map[string]any {
	all := make(map[string]any)
	for i, name := range names {
		words := []any{}
		for _, c := range strings.Split(sock.PollEventNames(items[i].Revents), "|") {
			if items[i].Revents != 0 {
				words = append(words, strings.ToLower(strings.TrimPrefix(c, "POLL")))
			}
		}
		all[name] = words
	}
	return all
}

// has reports whether a handle is expected to have an event.
func (v *readiness) has(name string, event int16) bool {
	i := slices.Index(v.names, name)
	return i >= 0 && v.events[i].bits&event != 0
}

// check compares the revents of each handle with the expectation.
func (v *readiness) check(names []string, items []sock.PollItem) error {
	if v.node == nil {
		return nil
	}
	want := make(map[string]int16)
	for i, name := range v.names {
		if !slices.Contains(names, name) {
			return value.Mismatchf("expected %s to have %s, but it is not one of the handles that are polled", name, eventText(v.events[i].bits))
		}
		want[name] = v.events[i].bits
	}
	for i, name := range names {
		if got := items[i].Revents; got != want[name] {
			return value.Mismatchf("expected %s to have %s, got %s", name, eventText(want[name]), eventText(got))
		}
	}
	return nil
}

func eventText(set int16) string {
	if set == 0 {
		return "no event"
	}
	return sock.PollEventNames(set)
}
