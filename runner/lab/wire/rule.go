package wire

import (
	"bytes"
	"slices"
)

// A rule is a fault with what it has counted.
type rule struct {
	Fault
	counts []int // matching frames, by the end that they come from
	held   []held
	hits
}

// A held frame waits until enough other frames have come.
type held struct {
	from   int
	to     []int
	frame  []byte
	behind int // how many matching frames must pass before it
}

// A Hit is a frame that a fault has hit.
type Hit struct {
	Frame []byte
	First int64 // the place of its first byte in a TCP stream, from 1; 0: it has none, or nobody knows it
}

// maxSeen is how many of the frames that a fault has hit are kept.
const maxSeen = 64

// hits is how often a fault has acted, and on which frames.
type hits struct {
	n    int
	seen []Hit         // the first of them
	more chan struct{} // closed when it acts again; nil until somebody asks
}

// note keeps a frame for which add is called next.
func (h *hits) note(frame []byte, first int64) {
	if len(h.seen) < maxSeen {
		h.seen = append(h.seen, Hit{bytes.Clone(frame), first})
	}
}

func (h *hits) add() {
	h.n++
	if h.more != nil {
		close(h.more)
		h.more = nil
	}
}

func (h *hits) state() (int, <-chan struct{}) {
	if h.more == nil {
		h.more = make(chan struct{})
	}
	return h.n, h.more
}

// counted counts a frame that the rule describes, and reports whether it is
// the rule's turn.
func (r *rule) counted(from int) bool {
	r.counts[from]++
	return len(r.Nth) == 0 || slices.Contains(r.Nth, r.counts[from])
}

// matches reports whether a match describes a frame.
func (m *Match) matches(h *headers, from int, to []int, f flows) bool {
	switch {
	case m.From >= 0 && m.From != from:
	case m.To >= 0 && !slices.Contains(to, m.To):
	case m.Protocol != Any && m.Protocol != h.protocol:
	case m.Protocol == TCP && !m.TCP.matches(h):
	case m.Protocol == ARP && m.ARP != AnyARP && h.kind != int(m.ARP):
	case m.Protocol == ICMP && m.ICMP >= 0 && (!h.recognized || h.kind != m.ICMP):
	case m.Port != 0 && int(h.srcPort) != m.Port && int(h.dstPort) != m.Port:
	case !bytes.Contains(h.payload, m.Contains):
	case m.Matches != nil && !m.Matches.Match(h.payload):
	default:
		return m.inRange(h, f)
	}
	return false
}

// inRange reports whether a segment carries one of the bytes that the match
// names.
func (m *Match) inRange(h *headers, f flows) bool {
	if !m.ranged() {
		return true
	}
	first, last, ok := f.bytes(h)
	return ok && last >= m.First && (m.Last == 0 || first <= m.Last)
}

// ranged reports whether the match names bytes of a stream.
func (m *Match) ranged() bool { return m.First != 0 || m.Last != 0 }

// matches reports whether a segment is of a kind.
func (k TCPMatch) matches(h *headers) bool {
	if !h.recognized {
		return k == AnySegment
	}
	switch k {
	case SYN:
		return h.flags&(flagSYN|flagACK) == flagSYN
	case SYNACK:
		return h.flags&(flagSYN|flagACK) == flagSYN|flagACK
	case FIN:
		return h.flags&flagFIN != 0
	case RST:
		return h.flags&flagRST != 0
	case Ack:
		return h.flags&flagACK != 0 && h.flags&(flagSYN|flagFIN|flagRST) == 0 && len(h.payload) == 0
	case Data:
		return len(h.payload) > 0
	}
	return true
}

// corrupted is the frame with one byte of its payload inverted. A number that
// is outside of the payload means its first or its last byte; in a frame
// without payload the byte is one of its headers, after that of Ethernet. No
// checksum is set right: the receiver finds the frame bad.
func corrupted(frame []byte, h *headers, at int) []byte {
	part := h.payload
	if len(part) == 0 {
		part = h.networkData
	}
	bad := bytes.Clone(frame)
	if len(part) == 0 {
		return bad
	}
	if at < 0 {
		at += len(part)
	}
	at = min(max(at, 0), len(part)-1)
	bad[cap(frame)-cap(part)+at] ^= 0xff
	return bad
}
