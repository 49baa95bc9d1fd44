package wire

import (
	"encoding/binary"
	"os"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A received frame is valid until the function returns that it was handed to.
type received struct {
	index int // of the interface that it came from
	time  time.Time
	frame []byte
	came  bool // to the interface, which has not sent it
	// partial says that the interface was to write the checksum.
	partial bool
}

// controlSize is enough for what the kernel writes beside a frame: its time and
// a struct tpacket_auxdata.
const controlSize = 128

// A batch is the memory for the frames that one call reads.
type batch struct {
	data     [maxBatch][maxFrame]byte
	vectors  [maxBatch]unix.Iovec
	from     [maxBatch]unix.RawSockaddrLinklayer
	control  [maxBatch][controlSize]byte
	messages [maxBatch]message
	frames   [maxBatch]received
}

// batches keeps the memory of wires that have ended: most of it is never
// touched, but a new one would have to be cleared.
var batches = sync.Pool{New: func() any {
	b := new(batch)
	for i := range b.messages {
		b.vectors[i].Base = &b.data[i][tag]
		b.vectors[i].SetLen(maxFrame - tag)
		m := &b.messages[i]
		m.Name = (*byte)(unsafe.Pointer(&b.from[i]))
		m.Iov = &b.vectors[i]
		m.SetIovlen(1)
	}
	return b
}}

// begin makes the socket ready to read: from here on drain hands over frames,
// also before read has come so far.
func (s *socket) begin() { s.lend(batches.Get().(*batch)) }

// read hands over frames, in the order in which they came, until the socket is
// closed. begin comes before it.
func (s *socket) read(enter func([]received)) error {
	defer func() { batches.Put(s.lend(nil)) }()
	for {
		var err error
		closed := s.raw.Read(func(fd uintptr) bool {
			_, err = s.take(fd, enter)
			return err != unix.EAGAIN
		})
		switch {
		case closed != nil:
			return nil
		case err != nil && err != unix.ENETDOWN: // which is said once of an interface that went down (packet(7))
			return os.NewSyscallError("recvmmsg", err)
		}
	}
}

// lend gives the socket memory for the frames that it reads, and returns what
// it had.
func (s *socket) lend(b *batch) (before *batch) {
	s.turn.Lock()
	defer s.turn.Unlock()
	before, s.batch = s.batch, b
	return before
}

// take hands over the frames that are there. One does so at a time, until the
// frames are in the wire.
func (s *socket) take(fd uintptr, enter func([]received)) (int, error) {
	s.turn.Lock()
	defer s.turn.Unlock()
	if s.batch == nil {
		return 0, unix.EAGAIN
	}
	n, tagged, err := s.batch.receive(fd)
	s.tagged.Add(uint64(tagged))
	if err == nil {
		enter(s.batch.frames[:n])
	}
	return n, err
}

// drain hands over the frames that were there when it began.
func (s *socket) drain(enter func([]received)) {
	_ = s.raw.Control(func(fd uintptr) { // nothing, once the socket is closed
		for {
			if n, err := s.take(fd, enter); err != nil || n < maxBatch {
				return
			}
		}
	})
}

// receive reads the frames that are there, and says how many of them had a VLAN
// tag.
func (b *batch) receive(fd uintptr) (n, tagged int, err error) {
	for i := range b.messages {
		m := &b.messages[i]
		m.Namelen = unix.SizeofSockaddrLinklayer
		m.Control = &b.control[i][0]
		m.SetControllen(len(b.control[i]))
	}
	got, _, errno := unix.Syscall6(unix.SYS_RECVMMSG, fd, uintptr(unsafe.Pointer(&b.messages[0])), maxBatch, unix.MSG_DONTWAIT, 0, 0)
	if errno == unix.EINTR {
		return 0, 0, nil
	}
	if errno != 0 {
		return 0, 0, errno
	}
	n = int(got)
	for i := range n {
		f := &b.frames[i]
		*f = received{index: int(b.from[i].Ifindex), came: b.from[i].Pkttype != unix.PACKET_OUTGOING}
		if f.read(b.data[i][:tag+b.messages[i].size], b.control[i][:b.messages[i].Controllen]) {
			tagged++
		}
	}
	return n, tagged, nil
}

// read finds the frame in what was read behind room for a VLAN tag, and reports
// whether it has one.
func (f *received) read(data, control []byte) bool {
	vlan := f.beside(control)
	if f.frame = data[tag:]; vlan == nil || len(f.frame) < etherHeader {
		return false
	}
	f.frame = data
	copy(data, data[tag:][:12])
	copy(data[12:], vlan)
	return true
}

// beside reads what the kernel wrote beside a frame: its time, and its VLAN tag
// where it had one.
func (f *received) beside(control []byte) (vlan []byte) {
	for len(control) > unix.CmsgLen(0) {
		h := (*unix.Cmsghdr)(unsafe.Pointer(&control[0]))
		data := unsafe.Pointer(&control[unix.CmsgLen(0)])
		switch size := len(control) - unix.CmsgLen(0); {
		case h.Level == unix.SOL_SOCKET && h.Type == unix.SCM_TIMESTAMPNS && size >= int(unsafe.Sizeof(unix.Timespec{})):
			f.time = time.Unix((*unix.Timespec)(data).Unix())
		case h.Level == unix.SOL_PACKET && h.Type == unix.PACKET_AUXDATA && size >= int(unsafe.Sizeof(unix.TpacketAuxdata{})):
			a := (*unix.TpacketAuxdata)(data)
			f.partial = a.Status&unix.TP_STATUS_CSUMNOTREADY != 0
			if a.Status&unix.TP_STATUS_VLAN_VALID != 0 {
				vlan = binary.BigEndian.AppendUint16(nil, a.Vlan_tpid)
				vlan = binary.BigEndian.AppendUint16(vlan, a.Vlan_tci)
			}
		}
		control = control[min(unix.CmsgSpace(int(h.Len)-unix.CmsgLen(0)), len(control)):]
	}
	return vlan
}
