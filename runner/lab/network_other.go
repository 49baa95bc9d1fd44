//go:build !linux

package lab

import (
	"errors"
	"net"
	"net/netip"

	"github.com/sockscript/sockscript/runner/lab/wire"
)

// errNotLinux is why there is nothing here.
var errNotLinux = errors.New("only Linux has network namespaces")

// A Network is a network namespace, which only Linux has, or the network of
// this process, in which nothing but Within and Interface works.
type Network struct{}

// Private fails: only Linux has network namespaces.
func Private(Settings) (*Network, error) { return nil, &RefusedError{errNotLinux} }

// Outside is the network of this process.
func Outside() *Network { return new(Network) }

// Allowed is false.
func Allowed() bool { return false }

// Within calls f.
func (n *Network) Within(f func()) { f() }

// Close does nothing.
func (n *Network) Close() error { return nil }

// Sysctl fails.
func (n *Network) Sysctl(name string) (string, error) {
	return "", &SysctlError{Sysctl{Name: name}, true, errNotLinux}
}

// SetSysctl fails.
func (n *Network) SetSysctl(name, value string) error {
	return &SysctlError{Sysctl{name, value}, false, errNotLinux}
}

// Interface is an interface by its name.
func (n *Network) Interface(name string) (*net.Interface, error) { return net.InterfaceByName(name) }

func (n *Network) nameOf(int) string { return "" }

// SetInterface fails.
func (n *Network) SetInterface(string, bool) error { return errOutside }

// SetMTU fails.
func (n *Network) SetMTU(string, int) error { return errOutside }

// AddAddress fails.
func (n *Network) AddAddress(string, netip.Prefix, bool) error { return errOutside }

// RemoveAddress fails.
func (n *Network) RemoveAddress(string, netip.Prefix) error { return errOutside }

// Duplicate fails.
func (n *Network) Duplicate(string, netip.Addr) (tentative, duplicate bool, err error) {
	return false, false, errNotLinux
}

// Neighbor fails.
func (n *Network) Neighbor(netip.Addr) (net.HardwareAddr, error) { return nil, errNotLinux }

// Neighbors fails.
func (n *Network) Neighbors() (map[netip.Addr]net.HardwareAddr, error) { return nil, errNotLinux }

// SetNeighbor fails.
func (n *Network) SetNeighbor(netip.Addr, net.HardwareAddr) error { return errOutside }

// FlushNeighbors fails.
func (n *Network) FlushNeighbors(netip.Addr) error { return errOutside }

// Announce fails.
func (n *Network) Announce(netip.Addr, string) error { return errOutside }

// AddRoute fails.
func (n *Network) AddRoute(netip.Prefix, string) error { return errOutside }

// RemoveRoute fails.
func (n *Network) RemoveRoute(netip.Prefix) error { return errOutside }

// A Cable cannot be made here.
type Cable struct {
	port      *wire.Port
	near, far [6]byte
}

// Cable fails.
func (n *Network) Cable(CablePlan) (*Cable, error) { return nil, errNotLinux }
