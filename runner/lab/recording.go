package lab

import (
	"bytes"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/sockscript/sockscript/runner/lab/wire"
)

// MaxRecorded is how many bytes of frames a recording keeps, each frame
// counting [frameCost] more.
const MaxRecorded = 64 << 20

// frameCost is what a frame counts besides its bytes.
const frameCost = 128

// A Frame is an Ethernet frame that an interface of a host has sent.
type Frame struct {
	Time      time.Time // when the kernel took it
	Host      string
	Interface string
	// Link is the link that the interface belongs to; "" for lo, for an
	// interface that no link joins, and for a cable.
	Link string
	// Received says that the frame came to the interface: of a cable, from the
	// host that this process plays, or of those in Arrivals.
	Received bool
	// Fate is what became of it on a link over the wire.
	Fate  wire.Fate
	Bytes []byte
}

// A Recording keeps the frames that the interfaces of networks send: each one
// once, as it leaves its interface, also if it gets lost after that. One that a
// router passes on is another frame on its next link.
type Recording struct {
	// Arrivals are interfaces of links for which the frames are kept too that
	// come to them.
	Arrivals []End

	most      int
	listeners []*wire.Listener
	wire      *wire.Wire

	mu      sync.Mutex
	on      bool
	sources []*source
	size    int
	beyond  int
	spare   []byte // for the bytes of the next frames
}

// NewRecording returns a recording of nothing yet.
func NewRecording() *Recording { return &Recording{most: MaxRecorded} }

// Recorded is what a recording has kept.
type Recorded struct {
	Frames []Frame // in the order of their times
	Came   []Frame // to interfaces of Arrivals
	Lost   int     // frames that the kernel had no room for
	Beyond int     // frames that came after [MaxRecorded]
}

