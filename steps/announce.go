package steps

import (
	"net/netip"
	"syscall"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var announceKind = step.Kind{
	Name:    "announce",
	Summary: "tell the neighbors that an address is here",
	Text: `For an IPv4 address the interface sends a gratuitous ARP request and a reply
(RFC 5227, RFC 826), for an IPv6 address an unsolicited neighbor advertisement
(RFC 4861 section 7.2.6). A neighbor that knows the address takes the hardware
address of the interface for it. One that does not know it learns nothing. The
host need not have the address. See arp(7), arping(8).`,
	Example: `requires: netns
network:
  hosts:
    alpha: {eth0: [192.168.1.1/24, 192.168.1.9/24]}
    beta: {eth0: 192.168.1.2/24}
    gamma: {eth0: 192.168.1.3/24}
  links:
    lan: {join: [alpha.eth0, beta.eth0, gamma.eth0]}
sequence:
  - beta:
      - socket: udp
        as: sock
      - send: sock
        to: 192.168.1.9:9
        data: hello
      - neighbor: 192.168.1.9
        expect: {mac: alpha.eth0}
  - gamma: {announce: 192.168.1.9, from: eth0}
  - beta: {neighbor: 192.168.1.9, expect: {mac: gamma.eth0}}
`,
	Beneath: step.Beneath{
		Call:   "sendto(2) on a packet socket",
		Kernel: "the neighbors' kernels change the entries that they have of the address, and make none.",
		Wire:   "IPv4: an ARP request and an ARP reply to all, in which sender and target are the address. IPv6: a neighbor advertisement to all nodes.",
		Errors: []step.LikelyError{{Errno: "ENODEV", Why: "the host has no such interface"}},
	},
	New:  func() step.Action { return &announceAction{ip: newIP()} },
	Hint: func(errno syscall.Errno, _ sock.Addr) string { return networkHints[errno] },
}

func newIP() value.Parsed[netip.Addr] { return value.NewParsed("IP address", value.ParseIP) }

type announceAction struct {
	ip   value.Parsed[netip.Addr]
	from value.Text
	host step.HostRef
}

func (a *announceAction) Params(p *step.Params) {
	p.Value(&a.ip, "the address")
	p.Key("from", &a.from, "the interface: eth0").Need()
	p.Host(&a.host, "the host whose interface it is")
}

func (a *announceAction) Run(t *step.Task) error {
	h, err := a.host.Open(t)
	if err != nil {
		return err
	}
	ip, text, err := a.ip.Parse(t)
	if err != nil {
		return err
	}
	iface, err := a.from.Marked(t)
	if err != nil {
		return err
	}
	if err := networkCall(t, "announce", &a.host, event.Plain(text), event.Plain(iface)); err != nil {
		return err
	}
	return done(t, h.Announce(ip, iface.Text))
}

func (a *announceAction) Check(c *check.Check) { ownInterface(c, &a.host, &a.from) }
