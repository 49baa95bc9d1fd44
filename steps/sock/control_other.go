//go:build !linux

package sock

import (
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// controlTypes are the types of ancillary data that are read alike everywhere.
var controlTypes = []ControlType{{"SCM_RIGHTS", unix.SOL_SOCKET, unix.SCM_RIGHTS, CtlRights}}

// EncodeUcred is Linux's; other systems have no SCM_CREDENTIALS to send.
func EncodeUcred(Ucred) []byte { return nil }

// A Pktinfo is struct in_pktinfo or in6_pktinfo of Linux.
type Pktinfo struct {
	Interface  int
	Local, Dst netip.Addr
}

// EncodePktinfo is Linux's.
func EncodePktinfo(Pktinfo, bool) []byte { return nil }

// DecodePktinfo is Linux's.
func DecodePktinfo([]byte) (Pktinfo, bool) { return Pktinfo{}, false }

// An ExtendedError is struct sock_extended_err of Linux.
type ExtendedError struct {
	Errno      syscall.Errno
	Origin     string
	Type, Code int
	Info, Data int
	Offender   netip.Addr
}

// ErrorOrigins is Linux's.
func ErrorOrigins() []string { return nil }

// DecodeExtendedError is Linux's.
func DecodeExtendedError([]byte) (ExtendedError, bool) { return ExtendedError{}, false }

// DecodeSockaddr reads nothing here: no ancillary data of these systems holds
// an address.
func DecodeSockaddr([]byte) Addr { return Addr{} }
