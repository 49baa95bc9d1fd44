//go:build darwin || freebsd

package sock

import "slices"

// mreqSource puts the fields of struct ip_mreq_source in the order of the BSDs.
func mreqSource(group, local, source []byte) []byte { return slices.Concat(group, source, local) }

// putFamily begins a struct sockaddr_storage.
func putFamily(b []byte, family int) { b[0], b[1] = byte(len(b)), byte(family) }
