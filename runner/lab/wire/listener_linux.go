package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Listener gets the frames that the interfaces of a network namespace send,
// in the order in which they do. A frame that is sent by a call has been noted
// when that call returns.
type Listener struct {
	socket *socket
	heard  func(Heard)
	read   chan struct{} // closed when nothing reads any more; nil before Start
	probed time.Time     // when the probe was sent that await waits for
}

// Listen listens to all interfaces of a namespace. within calls a function on a
// thread of it. heard must be short; it is called by one goroutine at a time,
// after Start. An error says what could not be done, and wraps the errno.
func Listen(within func(func()), which Which, heard func(Heard)) (*Listener, error) {
	err := errors.New("the network is closed")
	l := &Listener{heard: heard}
	within(func() { l.socket, err = openHere(opening{times: true, listens: &which}) })
	if err != nil {
		return nil, fmt.Errorf("the frames of the network cannot be recorded: %w", err)
	}
	l.socket.within = within
	return l, nil
}

// Roomy reports whether the kernel keeps as many bytes of frames for these
// listeners as one of root has.
func Roomy(listeners []*Listener) bool {
	room := 0
	for _, l := range listeners {
		size, err := unix.GetsockoptInt(l.socket.fd, unix.SOL_SOCKET, unix.SO_RCVBUF)
		if err != nil {
			return true // more listeners would not help
		}
		room += size
	}
	const doubled = 2 // socket(7)
	return room >= doubled*4*wantBuffer
}

// groups counts the groups of listeners: those of one namespace have different
// numbers.
var groups atomic.Uint32

// Share lets listeners of one namespace have each frame once: the kernel gives
// frames to one of them until that has no more room, and then to another
// (packet(7), PACKET_FANOUT_ROLLOVER). None of them may have begun.
func Share(listeners []*Listener) error {
	group := int(uint16(groups.Add(1)))
	for _, l := range listeners {
		if err := unix.SetsockoptInt(l.socket.fd, unix.SOL_PACKET, unix.PACKET_FANOUT, group|unix.PACKET_FANOUT_ROLLOVER<<16); err != nil {
			return os.NewSyscallError("setsockopt PACKET_FANOUT", err)
		}
	}
	return nil
}

// Start begins to hand over frames: those that are sent from now on. The first
// of several listeners waits until the kernel notes the time of each frame as
// it is sent.
func (l *Listener) Start(first bool) {
	l.socket.begin()
	heard := l.heard
	l.heard = func(Heard) {}
	if first {
		l.await()
	}
	l.Drain()
	l.lost() // of what was sent before
	l.heard = heard
	l.read = make(chan struct{})
	go func() {
		defer close(l.read)
		_ = l.socket.read(l.enter) // an error of the socket shows as what was lost
	}()
}

// enter hands over a batch of frames.
func (l *Listener) enter(batch []received) {
	for i := range batch {
		f := &batch[i]
		if isProbe(f.frame) {
			l.probed = f.time
			continue
		}
		if f.partial {
			completeChecksum(f.frame)
		}
		l.heard(Heard{f.index, f.came, f.time, f.frame})
	}
}

// Drain hands over all frames that were sent before it was called.
func (l *Listener) Drain() { l.socket.drain(l.enter) }

// Close ends the listener, and says how many frames the kernel had no room for.
func (l *Listener) Close() (lost int) {
	if l.read != nil {
		l.Drain()
		lost = l.lost()
		l.socket.stop()
		<-l.read
	}
	go l.socket.close() // slow, and nothing waits for it
	return lost
}

// lost is how many frames the kernel had no room for since it was asked before.
func (l *Listener) lost() int {
	stats, err := unix.GetsockoptTpacketStats(l.socket.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS)
	if err != nil {
		return 0
	}
	return int(stats.Drops)
}

// loIndex is the index of lo in every namespace.
const loIndex = 1

// probe is the EtherType of a frame that goes to nobody (IEEE 802, local
// experimental).
const probe = 0x88b5

func isProbe(frame []byte) bool {
	return len(frame) == etherHeader && binary.BigEndian.Uint16(frame[12:]) == probe
}

// await waits until the kernel notes the time of each frame as it is sent. It
// begins to do so some time after it was asked; until then a frame has the time
// at which it is read, which is after the probe was sent. Where lo is down,
// await does not wait. Nobody else may read.
func (l *Listener) await() {
	fd, err := -1, error(unix.EBADF)
	l.socket.within(func() { fd, err = unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0) })
	if err != nil {
		return
	}
	defer func() { go unix.Close(fd) }() // slow, and nothing waits for it
	frame := binary.BigEndian.AppendUint16(make([]byte, etherHeader-2), probe)
	for end := time.Now().Add(patience); time.Now().Before(end); time.Sleep(100 * time.Microsecond) {
		if unix.Sendto(fd, frame, unix.MSG_DONTWAIT, &unix.SockaddrLinklayer{Ifindex: loIndex}) != nil {
			return
		}
		sent := time.Now()
		l.Drain()
		if !l.probed.IsZero() && !l.probed.After(sent) {
			return
		}
	}
}

// listenTo lets a socket have the frames alone that interfaces send, and those
// that come to some (packet(7), filter.txt of the kernel). What comes to an
// interface and is not for its host is not among them.
func listenTo(fd int, which *Which) error {
	const packetType, index = 0xfffff000 + 4, 0xfffff000 + 8 // SKF_AD_OFF + SKF_AD_PKTTYPE, SKF_AD_IFINDEX
	load := func(k uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: k}
	}
	pass := func(bytes uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: bytes} }
	equal := func(k int, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(k), Jt: yes, Jf: no}
	}
	var sent, came []unix.SockFilter
	for _, one := range which.NotSent {
		sent = append(sent, equal(one, 0, 1), pass(0))
	}
	for _, one := range which.Came {
		came = append(came, equal(one, 0, 1), pass(maxFrame))
	}
	program := append([]unix.SockFilter{
		load(packetType), equal(unix.PACKET_OTHERHOST, 0, 1), pass(0),
		equal(unix.PACKET_OUTGOING, 0, 1),
		{Code: unix.BPF_JMP | unix.BPF_JA, K: uint32(len(came) + 2)},
		load(index),
	}, append(came, pass(0), load(index))...)
	program = append(append(program, sent...), pass(maxFrame))
	err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(program)), Filter: unsafe.SliceData(program)})
	return os.NewSyscallError("setsockopt SO_ATTACH_FILTER", err)
}
