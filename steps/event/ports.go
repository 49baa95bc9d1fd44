package event

import (
	"fmt"
	"os"
	"sync"
)

// DynamicPort reports whether the kernel may choose a port by itself.
func DynamicPort(port uint16) bool {
	low, high := DynamicPorts()
	return port >= low && port <= high
}

// DynamicPorts are the lowest and the highest port that the kernel may choose
// by itself in the network of this process.
func DynamicPorts() (low, high uint16) {
	r := portRange()
	return r[0], r[1]
}

var portRange = sync.OnceValue(func() [2]uint16 {
	low, high := ReadDynamicPorts()
	return [2]uint16{low, high}
})

// ReadDynamicPorts are the ports that the kernel may choose by itself in the
// network of the calling thread: on Linux those of net.ipv4.ip_local_port_range
// (ip(7)), elsewhere the dynamic ports of RFC 6335, section 6.
func ReadDynamicPorts() (low, high uint16) {
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		if _, err := fmt.Sscan(string(text), &low, &high); err == nil {
			return low, high
		}
	}
	return 49152, 65535
}
