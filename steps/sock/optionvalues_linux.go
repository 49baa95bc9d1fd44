package sock

import "slices"

// mreqSource puts the fields of struct ip_mreq_source in the order of Linux.
func mreqSource(group, local, source []byte) []byte { return slices.Concat(group, local, source) }
