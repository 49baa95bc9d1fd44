package value

import (
	"errors"
	"fmt"
	"net/netip"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// AddressMatch is an address that must come; one without a port asks for the
// host only.
type AddressMatch struct {
	Address
	host  netip.Addr
	none  bool // no address must come
	parts *AddressParts
}

// Decode reads an address, a bare host, none, or {host, port}.
func (a *AddressMatch) Decode(d *Decoder, n *source.Node) {
	if n.Kind == source.Map {
		a.given, a.Node, a.parts = true, n, new(AddressParts)
		d.Mapping(n, a.parts.Conditions(), "the address")
		if len(n.Entries) == 0 {
			d.Problem(n, "this says nothing of the address").Hint = "write {host: 127.0.0.1, port: ephemeral}"
		}
		return
	}
	if n.Kind == source.Scalar && n.Text == "none" && !d.knows("none") {
		a.given, a.Node, a.none = true, n, true
		return
	}
	if ip, err := netip.ParseAddr(n.Text); err == nil && n.Kind == source.Scalar {
		a.given, a.Node, a.host = true, n, ip
		return
	}
	a.Address.Decode(d, n)
}

// Schema accepts an address, or {host, port}.
func (a *AddressMatch) Schema() Schema {
	properties := Schema{}
	for _, p := range new(AddressParts).Conditions() {
		properties[p.Key] = Described(p)
	}
	return Schema{"anyOf": []Schema{a.Address.Schema(), Object(properties)}}
}

// Type names the type in the reference.
func (a *AddressMatch) Type() string { return "address, or {host, port}" }

// cameText is an address that came, for a message.
func cameText(got sock.Addr) string {
	if text := got.String(); text != "" {
		return text
	}
	return "no address (write none to expect that)"
}

// Expect compares an address with the expectation.
func (a *AddressMatch) Expect(env Env, got sock.Addr, what string) error {
	if !a.given {
		return nil
	}
	if a.parts != nil {
		return a.parts.Expect(env, got, what)
	}
	came := cameText(got)
	if a.none {
		if !got.IsZero() {
			return Mismatchf("expected no %s address, got %s", what, came)
		}
		return nil
	}
	host, err := a.bareHost(env)
	if err != nil {
		return err
	}
	if host.IsValid() {
		if got.IP != host {
			return Mismatchf("expected %s %s, got %s", what, host, came)
		}
		return nil
	}
	want, err := a.Ask(env)
	if err != nil {
		return err
	}
	if !want.Addr.Means(got) {
		return Mismatchf("expected %s %s, got %s", what, want.Addr, came)
	}
	knowAddress(env, want, got)
	return nil
}

// knowAddress says that an address came as it is expected: as it came where the
// file spells it out, for the expectation may leave a part of it out.
func knowAddress(env Env, want event.Asked, got sock.Addr) {
	if len(want.Marks) == 0 {
		want.Addr = got
	}
	env.KnownAddress(want)
}

// Matcher says which addresses meet the expectation; nil where there is none.
func (a *AddressMatch) Matcher(env Env) (func(sock.Addr) bool, error) {
	if !a.given {
		return nil, nil
	}
	var mismatch *Mismatch
	if err := a.Expect(env, sock.Addr{}, ""); err != nil && !errors.As(err, &mismatch) {
		return nil, err // of its expressions
	}
	return func(got sock.Addr) bool { return a.Expect(env, got, "") == nil }, nil
}

// bareHost is the host where no port is asked for; not valid else.
func (a *AddressMatch) bareHost(env Env) (netip.Addr, error) {
	if _, static := a.Static(); a.host.IsValid() || a.ref == nil && static {
		return a.host, nil
	}
	s, err := a.eval(env)
	if err != nil {
		return netip.Addr{}, err
	}
	host, err := netip.ParseAddr(s.Text)
	if err != nil {
		return netip.Addr{}, nil // an address with a port, or what Resolve reports
	}
	return host, nil
}

// AddressParts are conditions on the parts of an address.
type AddressParts struct {
	host hostMatch
	port portMatch
}

// Conditions are the keys that say what the parts must be.
func (p *AddressParts) Conditions() []*Param {
	return []*Param{
		{Key: "host", Value: &p.host, Help: "the host of the address"},
		{Key: "port", Value: &p.port, Help: "its port: a number, a condition such as 1..1023, or ephemeral: one of those that the kernel chooses by itself"},
	}
}

// Expect compares an address with the conditions.
func (p *AddressParts) Expect(env Env, got sock.Addr, what string) error {
	if p.host.Given() {
		want, err := p.host.ip(env)
		if err != nil {
			return err
		}
		if got.IP != want {
			return Mismatchf("expected %s to have the host %s, got %s", what, want, cameText(got))
		}
	}
	switch {
	case p.port.ephemeral:
		if !event.DynamicPort(got.Port) {
			low, high := event.DynamicPorts()
			return Mismatchf("expected %s to have an ephemeral port (%d..%d), got %s", what, low, high, cameText(got))
		}
	case p.port.Given():
		ok, want, err := p.port.Holds(env, int64(got.Port))
		if err != nil {
			return err
		}
		if !ok {
			return Mismatchf("expected %s to have the port %s, got %s", what, want, cameText(got))
		}
		return p.know(env, got)
	}
	return nil
}

// know says that an address came with the expected port, where that is this
// very one and not one of many.
func (p *AddressParts) know(env Env, got sock.Addr) error {
	from, same, err := p.port.From(env, int64(got.Port))
	if err != nil || !same {
		return err
	}
	came := event.Asked{Addr: got}
	if before, chosen, _ := got.Parts(); len(from) > 0 {
		came.Marks = []event.Mark{{From: len(before), To: len(before) + len(chosen), Origins: from}}
	}
	env.KnownAddress(came)
	return nil
}

// hostMatch is an IP address without a port.
type hostMatch struct{ Text }

// Decode reads the address; one without expressions must parse.
func (h *hostMatch) Decode(d *Decoder, n *source.Node) {
	h.Text.Decode(d, n)
	s, static := h.Static()
	if !h.given || !static {
		return
	}
	if _, err := netip.ParseAddr(s); err != nil {
		d.Problem(n, "%s is not an IP address", Quote(s)).Hint = "write it without a port: 127.0.0.1"
	}
}

// ip is the address.
func (h *hostMatch) ip(env Env) (netip.Addr, error) {
	s, err := h.Eval(env)
	if err != nil {
		return netip.Addr{}, err
	}
	ip, err := netip.ParseAddr(s)
	if err != nil {
		err = fmt.Errorf("%s is not an IP address", Quote(s))
	}
	return ip, err
}

// portMatch is a condition on a port.
type portMatch struct {
	Compare
	ephemeral bool
}

// Decode reads a condition, or the word ephemeral.
func (p *portMatch) Decode(d *Decoder, n *source.Node) {
	if n.Kind == source.Scalar && n.Text == "ephemeral" {
		p.Node, p.ephemeral = n, true
		return
	}
	before := len(d.problems)
	p.Compare.Decode(d, n)
	for _, found := range d.problems[before:] {
		if found.Hint == "" {
			found.Hint = "write a port, a range such as 1..1023, or ephemeral"
		}
	}
}

// Type names the type in the reference.
func (p *portMatch) Type() string { return "number, condition or ephemeral" }
