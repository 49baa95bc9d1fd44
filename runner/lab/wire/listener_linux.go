package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A Listener gets the frames that the interfaces of a network namespace send, in
// the order in which they do. A frame that is sent by a call has been noted when
// that call returns.
type Listener struct {
	socket *socket
	heard  func(Sent)
	read   chan struct{} // closed when nothing reads any more
	// probed is when the probe was sent that Await waits for.
	mu     sync.Mutex
	probed time.Time
}

// Listen listens to all interfaces of a namespace, but not to those with some
// indexes. within calls a function on a thread of it. heard must be short; it is
// called by one goroutine at a time. An error says what could not be done, and
// wraps the errno.
func Listen(within func(func()), but []int, heard func(Sent)) (*Listener, error) {
	err := errors.New("the network is closed")
	l := &Listener{heard: heard, read: make(chan struct{})}
	within(func() { l.socket, err = openHere(opening{times: true, sent: true, but: but}) })
	if err != nil {
		return nil, fmt.Errorf("the frames of the network cannot be recorded: %w", err)
	}
	l.socket.within = within
	l.socket.begin()
	go func() {
		defer close(l.read)
		_ = l.socket.read(l.enter) // an error of the socket shows as what was lost
	}()
	return l, nil
}

// enter hands over a batch of frames.
func (l *Listener) enter(batch []received) {
	for i := range batch {
		f := &batch[i]
		if isProbe(f.frame) {
			l.mu.Lock()
			l.probed = f.time
			l.mu.Unlock()
			continue
		}
		if f.partial {
			completeChecksum(f.frame)
		}
		l.heard(Sent{f.index, f.time, f.frame})
	}
}

// Drain hands over all frames that were sent before it was called.
func (l *Listener) Drain() { l.socket.drain(l.enter) }

// Close ends the listener, and says how many frames the kernel had no room for.
func (l *Listener) Close() (lost int) {
	l.Drain()
	if stats, err := unix.GetsockoptTpacketStats(l.socket.fd, unix.SOL_PACKET, unix.PACKET_STATISTICS); err == nil {
		lost = int(stats.Drops)
	}
	l.socket.stop()
	<-l.read
	go l.socket.close() // slow, and nothing waits for it
	return lost
}

// loIndex is the index of lo in every namespace.
const loIndex = 1

// probe is the EtherType of a frame that goes to nobody (IEEE 802, local
// experimental).
const probe = 0x88b5

func isProbe(frame []byte) bool {
	return len(frame) == etherHeader && binary.BigEndian.Uint16(frame[12:]) == probe
}

// Await waits until the kernel notes the time of each frame as it is sent. It
// begins to do so some time after it was asked; until then a frame has the time
// at which it was read. Where lo is down, Await does not wait.
func (l *Listener) Await() {
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
		l.mu.Lock()
		noted := l.probed
		l.mu.Unlock()
		if !noted.IsZero() && !noted.After(sent) {
			return
		}
	}
}

// onlySent lets a socket have the frames alone that interfaces send (packet(7),
// filter.txt of the kernel), but for some interfaces.
func onlySent(fd int, but []int) error {
	const packetType, index = 0xfffff000 + 4, 0xfffff000 + 8 // SKF_AD_OFF + SKF_AD_PKTTYPE, SKF_AD_IFINDEX
	load := func(k uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: k}
	}
	pass := func(bytes uint32) unix.SockFilter { return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: bytes} }
	equal := func(k int, yes, no uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: uint32(k), Jt: yes, Jf: no}
	}
	program := []unix.SockFilter{load(packetType), equal(unix.PACKET_OUTGOING, 1, 0), pass(0), load(index)}
	for _, one := range but {
		program = append(program, equal(one, 0, 1), pass(0))
	}
	program = append(program, pass(maxFrame))
	err := unix.SetsockoptSockFprog(fd, unix.SOL_SOCKET, unix.SO_ATTACH_FILTER, &unix.SockFprog{Len: uint16(len(program)), Filter: unsafe.SliceData(program)})
	return os.NewSyscallError("setsockopt SO_ATTACH_FILTER", err)
}
