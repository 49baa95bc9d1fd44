package steps

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var neighborKind = step.Kind{
	Name:    "neighbor",
	Summary: "read or change what a host knows of its neighbors",
	Text: `The table says which hardware address a neighbor's IP address has: by ARP for
IPv4 (RFC 826), by neighbor discovery for IPv6 (RFC 4861). With expect the step
waits until the table says so. An entry that is not resolved, or failed, is
none. The states of entries (REACHABLE, STALE and so on) are a matter of time,
and are not shown. An interface of any host stands for its hardware address. See
arp(7), ip-neighbour(8).`,
	Example: `requires: netns
network:
  hosts:
    alpha: {eth0: 192.168.1.1/24}
    beta: {eth0: 192.168.1.2/24}
  links:
    lan: {join: [alpha.eth0, beta.eth0]}
actors:
  beta:
    - socket: udp
      as: sock
    - send: sock
      to: 192.168.1.1:9
      data: hello
    - neighbor: 192.168.1.1
      expect: {mac: alpha.eth0}
    - neighbor: 192.168.1.1
      flush: true
    - neighbor: 192.168.1.1
      expect: none
`,
	Beneath: step.Beneath{
		Call:   "RTM_GETNEIGH, RTM_NEWNEIGH or RTM_DELNEIGH, see rtnetlink(7)",
		Kernel: "asks for a hardware address when the first packet goes to a neighbor, keeps that packet meanwhile, and remembers the answer.",
		Wire:   "nothing by the step itself. By the first packet: an ARP request to all, and the answer to the one who asked (RFC 826); for IPv6 a neighbor solicitation and an advertisement (RFC 4861).",
	},
	New: func() step.Action {
		return &neighborAction{want: value.Enum{Words: []string{noneWord}}}
	},
	Hint: func(errno syscall.Errno, _ sock.Addr) string {
		if errno == syscall.ENETUNREACH {
			return "the address is in no network of the host"
		}
		return networkHints[errno]
	},
}

const (
	allWord  = "all"
	noneWord = "none"
)

type neighborAction struct {
	ip    neighborName
	set   hardwareRef
	flush value.Bool
	host  step.HostRef
	want  value.Enum // none
	mac   hardwareRef
}

func (a *neighborAction) Params(p *step.Params) {
	a.set.none = true
	p.Value(&a.ip, "the neighbor's IP address, or all")
	p.Key("set", &a.set, "the hardware address that the table gets for it for good: 02:00:00:00:00:01, an interface such as alpha.eth0, or none")
	p.Key("flush", &a.flush, "whether the host forgets the neighbor, or all").Or("false")
	p.Host(&a.host, "the host whose table it is")
	p.Plain(&a.want, "none: the host does not know a hardware address")
	p.Result("mac", &a.mac, "the hardware address that the host must know: 02:00:00:00:00:01, or an interface such as alpha.eth0")
	p.Makes = "the hardware address, or nothing; with all, a mapping of them by address"
	p.Word = "mac"
}

func (a *neighborAction) Run(t *step.Task) error {
	h, err := a.host.Open(t)
	if err != nil {
		return err
	}
	text, err := a.ip.Marked(t)
	if err != nil {
		return err
	}
	var ip netip.Addr
	if text.Text != allWord {
		if ip, err = value.ParseIP(text.Text); err != nil {
			return err
		}
	}
	name := event.Plain(text)
	switch {
	case a.set.Given():
		return a.write(t, h, name, ip)
	case a.flush.On:
		if err := networkCall(t, "neighbor", &a.host, name, event.Const("flush")); err != nil {
			return err
		}
		return done(t, h.FlushNeighbors(ip))
	}
	if err := networkCall(t, "neighbor", &a.host, name); err != nil {
		return err
	}
	if !ip.IsValid() {
		return a.readAll(t, h)
	}
	return a.read(t, h, ip)
}

// write sets an entry of the table.
func (a *neighborAction) write(t *step.Task, h step.Host, name event.Plain, ip netip.Addr) error {
	mac, text, err := a.set.resolve(t)
	if err != nil {
		return err
	}
	if err := networkCall(t, "neighbor", &a.host, name, labelled("set", text)); err != nil {
		return err
	}
	return done(t, h.SetNeighbor(ip, mac))
}

// read waits until the table is as the step expects.
func (a *neighborAction) read(t *step.Task, h step.Host, ip netip.Addr) error {
	var want net.HardwareAddr
	var text event.Marked
	if a.mac.Given() {
		var err error
		if want, text, err = a.mac.resolve(t); err != nil {
			return err
		}
	}
	anything := !a.mac.Given() && !a.want.Given()
	got, err := waitFor(t, func() (net.HardwareAddr, bool, string, error) {
		got, err := h.Neighbor(ip)
		is := anything || string(got) == string(want)
		return got, is, fmt.Sprintf("expected %s, the host knows %s", shownMAC(want), shownMAC(got)), err
	})
	if err != nil {
		return failedCall(t, err)
	}
	if text.Text == "" || strings.Contains(text.Text, ":") {
		t.Return(event.Const(shownMAC(got)))
	} else {
		t.Return(event.Joined{event.Const(shownMAC(got) + " ("), event.Plain(text), event.Const(")")})
	}
	return t.SetAs(0, got.String())
}

