// Package lab makes networks for scenarios: network namespaces of their own
// (network_namespaces(7)), one or several that links join. It knows nothing of
// scenarios.
//
// A namespace is held by one thread that has entered it and never leaves: an
// ordinary user could not come back. What has to happen inside, a socket(2), a
// program's start, is done on that thread; a socket then belongs to the
// namespace, whichever thread uses it. When the thread has ended and the last
// socket is closed, the kernel removes the namespace.
//
// A link between two hosts is a veth pair (veth(4)). One of more hosts has a
// bridge in a namespace that no host sees; one whose frames this process has
// to see has its far ends in another such namespace, where package wire
// carries the frames between them.
//
// A [Recording] keeps the frames that cross networks. It sees them at the
// hosts' interfaces, where each is sent, and those of links over the wire in
// the wire, which knows what becomes of them. Where there is no recording, no
// frame is looked at for its sake.
package lab
