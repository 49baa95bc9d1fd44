package steps

import (
	"maps"
	"math"
	"slices"
	"sort"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/check"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
	"github.com/sockscript/sockscript/steps/value"
)

var socketKind = step.Kind{
	Name:    "socket",
	Summary: "make a socket",
	Text: `The value is one of the short words tcp, tcp6, udp, udp6, unix, unixgram,
unixpacket, mptcp and icmp (a raw socket), or {family, type, protocol} in the C
names (AF_INET, SOCK_STREAM, IPPROTO_TCP) or their short forms (inet, stream,
tcp). Protocol 0, the default, lets the kernel choose.

The runtime's poller drives the descriptor, but in a scenario it is like a
blocking one. Where readiness does not say when a call ends (SO_RCVTIMEO,
SO_SNDTIMEO, SO_RCVLOWAT, MSG_WAITALL, MSG_FASTOPEN and the like), the call takes
a thread. With blocking: true each call that waits takes one.

After SOCK_NONBLOCK, or F_SETFL with O_NONBLOCK (fcntl), no step waits on any
descriptor of the socket: EAGAIN and EINPROGRESS are results.

All descriptors of an actor that has a fork step block too, and so does one that
a program gets, by start or by SCM_RIGHTS. There is one exception: the descriptor
is still in a message, and then the program gets the socket that receives the
message. Make it with blocking: true. See socket(2).`,
	Example: `actors:
  maker:
    - socket: tcp
      as: a
    - socket: {family: AF_UNIX, type: SOCK_DGRAM}
      as: b
    - close: [a, b]
`,
	Beneath: step.Beneath{
		Call:   "socket(2)",
		Kernel: "makes an endpoint without an address and returns the lowest free descriptor for it. Family, type and protocol say which code of the kernel it belongs to; protocol 0 takes the usual one.",
		Errors: []step.LikelyError{
			{Errno: "EPROTONOSUPPORT", Why: "this type has no such protocol in this family"},
			{Errno: "EAFNOSUPPORT", Why: "the kernel lacks the family"},
			{Errno: "EMFILE", Why: "the process has as many descriptors as it may have"},
			{Errno: "EACCES", Why: "raw and packet sockets need a privilege"},
		},
	},
	Needs: []value.Access{value.RawSocket, value.HostNetwork},

	New:  func() step.Action { return &socketAction{flags: value.Flags{Of: sock.SocketFlags}} },
	Hint: socketHint,
}

func socketHint(errno syscall.Errno, _ sock.Addr) string {
	if errno == syscall.EAFNOSUPPORT {
		return "this kernel does not have the address family: add it to requires"
	}
	return ""
}

type socketAction struct {
	spec     SocketSpec
	flags    value.Flags
	blocking value.Bool
	on       step.HostRef
}

func (a *socketAction) Params(p *step.Params) {
	p.Value(&a.spec, "what socket: a short word, or {family, type, protocol}")
	p.Key("flags", &a.flags, openFlagsHelp)
	p.Key("blocking", &a.blocking, "make a truly blocking descriptor").Or("false")
	p.Host(&a.on, "the host on which the socket is made, and on which it stays")
	p.Makes = "the socket"
}

// Needs implements [step.Needer]. A vsock is outside every network namespace.
func (a *socketAction) Needs(n *step.Needs) {
	if n.IsVerbLate() {
		n.Step(value.RawSocket)
		n.Step(value.HostNetwork)
		return
	}
	if a.spec.isRaw() {
		n.Node(value.RawSocket, n.Verb(), a.spec.String())
	}
	if a.spec.Family == familyVsock {
		n.Need(value.Need{Access: value.HostNetwork, Of: a.spec.String(), Pos: n.Verb().Pos}.Shared())
	}
}

func (a *socketAction) Run(t *step.Task) error {
	spec := a.spec.with(&a.flags)
	net, err := hostNet(t, &a.on, "socket", spec.args())
	if err != nil {
		return err
	}
	s, err := net.Open(spec.Family, spec.SockType, spec.Proto, a.blocking.On)
	if err != nil {
		return err
	}
	h, err := t.MakeHandle(0, s, "a socket")
	if err != nil {
		return err
	}
	t.Return(h.Part())
	return nil
}

