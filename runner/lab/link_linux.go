package lab

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
)

// A Link joins interfaces of hosts.
type Link struct {
	name string
	lab  *Lab
	join []End
}

var errDirect = errors.New("its two interfaces are joined directly, by the kernel")

// makeLinks makes the interfaces that links join.
func (b *builder) makeLinks() error {
	for _, p := range b.Links {
		link := &Link{name: p.Name, lab: b.Lab, join: p.Join}
		b.links[p.Name] = link
		var err error
		switch {
		case len(p.Join) == 2 && !p.Snooping && !p.Querier:
			err = b.makeDirect(p.Join[0], p.Join[1])
		default:
			err = b.makeSegment(p)
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
	for _, end := range l.join {
		host := l.lab.hosts[end.Host]
		far := host.far[end.Interface]
		if far.network != l.lab.bridges && far.network != l.lab.wire {
			return fmt.Errorf("the carrier of the link %s cannot be taken: %w", l.name, errDirect)
		}
		err := far.network.try(func() error {
			link, err := linkByName(far.name)
			switch {
			case err != nil:
				return err
			case on:
				return netlink.LinkSetUp(link)
			}
			return netlink.LinkSetDown(link)
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
