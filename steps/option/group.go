package option

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// ipVersion is the kind of address that a field holds: 4, 6, or 0 for either.
type ipVersion int

const (
	anyIP ipVersion = 0
	ipv4  ipVersion = 4
	ipv6  ipVersion = 6
)

func (v ipVersion) noun() string {
	if v == anyIP {
		return "an IP address"
	}
	return fmt.Sprintf("an IPv%d address", int(v))
}

// address is a field that must be an address of that version.
func (v ipVersion) address(m map[string]string, name string, need bool) (netip.Addr, error) {
	s, ok := m[name]
	switch {
	case !ok && !need:
		return netip.Addr{}, nil
	case !ok:
		return netip.Addr{}, fmt.Errorf("it needs %s", name)
	}
	ip, err := netip.ParseAddr(s)
	if err != nil || v == ipv4 && !ip.Is4() || v == ipv6 && !ip.Is6() {
		return ip, fmt.Errorf("%s must be %s, not %s", name, v.noun(), value.Quote(s))
	}
	return ip, nil
}

// interfaceIndex is the index of the interface that a field names, or gives as
// a number; 0 without the field. There need not be one of that name before the
// step runs: without a task none is looked for.
func interfaceIndex(env value.Env, m map[string]string) (int, error) {
	name, ok := m[interfaceField]
	if !ok || env == nil {
		return 0, nil
	}
	on, ok := env.(socketEnv)
	if !ok {
		return 0, fmt.Errorf("there is no socket whose interface %s could be", value.Quote(name))
	}
	index, err := on.socket.InterfaceIndex(name)
	if err != nil {
		return 0, fmt.Errorf("there is no interface %s", value.Quote(name))
	}
	return index, nil
}

// A membership is what the structures of the multicast options hold.
type membership struct {
	group, source, local netip.Addr
	index                int // of the interface
}

// membership reads the fields of a multicast option's structure.
func (v ipVersion) membership(value *Value, env value.Env, required, optional []string) (membership, error) {
	var m membership
	fields, err := value.values(env, slices.Concat(required, optional)...)
	if err != nil {
		return m, err
	}
	for _, f := range []struct {
		name string
		to   *netip.Addr
	}{{"group", &m.group}, {"source", &m.source}, {"local", &m.local}} {
		if *f.to, err = v.address(fields, f.name, slices.Contains(required, f.name)); err != nil {
			return m, err
		}
	}
	m.index, err = interfaceIndex(env, fields)
	return m, err
}

func encodeMembership(v *Value, env value.Env) ([]byte, error) {
	m, err := ipv4.membership(v, env, []string{"group"}, []string{"interface", "local"})
	return sock.EncodeMembership(m.group, m.local, m.index), err
}

func encodeMembership6(v *Value, env value.Env) ([]byte, error) {
	m, err := ipv6.membership(v, env, []string{"group"}, []string{"interface"})
	return sock.EncodeMembership6(m.group, m.index), err
}

func encodeSourceMembership(v *Value, env value.Env) ([]byte, error) {
	m, err := ipv4.membership(v, env, []string{"group", "source", "local"}, nil)
	return sock.EncodeSourceMembership(m.group, m.local, m.source), err
}

// encodeGroup makes a struct group_req.
func encodeGroup(v *Value, env value.Env) ([]byte, error) {
	m, err := anyIP.membership(v, env, []string{"group"}, []string{"interface"})
	return sock.EncodeGroup(m.index, m.group), err
}

// encodeGroupSource makes a struct group_source_req.
func encodeGroupSource(v *Value, env value.Env) ([]byte, error) {
	m, err := anyIP.membership(v, env, []string{"group", "source"}, []string{"interface"})
	return sock.EncodeGroup(m.index, m.group, m.source), err
}