// openFlagsHelp is the help of the flags of socket and socketpair.
const openFlagsHelp = "SOCK_NONBLOCK, SOCK_CLOEXEC or both; they may also be in the type of {family, type}: SOCK_STREAM|SOCK_NONBLOCK"

// hostNet opens the event of a call that makes sockets on a host, whose network
// it returns.
func hostNet(t *step.Task, on *step.HostRef, call string, args []any) (*sock.Group, error) {
	host, err := on.Name(t)
	if err != nil {
		return nil, err
	}
	shown, err := on.Shown(t)
	t.Call(call, append(args, shown...)...)
	return t.Sockets().On(host), err
}

// MakesType implements [step.Maker].
func (a *socketAction) MakesType() int { return a.spec.SockType }

// MakesFamily is the family of the socket.
func (a *socketAction) MakesFamily() int { return a.spec.Family }

func (a *socketAction) Check(c *check.Check) {
	c.OwnHost(&a.on)
	c.MakeHandle(0, check.NewSocket(a.spec.Family, a.spec.SockType, a.spec.Proto))
}

// SocketSpec is a family, a type and a protocol.
type SocketSpec struct {
	Family, SockType, Proto int
}

// socketWords are the short words for the common sockets.
var socketWords = map[string]SocketSpec{
	"tcp":        {unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_TCP},
	"tcp6":       {unix.AF_INET6, unix.SOCK_STREAM, unix.IPPROTO_TCP},
	"udp":        {unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_UDP},
	"udp6":       {unix.AF_INET6, unix.SOCK_DGRAM, unix.IPPROTO_UDP},
	"unix":       {unix.AF_UNIX, unix.SOCK_STREAM, 0},
	"unixgram":   {unix.AF_UNIX, unix.SOCK_DGRAM, 0},
	"unixpacket": {unix.AF_UNIX, unix.SOCK_SEQPACKET, 0},
	"mptcp":      {unix.AF_INET, unix.SOCK_STREAM, protoMPTCP},
	"icmp":       {unix.AF_INET, unix.SOCK_RAW, unix.IPPROTO_ICMP},
}

// protoMPTCP is IPPROTO_MPTCP of RFC 8684 on Linux; elsewhere the kernel
// answers EPROTONOSUPPORT to it.
const protoMPTCP = 262

// socketNames lists the short words for sockets.
func socketNames() []string {
	var words []string
	for w := range socketWords {
		words = append(words, w)
	}
	sort.Strings(words)
	return words
}

// Decode reads a short word or a mapping.
func (v *SocketSpec) Decode(d *value.Decoder, n *source.Node) {
	if n.Kind == source.Scalar {
		spec, ok := socketWords[n.Text]
		if !ok {
			p := value.Unknown(d, n, "socket")
			if p.Hint = source.DidYouMean(n.Text, socketNames()); p.Hint == "" {
				p.Hint = "write one of " + value.JoinOr(socketNames()) + ", or {family, type, protocol}"
			}
		}
		*v = spec
		return
	}
	if n.Kind != source.Map {
		d.Problem(n, "a socket is a word or {family, type, protocol}, not %s", n.Describe())
		return
	}
	d.Mapping(n, []*value.Param{
		{Key: "family", Value: &constant{&v.Family, "family", sock.FamilyByName, sock.FamilyNames}, Required: true, Help: "as AF_INET"},
		{Key: "type", Value: &constant{&v.SockType, "type", sock.TypeWithFlags, sock.TypeNames}, Required: true, Help: "as SOCK_STREAM"},
		{Key: "protocol", Value: &constant{&v.Proto, "protocol", sock.ProtoByName, sock.ProtoNames}, Help: "as IPPROTO_TCP"},
	}, "socket")
}

// Schema accepts a short word or a mapping.
func (v *SocketSpec) Schema() value.Schema {
	text := value.Schema{"type": []string{"string", "integer"}}
	return value.Schema{"anyOf": []value.Schema{
		{"enum": socketNames()},
		value.Object(value.Schema{"family": text, "type": text, "protocol": text}, "family", "type"),
	}}
}

// Type names the type in the reference.
func (v *SocketSpec) Type() string { return "word, or {family, type, protocol}" }

// with is the socket with further flags in its type.
func (v *SocketSpec) with(flags *value.Flags) SocketSpec {
	more := *v
	more.SockType |= flags.Bits
	return more
}

