package steps

import (
	"fmt"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/option"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

// addrForm is IPV6_ADDRFORM, which Linux alone has.
const addrForm = 1

var setsockoptKind = step.Kind{
	Name:    "setsockopt",
	Summary: "set a socket option",
	Text: `The option has its C name; option: {level: L, name: N} is for any other, in
names or numbers. The value has the form of the option: a number, true or false;
a duration for SO_RCVTIMEO and SO_SNDTIMEO; {onoff, linger} with seconds for
SO_LINGER; a text for TCP_CONGESTION and SO_BINDTODEVICE; {group, interface} or
{group, local} for IP_ADD_MEMBERSHIP, {group, interface} for IPV6_ADD_MEMBERSHIP
and MCAST_JOIN_GROUP, {group, source, local} for IP_ADD_SOURCE_MEMBERSHIP and
similar options, {group, source, interface} for MCAST_JOIN_SOURCE_GROUP and
similar options; flag names for SO_TIMESTAMPING. Any option also takes bytes, as
{hex: …} or another payload form, which are passed on unchanged. For
SO_ATTACH_FILTER they are the BPF instructions. See setsockopt(2), socket(7),
ip(7), ipv6(7), tcp(7).`,
	Example: `actors:
  one:
    - socket: tcp
      as: sock
    - setsockopt: sock
      option: SO_REUSEADDR
      value: true
    - getsockopt: sock
      option: SO_REUSEADDR
      expect: 1
    - setsockopt: sock
      option: SO_LINGER
      value: {onoff: true, linger: 0}
    - getsockopt: sock
      option: SO_LINGER
      expect: {onoff: 1, linger: 0}
    - close: sock
`,
	Beneath: step.Beneath{
		Call:   "setsockopt(2)",
		Kernel: "changes a setting of the socket. Some only count before bind, listen or connect.",
		Errors: []step.LikelyError{
			{Errno: "ENOPROTOOPT", Why: "this kind of socket does not have the option"},
			{Errno: "EPERM", Why: "the option needs a privilege"},
			{Errno: "EINVAL", Why: "the value is not possible"},
		},
	},
	New:  func() step.Action { return new(setsockoptAction) },
	Hint: setsockoptHint,
}

func setsockoptHint(errno syscall.Errno, _ sock.Addr) string {
	switch errno {
	case syscall.EADDRINUSE:
		return "the socket is a member of this group already"
	case syscall.EADDRNOTAVAIL:
		return "the socket has no such membership or source, or no interface has this address"
	}
	return ""
}

type setsockoptAction struct {
	handle step.HandleRef
	option value.OptionName
	value  option.Value
}

func (a *setsockoptAction) Params(p *step.Params) {
	p.Value(&a.handle, "the socket")
	p.Key("option", &a.option, "the option by its C name, such as SO_REUSEADDR").Need()
	p.Key("value", &a.value, "the value in the option's form").Need()
}

func (a *setsockoptAction) Run(t *step.Task) error {
	h, err := a.handle.Open(t)
	if err != nil {
		return err
	}
	o := a.option.Option
	form := option.SettingForm(o)
	v, err := a.value.Resolved(t)
	if err != nil {
		return err
	}
	b, err := v.Encode(form.Encode, option.For(h.Sock, t))
	if err != nil {
		if v != &a.value { // check has not seen it
			err = fmt.Errorf("%s: %w; it takes %s", o.Name, err, form.What)
		}
		return err
	}
	t.Call("setsockopt", h.Part(), event.Const(o.LevelName), event.Const(o.ShortName()), v.Shown(form, b))
	if o.Kind == sock.OptFilter {
		err = h.Sock.AttachFilter(o.Number, b)
	} else {
		err = h.Sock.SetBytes(o.Level, o.Number, b)
	}
	if err != nil {
		return err
	}
	if data, segment, goes := h.Sock.Uncork(); goes {
		t.Act(event.OpSend, h)
		t.Event.Endpoints = h.Endpoints()
		t.Emits(h, data, segment, t.Event.Endpoints.Remote)
	}
	if o.Level == unix.SOL_SOCKET && o.Number == unix.SO_LINGER && h.Sock.TCP() {
		t.Event.Sock, t.Event.Linger = h.Sock.Desc().ID, lingerOf(b)
	}
	t.Return(event.Const("0"))
	return nil
}

// lingerOf is what a close does once SO_LINGER has such a value.
func lingerOf(b []byte) event.Linger {
	if onoff, seconds, ok := sock.DecodeLinger(b); ok && onoff != 0 && seconds == 0 {
		return event.LingerAborts
	}
	return event.LingerCloses
}

func (a *setsockoptAction) Check(c *check.Check) {
	sym := c.Handle(&a.handle)
	o := a.option.Option
	if sym != nil && sym.Sock.Family == unix.AF_INET6 && o.Level == unix.IPPROTO_IPV6 && o.Number == addrForm {
		sym.Sock.Family = 0 // from here on it may be an AF_INET socket
	}
	if o.Name == "" || a.value.Node == nil {
		return
	}
	if o.ReadOnly && c.MustSucceed() {
		c.Problem(a.option.Node, "%s can only be read", o.Name).Hint = "use getsockopt"
		return
	}
	a.value.Check(c, o)
}
