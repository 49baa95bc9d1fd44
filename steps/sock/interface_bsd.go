//go:build darwin || freebsd

package sock

// InterfaceIndex is the index of an interface, by its name or its number. An
// interface that is not there is ENXIO.
func (s *Socket) InterfaceIndex(name string) (int, error) {
	index, errno := interfaceIndex(name)
	if errno != 0 {
		return 0, failed("if_nametoindex", errno)
	}
	return int(index), nil
}

// InterfaceName is the reverse of InterfaceIndex. An interface that is gone
// keeps its number.
func (s *Socket) InterfaceName(index int) string { return interfaceName(uint32(index)) }
