package lab

import (
	"fmt"
	"os"
	"unsafe"

	"github.com/sockscript/sockscript/runner/lab/wire"
	"golang.org/x/sys/unix"
)

// makeWired joins interfaces by the wire.
func (b *builder) makeWired(p LinkPlan) (*wire.Link, error) {
	to, err := hiddenNetwork(&b.wires)
	if err != nil {
		return nil, err
	}
	if b.wire == nil {
		var tap func(wire.Passage)
		if b.Record != nil {
			tap = b.Record.tap(&b.Plan)
		}
		if b.wire, err = wire.New(to.Within, tap); err != nil {
			return nil, err
		}
	}
	var ends []int
	for _, end := range p.Join {
		far, err := b.makeEnd(end, &b.wires)
		if err != nil {
			return nil, err
		}
		ends = append(ends, far.Index)
	}
	if err := b.offloadsOff(p); err != nil {
		return nil, err
	}
	return b.wire.AddLink(p.Name, ends, p.Impairments, p.Faults), nil
}

// small is a method of the wire; tests have others.
var small = (*wire.Wire).Small

// startWire starts the wire, before the hosts send. Where the kernel keeps few
// frames for it, TCP on the hosts has smaller windows: what several connections
// have under way is then never more.
func (b *builder) startWire() error {
	if b.wire == nil {
		return nil
	}
	b.wire.Start()
	if !small(b.wire) {
		return nil
	}
	for _, h := range b.Hosts {
		err := b.hosts[h.Name].SetSysctl("net.ipv4.tcp_rmem", "4096 65536 65536")
		if err != nil {
			return &PlanError{Host: h.Name, Err: err}
		}
	}
	return nil
}

// offloadsOff makes an interface send segments as they cross a cable, with
// their checksums. A frame that lacks its checksum would be dropped by the
// receiver when it has passed through this process.
func offloadsOff(name string) error {
	const setTxChecksum, setTSO, setGSO = 0x17, 0x1f, 0x24 // linux/ethtool.h
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return os.NewSyscallError("socket", err)
	}
	defer unix.Close(fd)
	for _, command := range []uint32{setTSO, setGSO, setTxChecksum} {
		value := [2]uint32{command, 0} // struct ethtool_value
		var request struct {           // struct ifreq
			name [unix.IFNAMSIZ]byte
			data unsafe.Pointer
			_    [16]byte
		}
		copy(request.name[:], name)
		request.data = unsafe.Pointer(&value)
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCETHTOOL, uintptr(unsafe.Pointer(&request)))
		if errno != 0 {
			return fmt.Errorf("cannot have its offloads switched off: %w", errno)
		}
	}
	return nil
}