// readAll reads the table, and waits until it is empty where the step expects
// that.
func (a *neighborAction) readAll(t *step.Task, h step.Host) error {
	all, err := waitFor(t, func() (map[netip.Addr]net.HardwareAddr, bool, string, error) {
		all, err := h.Neighbors()
		return all, !a.want.Given() || len(all) == 0, "expected none, the host knows " + shownTable(all), err
	})
	if err != nil {
		return failedCall(t, err)
	}
	t.Return(event.Const(shownTable(all)))
	table := make(map[string]any, len(all))
	for ip, mac := range all {
		table[ip.String()] = mac.String()
	}
	return t.SetAs(0, table)
}

func shownMAC(mac net.HardwareAddr) string {
	if len(mac) == 0 {
		return noneWord
	}
	return mac.String()
}

func shownTable(all map[netip.Addr]net.HardwareAddr) string {
	if len(all) == 0 {
		return noneWord
	}
	var list []string
	for _, ip := range slices.SortedFunc(maps.Keys(all), netip.Addr.Compare) {
		list = append(list, ip.String()+" "+all[ip].String())
	}
	return strings.Join(list, ", ")
}

// waitFor looks again and again until what it sees is as it must be. The look
// also returns what to say when that does not come.
func waitFor[T any](t *step.Task, look func() (got T, is bool, missing string, err error)) (T, error) {
	for delay := 50 * time.Microsecond; ; delay = min(2*delay, 5*time.Millisecond) {
		got, is, missing, err := look()
		if err != nil || is {
			return got, err
		}
		t.Missing = missing
		if err := t.Pause(delay); err != nil {
			return got, err
		}
	}
}

func (a *neighborAction) Check(c *check.Check) {
	a.set.check(c)
	a.mac.check(c)
	changes := a.set.Given() || a.flush.On
	name, _ := a.ip.Static()
	switch {
	case a.set.Given() && a.flush.On:
		c.Problem(c.Step.Node, "neighbor takes only one of set or flush").Hint = "write a step for each"
	case changes && (a.want.Given() || a.mac.Given()):
		c.Problem(c.Step.Expect.Node, "a step that changes the table has nothing to expect but an error").Hint = "write a step of its own that expects it"
	case name == allWord && a.set.Given():
		c.Problem(a.set.Node, "an entry is set for one neighbor").Hint = "write its IP address in place of all"
	case name == allWord && a.mac.Given():
		c.Problem(a.mac.Node, "all neighbors do not have one hardware address").Hint = "write the IP address of one in place of all, or expect: none"
	case changes && len(c.Step.As.List) > 0 && c.MustSucceed():
		c.Problem(c.Step.As.Node, "a step that changes the table does not make anything, so as cannot name it").Hint = "leave as: out"
	}
	c.MakeValues()
}

// A neighborName is an IP address, or all.
type neighborName struct{ value.Text }

// Decode reads the address.
func (v *neighborName) Decode(d *value.Decoder, n *source.Node) {
	v.Text.Decode(d, n)
	s, static := v.Static()
	if !v.Given() || !static || s == allWord {
		return
	}
	if _, err := value.ParseIP(s); err != nil {
		d.Problem(n, "%s, or all", err)
	}
}

// Type names the type in the reference.
func (v *neighborName) Type() string { return "IP address, or all" }

// A hardwareRef is a hardware address, or an interface of any host that has it.
type hardwareRef struct {
	value.Text
	none bool // the word none is one too
}

// Decode reads the address or the interface.
func (v *hardwareRef) Decode(d *value.Decoder, n *source.Node) {
	v.Text.Decode(d, n)
	if s, static := v.Static(); v.Given() && static && strings.Contains(s, ":") {
		if _, err := value.ParseMAC(s); err != nil {
			d.Problem(n, "%s", err)
		}
	}
}

// Type names the type in the reference.
func (v *hardwareRef) Type() string { return "hardware address or interface" }

// resolve is the hardware address, nil for none, and its text.
func (v *hardwareRef) resolve(t *step.Task) (net.HardwareAddr, event.Marked, error) {
	text, err := v.Marked(t)
	switch {
	case err != nil:
		return nil, text, err
	case v.none && text.Text == noneWord:
		return nil, text, nil
	case strings.Contains(text.Text, ":"):
		mac, err := value.ParseMAC(text.Text)
		return mac, text, err
	}
	i, err := findInterface(t, text.Text)
	if err != nil {
		return nil, text, err
	}
	return i.HardwareAddr, text, nil
}

func (v *hardwareRef) check(c *check.Check) {
	s, static := v.Static()
	if v.Given() && static && !strings.Contains(s, ":") && !(v.none && s == noneWord) {
		checkInterface(c, v.Node, s)
	}
}
