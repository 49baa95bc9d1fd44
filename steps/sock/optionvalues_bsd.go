//go:build darwin || freebsd

package sock

import "slices"

// mreqSource puts the fields of struct ip_mreq_source in the order of the BSDs.
func mreqSource(group, local, source []byte) []byte { return slices.Concat(group, source, local) }
