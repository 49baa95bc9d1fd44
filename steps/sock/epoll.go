package sock

import (
	"sync"
)

// A Watched is a descriptor that an epoll instance watches, by the name that it
// had when it was added.
type Watched struct {
	Name   string
	Socket *Socket
	Events uint32
	// Seen is how far what is received had come when an edge was last reported.
	Seen int64
}

// epollTable is what an epoll instance watches, by the keys that epoll_wait(2)
// returns.
type epollTable struct {
	mu   sync.Mutex
	last int32
	list map[int32]*Watched
	full int // entries after the last look for those that are gone
}

// Watch is the key of a descriptor that an epoll instance watches or is to
// watch.
func (s *Socket) Watch(w Watched) int32 {
	t := &s.desc.epoll
	t.mu.Lock()
	defer t.mu.Unlock()
	for key, old := range t.list {
		if old.Socket == w.Socket {
			w.Name = old.Name
			t.list[key] = &w
			return key
		}
	}
	if t.list == nil {
		t.list = make(map[int32]*Watched)
	}
	t.forgetGone()
	t.last++
	t.list[t.last] = &w
	return t.last
}

// forgetGone drops the entries of files that are closed for good, when there
// are twice as many as after the last time.
func (t *epollTable) forgetGone() {
	const few = 64
	if len(t.list) < max(few, 2*t.full) {
		return
	}
	for key, w := range t.list {
		if d := w.Socket.desc; d.Open() == 0 && !d.Passed() && !d.foreign.Load() {
			delete(t.list, key)
		}
	}
	t.full = len(t.list)
}

// Unwatch forgets a key.
func (s *Socket) Unwatch(key int32) {
	t := &s.desc.epoll
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.list, key)
}

// Watches are the keys of what the instance watches, with what they stand for,
// in the order in which they were added.
func (s *Socket) Watches() (keys []int32, list []*Watched) {
	t := &s.desc.epoll
	t.mu.Lock()
	defer t.mu.Unlock()
	for key := int32(1); key <= t.last && len(keys) < len(t.list); key++ {
		if w := t.list[key]; w != nil {
			keys, list = append(keys, key), append(list, w)
		}
	}
	return keys, list
}

var epollEvents = func() constants {
	t := constants{prefix: "EPOLL"}
	for _, c := range pollEvents.list {
		if c.name != "POLLNVAL" {
			t.list = append(t.list, constant{"E" + c.name, c.number})
		}
	}
	t.list = append(t.list, epollOnly...)
	return t
}()

// EpollEventByName finds an event of epoll(7): "EPOLLIN", "in", "et".
func EpollEventByName(name string) (uint32, bool) {
	n, ok := epollEvents.byName(name)
	return uint32(n), ok
}

// EpollEventNames is a set of events as strace prints it: "EPOLLIN|EPOLLET", 0
// for none.
func EpollEventNames(set uint32) string { return epollEvents.bits(int(int32(set))) }

// AllEpollEvents lists the names of the events.
func AllEpollEvents() []string { return epollEvents.names() }

// EpollFlags are those of epoll_create1(2).
var EpollFlags = &FlagSet{table: &constants{"EPOLL_", []constant{{"EPOLL_CLOEXEC", SockCloexec}}}}
