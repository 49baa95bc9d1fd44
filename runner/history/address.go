package history

import (
	"math"

	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// Owner is the actor and the name of the socket that has an address on a host;
// ok is false where the scenario has none.
func (r *Record) Owner(host string, a sock.Addr, typ int) (actor, name string, ok bool) {
	r.prepare()
	o, ok := r.masks.owner(host, a, typ, 0, math.MaxInt64)
	if !ok || o.typ != typ {
		return "", "", false
	}
	return o.actor, o.name, true
}

// Address is an address on a host as a transcript shows it.
func (r *Record) Address(host string, a sock.Addr, typ int) string {
	r.prepare()
	return r.masks.addr(a, &event.Event{Op: event.OpAccept, End: math.MaxInt64, Endpoints: &event.Endpoints{Host: host, Type: typ}})
}
