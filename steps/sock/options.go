package sock

import (
	"slices"
	"strings"
	"sync"
)

// OptionKind is the type of an option's value.
type OptionKind int

// The kinds of option values, with their C types.
const (
	OptBytes            OptionKind = iota // anything else: raw bytes
	OptInt                                // int
	OptBool                               // int, 0 or 1
	OptUint8                              // a byte
	OptUint64                             // a 64-bit number in host order
	OptErrno                              // int, an errno
	OptString                             // text, perhaps ended by NUL
	OptLinger                             // struct linger: [EncodeLinger]
	OptTimeval                            // struct timeval: [EncodeTimeval]
	OptUcred                              // struct ucred: [DecodeUcred]
	OptTCPInfo                            // struct tcp_info
	OptMembership                         // struct ip_mreqn: [EncodeMembership]
	OptMembership6                        // struct ipv6_mreq: [EncodeMembership6]
	OptSourceMembership                   // struct ip_mreq_source: [EncodeSourceMembership]
	OptGroup                              // struct group_req: [EncodeGroup]
	OptGroupSource                        // struct group_source_req: [EncodeGroup]
	OptAddr                               // struct in_addr, or the sockaddr of SO_PEERNAME and SO_ORIGINAL_DST
	OptDescriptor                         // int, a new descriptor: [GivesDescriptor]
	OptFilter                             // struct sock_fprog: [Socket.AttachFilter]
)

// Option is one option of getsockopt(2) and setsockopt(2).
type Option struct {
	Name      string // the C name
	Level     int
	LevelName string // the C name of the level
	Number    int
	Kind      OptionKind
	ReadOnly  bool // there is no setsockopt(2) for it
	WriteOnly bool // there is no getsockopt(2) for it
	Help      string
}

// ShortName is the C name without the level that separates it from another
// level's: "MCAST_JOIN_GROUP".
func (o Option) ShortName() string { return strings.TrimPrefix(o.Name, o.LevelName+":") }

// Calls are the system calls that have the option.
func (o Option) Calls() []string {
	var calls []string
	if !o.WriteOnly {
		calls = append(calls, "getsockopt")
	}
	if !o.ReadOnly {
		calls = append(calls, "setsockopt")
	}
	return calls
}

// An optionLevel is the part of the table that shares a level.
type optionLevel struct {
	level   int
	name    string
	options []optionRow
}

type optionRow struct {
	name   string
	number int
	kind   OptionKind
	access access
	help   string
}

// access says which of the two calls an option has.
type access int

const (
	both access = iota
	readOnly
	writeOnly
)

var optionTable = sync.OnceValue(func() []Option {
	var table []Option
	for _, l := range optionLevels {
		for _, o := range l.options {
			table = append(table, Option{
				Name: o.name, Level: l.level, LevelName: l.name, Number: o.number, Kind: o.kind,
				ReadOnly: o.access == readOnly, WriteOnly: o.access == writeOnly, Help: o.help,
			})
		}
	}
	slices.SortFunc(table, func(a, b Option) int {
		if a.Level != b.Level {
			return a.Level - b.Level
		}
		return strings.Compare(a.Name, b.Name)
	})
	return table
})

var optionIndex = sync.OnceValue(func() map[string]Option {
	index := make(map[string]Option)
	for _, o := range optionTable() {
		index[o.Name] = o
	}
	return index
})

// OptionByName finds an option by its C name: "SO_REUSEADDR". A name that two
// levels have in common is written with its level in the second one:
// "IPPROTO_IPV6:MCAST_JOIN_GROUP".
func OptionByName(name string) (Option, bool) {
	o, ok := optionIndex()[name]
	return o, ok
}

// Levels are the levels of this platform's options, by their C names.
func Levels() map[string]int {
	levels := make(map[string]int)
	for _, l := range optionLevels {
		levels[l.name] = l.level
	}
	return levels
}

// Options lists the options of this platform, sorted by level, then by name.
func Options() []Option { return slices.Clone(optionTable()) }
