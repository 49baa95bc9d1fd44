package sock

import (
	"strings"

	"golang.org/x/sys/unix"
)

// A FlagSet has the C names of flags that belong together.
type FlagSet struct {
	table  *constants
	access bool // the two lowest bits are not flags, but O_RDONLY, O_WRONLY or O_RDWR
}

// The sets of flags that steps take.
var (
	MessageFlags    = &FlagSet{table: &flags}                     // MSG_, of send(2) and recv(2)
	SocketFlags     = &FlagSet{table: &socketFlags}               // SOCK_, of socket(2) and accept4(2)
	StatusFlags     = &FlagSet{table: &statusFlags, access: true} // O_, of open(2) and F_GETFL
	PipeFlags       = &FlagSet{table: &statusFlags}               // O_, of pipe2(2) and dup3(2)
	DescriptorFlags = &FlagSet{table: &descriptorFlags}           // FD_CLOEXEC, of F_GETFD
)

var socketFlags = constants{"SOCK_", []constant{
	{"SOCK_CLOEXEC", SockCloexec},
	{"SOCK_NONBLOCK", SockNonblock},
}}

var descriptorFlags = constants{"FD_", []constant{{"FD_CLOEXEC", unix.FD_CLOEXEC}}}

// ByName finds a flag by its C name or its short form, in either case.
func (s *FlagSet) ByName(name string) (int, bool) { return s.table.byName(name) }

// Names prints a set of flags as strace does: "MSG_PEEK|MSG_DONTWAIT", "0" for
// none, and the access mode in front where there is one.
func (s *FlagSet) Names(set int) string {
	if s.access && set&unix.O_ACCMODE == unix.O_RDONLY {
		return strings.TrimSuffix("O_RDONLY|"+s.table.bits(set), "|0")
	}
	return s.table.bits(set)
}

// All lists the C names of the flags of this platform.
func (s *FlagSet) All() []string { return s.table.names() }

// Prefix is what the C names begin with.
func (s *FlagSet) Prefix() string { return s.table.prefix }

// CommandByName finds a command of [Socket.Fcntl] by its C name: "F_GETFL".
func CommandByName(name string) (int, bool) { return fcntlCommands.byName(name) }

// CommandName is the C name of a command of [Socket.Fcntl].
func CommandName(command int) string { return nameOrHex(fcntlCommands, command) }

// CommandNames lists the C names of the commands of this platform.
func CommandNames() []string { return fcntlCommands.names() }