// Start begins to record.
func (r *Recording) Start() {
	for i, l := range r.listeners {
		l.Start(i == 0)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = true
}

// Stop ends the recording, with all frames that were sent before. It must be
// called before the networks are closed.
func (r *Recording) Stop() Recorded {
	var got Recorded
	if r.wire != nil {
		r.wire.Settle()
	}
	for _, l := range r.listeners {
		got.Lost += l.Close()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.on = false
	for _, s := range r.sources {
		straighten(s.sent)
		straighten(s.came)
		got.Frames, got.Came = append(got.Frames, s.sent...), append(got.Came, s.came...)
	}
	for _, list := range [][]Frame{got.Frames, got.Came} {
		slices.SortStableFunc(list, func(a, b Frame) int { return a.Time.Compare(b.Time) })
	}
	got.Beyond = r.beyond
	return got
}

// straighten gives a frame no later time than the one after it has: the clock
// may have been set back.
func straighten(frames []Frame) {
	for i := len(frames) - 2; i >= 0; i-- {
		if frames[i].Time.After(frames[i+1].Time) {
			frames[i].Time = frames[i+1].Time
		}
	}
}

// A source is where frames come from. Each list is in the order in which they
// were seen.
type source struct{ sent, came []Frame }

func (r *Recording) source() *source {
	r.mu.Lock()
	defer r.mu.Unlock()
	s := new(source)
	r.sources = append(r.sources, s)
	return s
}

// add keeps a frame, whose bytes it copies.
func (r *Recording) add(to *[]Frame, f Frame) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch cost := len(f.Bytes) + frameCost; {
	case !r.on:
		return
	case r.beyond > 0 || r.size+cost > r.most:
		r.beyond++ // and all after it, so that what is kept has no gap
		return
	default:
		r.size += cost
	}
	const atOnce = 64 << 10
	switch n := len(f.Bytes); {
	case n > atOnce/4:
		f.Bytes = bytes.Clone(f.Bytes)
	default:
		if n > len(r.spare) {
			r.spare = make([]byte, atOnce)
		}
		copy(r.spare, f.Bytes)
		f.Bytes, r.spare = r.spare[:n:n], r.spare[n:]
	}
	*to = append(*to, f)
}

// tap returns what takes the frames of links over the wire.
func (r *Recording) tap(plan *Plan) func(wire.Passage) {
	ends := make(map[string][]End)
	for _, l := range plan.Links {
		ends[l.Name] = l.Join
	}
	s := r.source()
	return func(p wire.Passage) {
		end := ends[p.Link][p.End]
		r.add(&s.sent, Frame{Time: p.Time, Host: end.Host, Interface: end.Interface, Link: p.Link, Fate: p.Fate, Bytes: p.Frame})
	}
}

// Record records the frames of a network as well. Its interfaces are those of
// a host, of which some belong to links.
func (r *Recording) Record(n *Network, host string, links map[string]string) error {
	return r.listen(n, host, links, wire.Which{})
}

// maxListeners is how many listen to a network where one has little room.
const maxListeners = 16

// listen listens to the interfaces of a network, but not to those that others
// record. For an ordinary user the kernel keeps few frames for each listener,
// as net.core.rmem_max says, so several share them.
func (r *Recording) listen(n *Network, host string, links map[string]string, which wire.Which) error {
	var listeners []*wire.Listener
	for len(listeners) == 0 || len(listeners) < maxListeners && !wire.Roomy(listeners) {
		l, err := r.listener(n, host, links, which)
		if err != nil && len(listeners) == 0 {
			return err
		}
		if err != nil {
			break // as many as there can be
		}
		listeners = append(listeners, l)
	}
	if len(listeners) > 1 && wire.Share(listeners) != nil {
		for _, l := range listeners[1:] {
			l.Close()
		}
		listeners = listeners[:1]
	}
	r.listeners = append(r.listeners, listeners...)
	return nil
}

// listener is one that has the frames of a network. Its frames are in the order
// of time, and those of several are not.
func (r *Recording) listener(n *Network, host string, links map[string]string, which wire.Which) (*wire.Listener, error) {
	s, names := r.source(), map[int]string{}
	return wire.Listen(n.Within, which, func(h wire.Heard) {
		name, known := names[h.Index]
		if !known {
			name = n.nameOf(h.Index)
			names[h.Index] = name
		}
		f := Frame{Time: h.Time, Host: host, Interface: name, Link: links[name], Received: h.Came, Bytes: h.Frame}
		if h.Came {
			r.add(&s.came, f)
			return
		}
		if _, planned := links[name]; !planned {
			f.Interface, f.Received = strings.CutSuffix(name, farSuffix)
		}
		r.add(&s.sent, f)
	})
}

// farSuffix is in the names of the far ends of cables.
const farSuffix = "far"

// recordHosts records all hosts of a lab. The wire records its own links.
func (r *Recording) recordHosts(l *Lab, p *Plan) error {
	links := make(map[End]LinkPlan)
	for _, link := range p.Links {
		for _, end := range link.Join {
			links[end] = link
		}
	}
	r.wire = l.wire
	for _, h := range p.Hosts {
		n, of, which := l.hosts[h.Name], make(map[string]string), wire.Which{}
		for _, i := range h.Interfaces {
			link := links[End{h.Name, i.Name}]
			of[i.Name] = link.Name
			arrivals := link.Name != "" && slices.Contains(r.Arrivals, End{h.Name, i.Name})
			if !link.Wire && !arrivals {
				continue
			}
			on, err := n.Interface(i.Name)
			if err != nil {
				return &PlanError{Host: h.Name, Interface: i.Name, Err: err}
			}
			if link.Wire {
				which.NotSent = append(which.NotSent, on.Index)
			}
			if arrivals {
				which.Came = append(which.Came, on.Index)
			}
		}
		if err := r.listen(n, h.Name, of, which); err != nil {
			return &PlanError{Host: h.Name, Err: err}
		}
	}
	return nil
}
