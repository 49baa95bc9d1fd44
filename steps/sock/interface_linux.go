package sock

// InterfaceIndex is the index of an interface of the socket's network, by its
// name or its number (netdevice(7)). An interface that is not there is ENODEV.
func (s *Socket) InterfaceIndex(name string) (int, error) {
	if err := s.enter(); err != nil {
		return 0, failed("ioctl", err)
	}
	defer s.leave()
	index, errno := interfaceIndex(s.caller(), s.fd, name)
	if errno != 0 {
		return 0, failed("ioctl", errno)
	}
	return int(index), nil
}

// InterfaceName is the reverse of InterfaceIndex. An interface that is gone
// keeps its number.
func (s *Socket) InterfaceName(index int) string {
	if s.enter() != nil {
		return interfaceName(s.caller(), -1, uint32(index))
	}
	defer s.leave()
	return interfaceName(s.caller(), s.fd, uint32(index))
}
