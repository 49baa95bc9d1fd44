package steps

import (
	"strings"
	"syscall"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var sysctlKind = step.Kind{
	Name:    "sysctl",
	Summary: "read or set a kernel parameter of the network",
	Text: `The parameter belongs to the network of the scenario, or to one of its hosts.
In a network of the scenario's own it is gone with the network. In the network of
this machine it is put back when the scenario ends. Only parameters whose names
begin with net can be named. A parameter of interfaces may be written short:
arp_ignore is net.ipv4.conf.all.arp_ignore and that of each interface, IPv6's
where only IPv6 has it; when it is read, it is that of all. Several values of one
parameter have one blank between them. See sysctl(8), tcp(7), ip(7), arp(7) and
the kernel's Documentation/networking/ip-sysctl.rst.`,
	Example: `requires: netns
network: private
actors:
  one:
    - sysctl: net.ipv4.tcp_syn_retries
      value: 2
    - sysctl: net.ipv4.tcp_syn_retries
      expect: 2
    - sysctl: arp_ignore
      value: 1
    - sysctl: net.ipv4.conf.lo.arp_ignore
      expect: 1
`,
	Reshapes: true,
	Beneath: step.Beneath{
		Call:   "read(2) or write(2) of a file in /proc/sys/net, see proc_sys(5)",
		Kernel: "keeps a value of its own of most parameters for each network namespace.",
		Errors: []step.LikelyError{
			{Errno: "ENOENT", Why: "this network does not have the parameter"},
			{Errno: "EINVAL", Why: "the parameter does not take this value"},
			{Errno: "EACCES", Why: "the network is that of the machine, and only root may change it"},
		},
	},
	Needs: []value.Access{value.HostNetwork},

	New:  func() step.Action { return &sysctlAction{name: value.NewParsed("kernel parameter", parseSysctl)} },
	Hint: sysctlHint,
}

func sysctlHint(errno syscall.Errno, _ sock.Addr) string {
	switch errno {
	case syscall.ENOENT:
		return "this network does not have the parameter: some belong to the whole machine, some to a module that is not loaded"
	case syscall.EACCES:
		return "only root may set the parameters of this machine's network: write network: private"
	case syscall.EPERM:
		return "this network does not allow the value"
	case syscall.EINVAL:
		return "the parameter does not take this value"
	}
	return ""
}

type sysctlAction struct {
	name  value.Parsed[string]
	value value.Text
	want  value.Text
	host  step.HostRef
}

func (a *sysctlAction) Params(p *step.Params) {
	p.Value(&a.name, "the parameter, as net.ipv4.tcp_syn_retries; of interfaces the last word alone, as arp_ignore")
	p.Key("value", &a.value, "what it is set to; without it, the parameter is read")
	p.Host(&a.host, "the host whose parameter it is")
	p.Plain(&a.want, "the value that it must have")
	p.Result("value", &a.want, "the value that it must have")
	p.Makes = "the value"
}

// Needs implements [step.Needer]. To read a parameter needs nothing.
func (a *sysctlAction) Needs(n *step.Needs) {
	if a.value.Given() {
		n.Node(value.HostNetwork, n.Verb(), n.Verb().Text)
	}
}

func (a *sysctlAction) Run(t *step.Task) error {
	h, err := a.host.Open(t)
	if err != nil {
		return err
	}
	name, shown, err := a.name.Parse(t)
	if err != nil {
		return err
	}
	args := []any{event.Plain(shown)}
	if a.value.Given() {
		v, err := a.value.Marked(t)
		if err != nil {
			return err
		}
		if err := networkCall(t, "sysctl", &a.host, append(args, event.Plain(v))...); err != nil {
			return err
		}
		if err := done(t, h.SetSysctl(name, v.Text)); err != nil {
			return err
		}
		if !a.want.Given() && !t.Step.As.Given() {
			return nil
		}
		t.Record()
	}
	return a.read(t, h, name, args)
}

func (a *sysctlAction) read(t *step.Task, h step.Host, name string, args []any) error {
	if err := networkCall(t, "sysctl", &a.host, args...); err != nil {
		return err
	}
	got, err := h.Sysctl(name)
	if err != nil {
		return failedCall(t, err)
	}
	t.Return(event.Plain{Text: got})
	if err := t.SetAs(0, got); err != nil || !a.want.Given() {
		return err
	}
	want, err := a.want.Eval(t)
	if err == nil && strings.Join(strings.Fields(want), " ") != got {
		err = value.Mismatchf("expected %s to be %s, it is %s", name, value.Quote(want), value.Quote(got))
	}
	return err
}

func (a *sysctlAction) Check(c *check.Check) {
	if a.value.Given() && !a.want.Given() && len(c.Step.As.List) == 0 && c.MustSucceed() {
		c.NothingToMask("a step that sets a parameter returns nothing")
	}
	c.MakeValues()
	name, _ := a.name.Static()
	iface, ok := value.SysctlInterface(name)
	host, interfaces := interfacesOf(c, &a.host)
	if ok && interfaces != nil && c.MustSucceed() && !hasInterface(host, append([]string{"all", "default"}, interfaces...), iface) {
		noInterface(c, a.name.Node, host, iface, interfaces)
	}
}

// parseSysctl reads a kernel parameter of a network by its whole name or, of
// interfaces, by the last word.
func parseSysctl(s string) (string, error) {
	if value.IsName(s) {
		return s, nil
	}
	return value.ParseSysctl(s)
}
