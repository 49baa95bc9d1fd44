package steps

import (
	"net/netip"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var addressKind = step.Kind{
	Name:    "address",
	Summary: "give an interface an address, or take one from it",
	Text: `With dad the kernel asks the link whether another host has the IPv6 address
(duplicate address detection, RFC 4862). The step then waits for the answer,
which takes about a second; a host that has it makes the address a duplicate,
which nobody can use. Without dad an address is there at once. See
ip-address(8).`,
	Example: `requires: netns
network: private
actors:
  one:
    - address: lo
      add: 192.168.1.150/32
    - socket: udp
      as: sock
    - bind: sock
      to: 192.168.1.150:5000
    - address: lo
      remove: 192.168.1.150/32
    - socket: udp
      as: again
    - bind: again
      to: 192.168.1.150:5001
      expect: {error: EADDRNOTAVAIL}
`,
	Reshapes: true,
	Beneath: step.Beneath{
		Call:   "RTM_NEWADDR or RTM_DELADDR, see rtnetlink(7)",
		Kernel: "takes packets to the address from now on, and reaches the network of its prefix through the interface.",
		Wire:   "IPv6 with dad: a neighbor solicitation for the address itself (RFC 4862). IPv4: nothing; an announce step informs the neighbors.",
		Errors: []step.LikelyError{
			{Errno: "EEXIST", Why: "the interface has the address already"},
			{Errno: "EADDRNOTAVAIL", Why: "the interface does not have the address that is removed"},
		},
	},
	New: func() step.Action {
		return &addressAction{
			add: newPrefix(), remove: newPrefix(),
			want: value.Enum{Words: []string{uniqueWord, duplicateWord}},
		}
	},
	Hint: func(errno syscall.Errno, _ sock.Addr) string {
		switch errno {
		case syscall.EEXIST:
			return "the interface has this address already"
		case syscall.EADDRNOTAVAIL:
			return "the interface does not have this address"
		}
		return networkHints[errno]
	},
}

// What is known of an address when the kernel has asked for it.
const (
	uniqueWord    = "unique"
	duplicateWord = "duplicate"
)

func newPrefix() value.Parsed[netip.Prefix] {
	return value.NewParsed("address with a prefix length", value.ParsePrefix)
}

// networkHints are for errnos that any step on the network may end in.
var networkHints = map[syscall.Errno]string{
	syscall.EPERM:      "this network cannot be changed: write network: private, or a network of hosts",
	syscall.EOPNOTSUPP: "the kernel cannot do this with this interface",
}

type addressAction struct {
	iface       value.Text
	add, remove value.Parsed[netip.Prefix]
	dad         value.Bool
	host        step.HostRef
	want        value.Enum
}

func (a *addressAction) Params(p *step.Params) {
	p.Value(&a.iface, "the interface: eth0")
	p.Key("add", &a.add, "the address that it gets, with the length of its network's prefix: 192.168.1.161/24")
	p.Key("remove", &a.remove, "the address that it loses")
	p.Key("dad", &a.dad, "whether the kernel looks first if another host has the IPv6 address").Or("false")
	p.Host(&a.host, "the host whose interface it is")
	p.Plain(&a.want, "with dad, what the kernel finds")
	p.Result("dad", &a.want, "what the kernel finds")
}

func (a *addressAction) Run(t *step.Task) error {
	h, err := a.host.Open(t)
	if err != nil {
		return err
	}
	iface, err := a.iface.Marked(t)
	if err != nil {
		return err
	}
	word, prefix := "add", &a.add
	if a.remove.Given() {
		word, prefix = "remove", &a.remove
	}
	address, text, err := prefix.Parse(t)
	if err != nil {
		return err
	}
	args := []any{event.Plain(iface), labelled(word, text)}
	if a.dad.On {
		args = append(args, event.Const("dad"))
	}
	if err := networkCall(t, "address", &a.host, args...); err != nil {
		return err
	}
	if a.remove.Given() {
		return done(t, h.RemoveAddress(iface.Text, address))
	}
	err = h.AddAddress(iface.Text, address, a.dad.On)
	if err != nil || !a.dad.On {
		return done(t, err)
	}
	return a.detect(t, h, iface.Text, address.Addr())
}

// detect waits until the kernel has asked for the address.
func (a *addressAction) detect(t *step.Task, h step.Host, iface string, ip netip.Addr) error {
	for {
		tentative, duplicate, err := h.Duplicate(iface, ip)
		switch {
		case err != nil:
			return failedCall(t, err)
		case !tentative || duplicate:
			return a.detected(t, ip, duplicate)
		}
		t.Missing = "the kernel still looks whether another host has " + ip.String()
		if err := t.Pause(5 * time.Millisecond); err != nil {
			return err
		}
	}
}

func (a *addressAction) detected(t *step.Task, ip netip.Addr, duplicate bool) error {
	got := uniqueWord
	if duplicate {
		got = duplicateWord
	}
	t.Return(event.Const(got))
	switch {
	case a.want.Given() && got != a.want.Word:
		return value.Mismatchf("expected %s to be %s, it is %s", ip, a.want.Word, got)
	case duplicate && !a.want.Given():
		return value.Mismatchf("another host has %s; write expect: duplicate where that is meant", ip)
	}
	return nil
}

func (a *addressAction) Check(c *check.Check) {
	ownInterface(c, &a.host, &a.iface)
	if !oneOf(c, "address", []string{"add", "remove"}, a.add.Given(), a.remove.Given()) {
		return
	}
	prefix, fixed := a.add.Fixed()
	switch {
	case a.dad.On && a.remove.Given():
		c.Problem(c.Step.Node, "dad is for an address that is added").Hint = "leave dad out"
	case a.dad.On && fixed && prefix.Addr().Is4():
		c.Problem(a.add.Node, "the kernel looks for duplicates of IPv6 addresses only").Hint = "leave dad out, or add an IPv6 address"
	case a.want.Given() && !a.dad.On:
		c.Problem(a.want.Node, "whether an address is a duplicate is known only with dad").Hint = "write dad: true"
	}
}
