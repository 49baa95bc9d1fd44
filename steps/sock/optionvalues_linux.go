package sock

import (
	"encoding/binary"
	"slices"
)

// mreqSource puts the fields of struct ip_mreq_source in the order of Linux.
func mreqSource(group, local, source []byte) []byte { return slices.Concat(group, local, source) }

// putFamily begins a struct sockaddr_storage.
func putFamily(b []byte, family int) { binary.NativeEndian.PutUint16(b, uint16(family)) }
