package wire

import "time"

// Sent is a frame that an interface has sent.
type Sent struct {
	Index int       // of the interface
	Time  time.Time // when the kernel gave it to the interface
	Frame []byte    // valid until the listener's function returns
}
