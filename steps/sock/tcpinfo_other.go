//go:build !linux

package sock

// A TCPInfoField is a member of struct tcp_info, which only Linux gives in the
// form that is read here.
type TCPInfoField struct {
	Name  string
	Value uint64
}

// DecodeTCPInfo returns nothing on this system.
func DecodeTCPInfo([]byte) []TCPInfoField { return nil }
