package wire

import (
	"encoding/binary"
	"fmt"
	"os"
	"syscall"
	"time"

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
		now := s.before
		s.within(func() { now, err = droppedHere() })
		switch {
		case err != nil, now <= s.before+s.tagged.Load():
			return err
		case time.Now().After(end):
			return fmt.Errorf("the wire lost %d frames before they reached it: the kernel's queue was full; sysctl net.core.netdev_max_backlog makes it longer", now-s.before)
		}
	}
}

// droppedHere is how many frames the interfaces of the calling thread's
// namespace have dropped as receivers (struct rtnl_link_stats64).
func droppedHere() (dropped uint64, err error) {
	all, err := syscall.NetlinkRIB(unix.RTM_GETLINK, unix.AF_UNSPEC)
	if err != nil {
		return 0, os.NewSyscallError("netlink RTM_GETLINK", err)
	}
	messages, err := syscall.ParseNetlinkMessage(all)
	if err != nil {
		return 0, os.NewSyscallError("netlink RTM_GETLINK", err)
	}
	const at, size = 6 * 8, 8
	for _, m := range messages {
		if m.Header.Type != unix.RTM_NEWLINK {
			continue
		}
		attributes, err := syscall.ParseNetlinkRouteAttr(&m)
		if err != nil {
			return 0, os.NewSyscallError("netlink RTM_GETLINK", err)
		}
		for _, a := range attributes {
			if a.Attr.Type == unix.IFLA_STATS64 && len(a.Value) >= at+size {
				dropped += binary.NativeEndian.Uint64(a.Value[at:])
			}
		}
	}
	return dropped, nil
}
