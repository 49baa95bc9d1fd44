package wire

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// lost is an error where the kernel had to drop frames because the socket had
// no room for them.
func (s *socket) lost() error {
	stats, err := unix.GetsockoptTpacketStats(s.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return os.NewSyscallError("getsockopt PACKET_STATISTICS", err)
	}
	if stats.Drops > 0 {
		return fmt.Errorf("the wire lost %d of %d frames: they came faster than they could be read; root has a larger buffer, and so have others after sysctl net.core.rmem_max=%d", stats.Drops, stats.Packets, wantBuffer)
	}
	return nil
}

// lostBefore is an error where frames were dropped on their way from the near
// to the far ends, because the kernel's queue was full. A frame with a VLAN tag
// may be counted as dropped too although the socket has got it; one that comes
// just now is waited for.
func (s *socket) lostBefore() (err error) {
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		dropped := s.before
		s.within(func() { dropped, err = droppedHere() })
		lost := uint64(0)
		for index, n := range dropped {
			if !s.away[index] {
				lost += n - s.before[index]
			}
		}
		switch {
		case err != nil, lost <= s.tagged.Load():
			return err
		case time.Now().After(end):
			return fmt.Errorf("the wire lost %d frames before they reached it: the kernel's queue was full; sysctl net.core.netdev_max_backlog makes it longer", lost)
		}
	}
}

// setAway notes that an interface goes down on purpose, or is up again. What it
// drops in the meantime the wire has not lost.
func (s *socket) setAway(index int, away bool) (err error) {
	s.away[index] = away
	if away {
		return nil
	}
	dropped := s.before
	s.within(func() { dropped, err = droppedHere() })
	s.before[index] = dropped[index]
	return err
}

// came is how many frames have come to each interface, by its index. Of one
// that was down on purpose some are lost, and it is not in the map.
func (s *socket) came() (counts map[int]uint64) {
	s.within(func() { counts, _ = countsHere(0) })
	for index := range s.away {
		delete(counts, index)
	}
	return counts
}

// droppedHere is how many frames each interface of the calling thread's
// namespace has dropped as a receiver, by its index.
func droppedHere() (map[int]uint64, error) { return countsHere(6) }

// countsHere is one of the fields of struct rtnl_link_stats64 of each interface
// of the calling thread's namespace, by its index.
func countsHere(field int) (map[int]uint64, error) {
	counts := make(map[int]uint64)
	all, err := syscall.NetlinkRIB(unix.RTM_GETLINK, unix.AF_UNSPEC)
	if err != nil {
		return counts, os.NewSyscallError("netlink RTM_GETLINK", err)
	}
	messages, err := syscall.ParseNetlinkMessage(all)
	if err != nil {
		return counts, os.NewSyscallError("netlink RTM_GETLINK", err)
	}
	const size = 8
	at := field * size
	for _, m := range messages {
		if m.Header.Type != unix.RTM_NEWLINK || len(m.Data) < unix.SizeofIfInfomsg {
			continue
		}
		index := int((*unix.IfInfomsg)(unsafe.Pointer(&m.Data[0])).Index)
		attributes, err := syscall.ParseNetlinkRouteAttr(&m)
		if err != nil {
			return counts, os.NewSyscallError("netlink RTM_GETLINK", err)
		}
		for _, a := range attributes {
			if a.Attr.Type == unix.IFLA_STATS64 && len(a.Value) >= at+size {
				counts[index] = binary.NativeEndian.Uint64(a.Value[at:])
			}
		}
	}
	return counts, nil
}
