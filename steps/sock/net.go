package sock

import "errors"

// A network is where a group makes sockets: that of this process, a private
// one, or the one of a host.
type network struct {
	host  string         // "" in a network without hosts
	other func(f func()) // calls f on a thread of the network; nil: it is that of this process
	diag  unixDiag
	id    uint64 // of the network namespace; 0 where it is not known
}

func newNetwork(host string, within func(f func())) *network {
	n := &network{host: host, other: within}
	n.diag.in(n)
	return n
}

// within calls a function on a thread of the network.
func (n *network) within(f func()) {
	if n.other == nil {
		f()
		return
	}
	n.other(f)
}

// socket is socket(2) in the network, made by this process.
func (n *network) socket(family, typ, proto int, nonblock bool) (fd int, err error) {
	if n.other == nil {
		return sysSocket(caller{}, family, typ, proto, nonblock)
	}
	return n.socketThere(family, typ, proto, nonblock)
}

func (n *network) socketThere(family, typ, proto int, nonblock bool) (fd int, err error) {
	n.other(func() { fd, err = sysSocket(caller{}, family, typ, proto, nonblock) })
	return fd, err
}

// AddHost adds the network of a host, before any socket is made. within calls a
// function on a thread of that network.
func (g *Group) AddHost(host string, within func(f func())) {
	n := newNetwork(host, within)
	n.within(func() { n.id = networkID() })
	if g.hosts == nil {
		g.hosts = make(map[string]*network)
	}
	g.hosts[host] = n
}

// On is the group of the same sockets that makes them on a host; g itself where
// there is none of that name.
func (g *Group) On(host string) *Group {
	n := g.hosts[host]
	if n == nil || n == g.network {
		return g
	}
	return &Group{registry: g.registry, process: g.process, network: n, blocks: g.blocks}
}

// errOtherHost is why a forked process makes no socket on another host.
var errOtherHost = errors.New("a process makes its sockets on the host that it was made on; let an actor of the other host make it")

// mayMake reports why the group can make no sockets in its network: a forked
// process is in that of the group that has forked it.
func (g *Group) mayMake(blocking bool) error {
	if g.process != nil && g.process.group.network != g.network {
		return errOtherHost
	}
	return g.mayOpen(blocking)
}

// networks are all networks of the groups.
func (r *registry) networks() []*network {
	all := []*network{r.home}
	for _, n := range r.hosts {
		all = append(all, n)
	}
	return all
}

// networkOf is the network of a socket that came from somebody else.
func (g *Group) networkOf(fd int) *network {
	if len(g.hosts) == 0 || g.process != nil {
		return g.network
	}
	id := networkOfSocket(fd)
	for _, n := range g.hosts {
		if id != 0 && n.id == id {
			return n
		}
	}
	return g.network
}
