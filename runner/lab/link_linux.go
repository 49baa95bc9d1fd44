package lab

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sockscript/sockscript/runner/lab/wire"
	"github.com/vishvananda/netlink"
)

// A Link joins interfaces of hosts.
type Link struct {
	name string
	lab  *Lab
	join []End
	wire *wire.Link // nil: the kernel carries the frames
}

var (
	errDirect = errors.New("the kernel joins its two interfaces directly")
	errKernel = errors.New("the kernel carries its frames")
)

// makeLinks makes the interfaces that links join.
func (b *builder) makeLinks() error {
	for _, p := range b.Links {
		link := &Link{name: p.Name, lab: b.Lab, join: p.Join}
		b.links[p.Name] = link
		var err error
		switch {
		case p.Wire:
			link.wire, err = b.makeWired(p)
		case len(p.Join) == 2 && !p.Snooping && !p.Querier:
			err = b.makeDirect(p.Join[0], p.Join[1])
		default:
			err = b.makeSegment(p)
		}
		if err == nil && b.Record != nil && !p.Wire {
			err = b.offloadsOff(p)
		}
		var at *PlanError
		switch refused := new(RefusedError); {
		case errors.As(err, &refused):
			return err
		case errors.As(err, &at):
			at.Link = p.Name
			return at
		case err != nil:
			return &PlanError{Link: p.Name, Err: err}
		}
	}
	return nil
}

// makeDirect joins two interfaces.
func (b *builder) makeDirect(one, other End) error {
	to, i, err := b.find(other)
	if err != nil {
		return err
	}
	pair := &netlink.Veth{PeerName: i.Name, PeerHardwareAddr: i.MAC, PeerMTU: uint32(i.MTU)}
	if i.MTU == 0 {
		pair.PeerMTU = usualMTU // not that of the first one
	}
	if err := b.makePair(one, to, pair); err != nil {
		return err
	}
	b.made[other] = true
	b.hosts[one.Host].far[one.Interface] = farEnd{to, other.Interface}
	to.far[other.Interface] = farEnd{b.hosts[one.Host], one.Interface}
	return nil
}

// offloadsOff makes the interfaces of a link send segments as they cross a
// cable.
func (b *builder) offloadsOff(p LinkPlan) error {
	for _, end := range p.Join {
		if err := b.hosts[end.Host].try(func() error { return offloadsOff(end.Interface) }); err != nil {
			return &PlanError{Host: end.Host, Interface: end.Interface, Err: err}
		}
	}
	return nil
}

// usualMTU is what the kernel takes for Ethernet.
const usualMTU = 1500

// makeSegment joins interfaces by a bridge.
func (b *builder) makeSegment(p LinkPlan) error {
	to, err := hiddenNetwork(&b.bridges)
	if err != nil {
		return err
	}
	bridge := 0
	err = to.try(func() (err error) {
		bridge, err = makeBridge(p)
		return err
	})
	if err != nil {
		return fmt.Errorf("the bridge cannot be made: %w", err)
	}
	if p.Querier {
		b.settled = time.Now().Add(trust)
	}
	for _, end := range p.Join {
		port, err := b.makeEnd(end, &b.bridges)
		if err == nil {
			err = to.try(func() error { return netlink.LinkSetMasterByIndex(byIndex(port.Index), bridge) })
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// byIndex stands for an interface in a request to change it.
func byIndex(index int) netlink.Link {
	return &netlink.Device{LinkAttrs: netlink.LinkAttrs{Index: index}}
}

// Carrier takes the carrier from the interfaces, or gives it back.
func (l *Link) Carrier(on bool) error {
	for at, end := range l.join {
		host := l.lab.hosts[end.Host]
		far := host.far[end.Interface]
		if far.network != l.lab.bridges && far.network != l.lab.wires {
			return fmt.Errorf("the carrier of the link %s cannot be taken: %w", l.name, errDirect)
		}
		err := l.away(at, !on, func() error {
			return far.network.try(func() error {
				link, err := linkByName(far.name)
				switch {
				case err != nil:
					return err
				case on:
					return netlink.LinkSetUp(link)
				}
				return netlink.LinkSetDown(link)
			})
		})
		if err == nil && on {
			err = host.settle(end.Interface)
		}
		if err != nil {
			return fmt.Errorf("the link %s at %s: %w", l.name, end, err)
		}
	}
	return nil
}

// away brings an end of the link down or up, as f does it: the wire does not
// answer for frames that are lost at an end that is down.
func (l *Link) away(end int, away bool, f func() error) error {
	if l.wire == nil {
		return f()
	}
	if away {
		return errors.Join(l.wire.SetAway(end, true), f())
	}
	return errors.Join(f(), l.wire.SetAway(end, false))
}

// onWire calls a function of a link over the wire.
func (l *Link) onWire(f func(*wire.Link) error) error {
	err := errKernel
	if l.wire != nil {
		err = f(l.wire)
	}
	if err != nil {
		return fmt.Errorf("the link %s: %w", l.name, err)
	}
	return nil
}

// Cut makes all frames vanish silently, or lets them pass again.
func (l *Link) Cut(on bool) error {
	return l.onWire(func(w *wire.Link) error {
		w.Cut(on)
		return nil
	})
}

// Impair changes what the link does to all frames, or to those of one end.
func (l *Link) Impair(c Change) error {
	return l.onWire(func(w *wire.Link) error {
		if c.From != "" && !slices.ContainsFunc(l.join, func(e End) bool { return e.String() == c.From }) {
			return fmt.Errorf("%s is not an end of it", c.From)
		}
		w.Impair(func(end int, i *wire.Impairment) {
			if c.From != "" && c.From != l.join[end].String() {
				return
			}
			set(&i.Delay, c.Delay)
			set(&i.Jitter, c.Jitter)
			set(&i.Loss, c.Loss)
			set(&i.Rate, c.Rate)
			set(&i.MTU, c.MTU)
		})
		return nil
	})
}

// set changes a field if there is a value for it.
func set[T any](field, value *T) {
	if value != nil {
		*field = *value
	}
}

// Arm sets a fault on or off. It counts from there.
func (l *Link) Arm(fault string, on bool) error {
	return l.onWire(func(w *wire.Link) error { return w.Arm(fault, on) })
}

// Hit is the nth frame on which a fault has acted, from 1, and the place of its
// first byte in a TCP stream, from 1, where it is known. Only the first frames
// are kept, and none that a cut has swallowed.
func (l *Link) Hit(fault string, n int) (frame []byte, first int64, ok bool) {
	if l.wire == nil {
		return nil, 0, false
	}
	h, ok := l.wire.Hit(fault, n)
	return h.Frame, h.First, ok
}

// Hits is how often a fault has acted, and a channel that is closed when it
// acts again. The fault cut has acted for each frame that vanished in a cut.
func (l *Link) Hits(fault string) (hits int, more <-chan struct{}, err error) {
	err = l.onWire(func(w *wire.Link) (err error) {
		hits, more, err = w.Hits(fault)
		return err
	})
	return hits, more, err
}
