package wire

import "time"

// Which says which frames a listener gets besides those that all interfaces
// send. The numbers are indexes of interfaces.
type Which struct {
	NotSent []int // interfaces whose frames others see
	Came    []int // interfaces for which it gets also what comes to them
}

// Heard is a frame that an interface has sent.
type Heard struct {
	Index int       // of the interface
	Came  bool      // it came to the interface instead
	Time  time.Time // when the kernel gave it to the interface
	Frame []byte    // valid until the listener's function returns
}