// isRaw reports whether only a privileged user may make the socket because it
// sees what is not sent to it.
func (v *SocketSpec) isRaw() bool {
	return v.Family == familyPacket || v.SockType&sockTypeMask == unix.SOCK_RAW && v.Family != familyNetlink
}

// sockTypeMask is SOCK_TYPE_MASK of Linux: a type without its flags.
const sockTypeMask = 0xf

// String is the family and the type.
func (v *SocketSpec) String() string {
	return sock.FamilyName(v.Family) + " " + sock.TypeName(v.SockType)
}

// args are the arguments of socket(2) as C writes them. They must not be
// changed.
func (v *SocketSpec) args() []any {
	if known, ok := wordArgs()[*v]; ok {
		return known
	}
	return v.makeArgs()
}

// wordArgs are the arguments of the sockets that have a short word.
var wordArgs = sync.OnceValue(func() map[SocketSpec][]any {
	all := make(map[SocketSpec][]any, len(socketWords))
	for _, spec := range socketWords {
		all[spec] = spec.makeArgs()
	}
	return all
})

func (v *SocketSpec) makeArgs() []any {
	return []any{
		event.Const(sock.FamilyName(v.Family)), event.Const(sock.TypeName(v.SockType)),
		event.Const(sock.ProtoName(v.Family, v.Proto)),
	}
}

// constant is a C constant by its name, its short form or its number.
type constant struct {
	value  *int
	what   string
	byName func(string) (int, bool)
	names  func() []string
}

func (c *constant) Decode(d *value.Decoder, n *source.Node) {
	if x, err := value.SignedUnit.Parse(n.Text); err == nil && n.Kind == source.Scalar {
		if x < math.MinInt32 || x > math.MaxUint32 {
			d.Problem(n, "%d does not fit into the int that the call takes", x).Hint = "write a number of 32 bits"
		}
		*c.value = int(int32(x))
		return
	}
	x, ok := c.byName(n.Text)
	if !ok || n.Kind != source.Scalar {
		value.Unknown(d, n, c.what).Hint = source.DidYouMean(n.Text, c.forms())
	}
	*c.value = x
}

// forms are the names and their short forms: IPPROTO_TCP and tcp.
func (c *constant) forms() []string {
	forms := c.names()
	for _, name := range forms {
		if _, short, ok := strings.Cut(name, "_"); ok {
			forms = append(forms, strings.ToLower(short))
		}
	}
	return forms
}

func (c *constant) Schema() value.Schema { return value.Schema{"type": []string{"string", "integer"}} }
func (c *constant) Type() string         { return c.what }

// SocketOf is the socket that a short word stands for, or a word for requires.
func SocketOf(w string) (SocketSpec, bool) {
	if spec, ok := requiredSockets[w]; ok {
		return spec, true
	}
	spec, ok := socketWords[w]
	return spec, ok
}

// requiredSockets are the words that only requires knows: few kernels have
// these sockets, or let everybody have them.
var requiredSockets = map[string]SocketSpec{
	"alg":   {familyAlg, unix.SOCK_SEQPACKET, 0},
	"key":   {familyKey, unix.SOCK_RAW, protoKeyV2},
	"ping":  {unix.AF_INET, unix.SOCK_DGRAM, unix.IPPROTO_ICMP},
	"sctp":  {unix.AF_INET, unix.SOCK_STREAM, unix.IPPROTO_SCTP},
	"tipc":  {familyTIPC, unix.SOCK_STREAM, 0},
	"vsock": {familyVsock, unix.SOCK_STREAM, 0},
}

// RequiredSockets lists the words for sockets that requires takes.
func RequiredSockets() []string {
	words := slices.AppendSeq(socketNames(), maps.Keys(requiredSockets))
	sort.Strings(words)
	return words
}

// These are Linux's AF_TIPC, AF_ALG, AF_VSOCK, AF_KEY and PF_KEY_V2 (RFC 2367),
// AF_PACKET and AF_NETLINK; elsewhere the kernel answers EAFNOSUPPORT.
const (
	familyPacket  = 17
	familyNetlink = 16

	familyTIPC  = 30
	familyAlg   = 38
	familyVsock = 40
	familyKey   = 15
	protoKeyV2  = 2
)
