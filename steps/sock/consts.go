package sock

import (
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// FamilyByName finds an address family by its C name or its short form, in
// either case: "AF_INET", "inet".
func FamilyByName(name string) (int, bool) {
	if n, ok := families.byName(name); ok {
		return n, true
	}
	return families.byName(strings.Replace(strings.ToUpper(name), "PF_", "AF_", 1))
}

// FamilyName is the C name of an address family, "AF_INET"; a number without a
// name prints as 0x….
func FamilyName(family int) string { return nameOrHex(families, family) }

// FamilyNames lists the C names of the address families of this platform.
func FamilyNames() []string { return families.names() }

// TypeWithFlags finds a socket type that | joins with flags, by their C names,
// short forms or numbers: "SOCK_STREAM|SOCK_NONBLOCK".
func TypeWithFlags(text string) (int, bool) {
	set := 0
	for word := range strings.SplitSeq(text, "|") {
		word = strings.TrimSpace(word)
		n, ok := types.byName(word)
		if !ok {
			n, ok = socketFlags.byName(word)
		}
		if !ok {
			x, err := strconv.ParseInt(word, 0, 32)
			if err != nil {
				return 0, false
			}
			n = int(x)
		}
		set |= n
	}
	return set, true
}

// TypeName is the C name of a socket type with its flags,
// "SOCK_STREAM|SOCK_NONBLOCK"; a number without a name prints as 0x….
func TypeName(typ int) string {
	flags := typ & openFlags
	name := nameOrHex(types, typ&^flags)
	if flags != 0 {
		name += "|" + socketFlags.bits(flags)
	}
	return name
}

// TypeNames lists the C names of the socket types.
func TypeNames() []string { return types.names() }

// ProtoByName finds a protocol by its C name or its short form, in either case:
// "IPPROTO_TCP", "tcp", "NETLINK_ROUTE".
func ProtoByName(name string) (int, bool) {
	if n, ok := protocols.byName(name); ok {
		return n, true
	}
	return netlinkProtocols.byName(name)
}

// ProtoName is the C name of a protocol in its family: "IPPROTO_TCP",
// "NETLINK_ROUTE". In a family that has none, such as AF_UNIX, it is the
// number: "0".
func ProtoName(family, proto int) string {
	switch family {
	case unix.AF_INET, unix.AF_INET6:
		return nameOrHex(protocols, proto)
	case afNetlink:
		return nameOrHex(netlinkProtocols, proto)
	}
	if proto >= 0 && proto < 10 {
		return itoa(proto)
	}
	return hexadecimal(proto)
}

// ProtoNames lists the C names of the protocols that [ProtoByName] knows.
func ProtoNames() []string { return append(protocols.names(), netlinkProtocols.names()...) }

// FlagNames prints a set of flags: "MSG_PEEK|MSG_DONTWAIT", "0" for none. Bits
// without a name print as 0x….
func FlagNames(set int) string { return flags.bits(set) }

// HowName is the C name of what shutdown(2) shuts: "SHUT_WR".
func HowName(how int) string { return nameOrHex(hows, how) }

// RequestByName finds a request of [Socket.Ioctl] by its C name: "FIONREAD",
// "SIOCOUTQ".
func RequestByName(name string) (int, bool) { return requests.byName(name) }

// RequestNames lists the C names of the requests of this platform.
func RequestNames() []string { return requests.names() }

func nameOrHex(t constants, number int) string {
	if name, ok := t.name(number); ok {
		return name
	}
	return hexadecimal(number)
}

var hows = constants{"SHUT_", []constant{
	{"SHUT_RD", unix.SHUT_RD},
	{"SHUT_WR", unix.SHUT_WR},
	{"SHUT_RDWR", unix.SHUT_RDWR},
}}

// pollEvents are the events of poll(2), those of all systems first.
var pollEvents = constants{"POLL", append([]constant{
	{"POLLIN", unix.POLLIN},
	{"POLLPRI", unix.POLLPRI},
	{"POLLOUT", unix.POLLOUT},
	{"POLLERR", unix.POLLERR},
	{"POLLHUP", unix.POLLHUP},
	{"POLLNVAL", unix.POLLNVAL},
}, morePollEvents...)}

// PollEventByName finds an event of poll(2): "POLLIN" or "in".
func PollEventByName(name string) (int16, bool) {
	n, ok := pollEvents.byName(name)
	return int16(n), ok
}

// PollEventNames is a set of events as strace prints it: "POLLIN|POLLRDHUP".
func PollEventNames(set int16) string { return pollEvents.bits(int(set)) }

// AllPollEvents lists the names of the events.
func AllPollEvents() []string { return pollEvents.names() }

// Flags that need care by name.
const (
	MsgErrqueue = 0x2000     // MSG_ERRQUEUE of Linux: receive from the error queue
	MsgFastopen = 0x20000000 // MSG_FASTOPEN of Linux: the send makes the connection
)
