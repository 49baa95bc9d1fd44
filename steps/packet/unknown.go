package packet

import (
	"fmt"
	"strings"
)

// Unknown describes a packet that no text can ask for: one of another protocol,
// or a later fragment.
type Unknown struct {
	EtherType uint16 // 0: that of IP
	Protocol  byte   // of IP
	Fragment  bool
}

func (u *Unknown) write(b *strings.Builder) {
	switch {
	case u.EtherType != 0:
		fmt.Fprintf(b, "a frame of type 0x%04x", u.EtherType)
	case u.Fragment:
		fmt.Fprintf(b, "a later fragment of protocol %d", u.Protocol)
	default:
		fmt.Fprintf(b, "a packet of protocol %d", u.Protocol)
	}
}

func (u *Unknown) numbers() []namedNumber { return nil }

func (u *Unknown) sendable() error { return nil }

func (u *Unknown) differences(PatternBody) []Difference { return nil }
