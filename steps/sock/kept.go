package sock

import (
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// keptConns are connections of a listening socket that were taken from its
// queue by an accept that wants another peer's. Later accepts find them first.
type keptConns struct {
	mu      sync.Mutex
	list    []keptConn
	changes atomic.Int64 // how often one was added
	waiters map[nudged]struct{}
}

// A keptConn is an accepted connection with its peer's address.
type keptConn struct {
	conn *Socket
	peer Addr
}

// A nudged is a call that waits, and that looks again when it is nudged.
type nudged interface{ nudge() }

// keep adds a connection, and lets those look that wait.
func (k *keptConns) keep(c keptConn) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.list = append(k.list, c)
	k.changes.Add(1)
	for w := range k.waiters {
		w.nudge()
	}
}

// take removes the first connection that is wanted, nil: any. It returns nil
// where there is none.
func (k *keptConns) take(wanted func(Addr) bool) *keptConn {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i, c := range k.list {
		if wanted == nil || wanted(c.peer) {
			k.list = append(k.list[:i:i], k.list[i+1:]...)
			return &keptConn{c.conn, c.peer}
		}
	}
	return nil
}

// some reports whether there is a connection.
func (k *keptConns) some() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.list) > 0
}

// Kept is how many connections later accepts of the listening socket find
// first.
func (s *Socket) Kept() int {
	k := &s.desc.kept
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.list)
}

// drop resets the connections, as the kernel does with those in the queue of a
// listening socket that is closed.
func (k *keptConns) drop() {
	k.mu.Lock()
	list := k.list
	k.list = nil
	k.mu.Unlock()
	for _, c := range list {
		sysSetsockopt(c.conn.caller(), c.conn.fd, unix.SOL_SOCKET, unix.SO_LINGER, EncodeLinger(1, 0))
		c.conn.Close()
	}
}

// watchKept registers a call that waits on these sockets' connections. It is to
// be called before the call looks for the first time.
func watchKept(list []*keptConns, w nudged) (leave func()) {
	for _, k := range list {
		k.mu.Lock()
		if k.waiters == nil {
			k.waiters = make(map[nudged]struct{})
		}
		k.waiters[w] = struct{}{}
		k.mu.Unlock()
	}
	return func() {
		for _, k := range list {
			k.mu.Lock()
			delete(k.waiters, w)
			k.mu.Unlock()
		}
	}
}

// nudge makes a call that waits on the port return to its loop.
func (p *port) nudge() { p.file.SetReadDeadline(longAgo) }

// keptChanges is how often connections were kept that the call may take.
func (d *direction) keptChanges() int64 {
	n := int64(0)
	for _, k := range d.watches {
		n += k.changes.Load()
	}
	return n
}

// keptList is what a call on the description watches.
func (d *Description) keptList() []*keptConns { return []*keptConns{&d.kept} }
