package sock

import (
	"math"

	"golang.org/x/sys/unix"
)

// MostDescriptors is RLIMIT_NOFILE: no descriptor of this process has that
// number or a larger one (getrlimit(2)).
func MostDescriptors() int64 {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return math.MaxInt32
	}
	return int64(min(uint64(limit.Cur), math.MaxInt32))
}

// Number stands for a descriptor that is not open, by its number. Calls on it
// are made, and give what the kernel says.
func (g *Group) Number(fd int) *Socket {
	s := &Socket{kind: kind{typ: unix.SOCK_STREAM}, group: g, desc: g.newDescription(), fd: fd}
	s.rd.socket, s.wr.socket = s, s
	s.desc.opens.Add(1)
	return s
}
