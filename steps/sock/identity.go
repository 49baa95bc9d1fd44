package sock

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// An Identity is what a program has of the process that starts it: its user,
// its groups and its umask. The zero one is that of this process.
type Identity struct {
	User, Group *uint32
	Groups      []uint32 // nil: those of this process
	Umask       *uint32
}

// String is a form that ParseIdentity reads.
func (i Identity) String() string {
	number := func(n *uint32) string {
		if n == nil {
			return "-"
		}
		return strconv.FormatUint(uint64(*n), 10)
	}
	groups := "-"
	if i.Groups != nil {
		groups = strings.Trim(fmt.Sprint(i.Groups), "[]")
	}
	return strings.Join([]string{number(i.User), number(i.Group), number(i.Umask), groups}, "/")
}

// ParseIdentity reads what String has written.
func ParseIdentity(s string) Identity {
	parts := strings.SplitN(s, "/", 4)
	if len(parts) != 4 {
		return Identity{}
	}
	number := func(s string) *uint32 {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			return nil
		}
		id := uint32(n)
		return &id
	}
	i := Identity{User: number(parts[0]), Group: number(parts[1]), Umask: number(parts[2])}
	if parts[3] != "-" {
		i.Groups = []uint32{}
		for _, word := range strings.Fields(parts[3]) {
			if g := number(word); g != nil {
				i.Groups = append(i.Groups, *g)
			}
		}
	}
	return i
}

// Assume makes the program that this process is about to start have the
// identity. The umask is this process's own until the result is called.
func (i Identity) Assume(attr *syscall.SysProcAttr) (restore func()) {
	if i.User != nil || i.Group != nil || i.Groups != nil {
		c := &syscall.Credential{Uid: uint32(os.Getuid()), Gid: uint32(os.Getgid()), Groups: i.Groups, NoSetGroups: i.Groups == nil}
		if i.User != nil {
			c.Uid = *i.User
		}
		if i.Group != nil {
			c.Gid = *i.Group
		}
		attr.Credential = c
	}
	if i.Umask == nil {
		return func() {}
	}
	before := syscall.Umask(int(*i.Umask))
	return func() { syscall.Umask(before) }
}
