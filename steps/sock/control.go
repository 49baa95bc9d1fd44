package sock

import (
	"encoding/binary"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// ControlKind is the form of one type of ancillary data.
type ControlKind int

// The forms of ancillary data, with their C types.
const (
	CtlBytes        ControlKind = iota // anything else: raw bytes
	CtlInt                             // int, or a byte where the kernel gives one
	CtlUint16                          // a 16-bit number
	CtlUint64                          // a 64-bit number
	CtlRights                          // descriptors
	CtlCredentials                     // struct ucred
	CtlPktinfo                         // struct in_pktinfo
	CtlPktinfo6                        // struct in6_pktinfo
	CtlRecverr                         // struct sock_extended_err and the offender's address
	CtlTimeval                         // struct timeval
	CtlTimespec                        // struct timespec
	CtlTimestamping                    // struct scm_timestamping; sent: flags, an int
	CtlAddr                            // a socket address
)

// A ControlType is a type of ancillary data (cmsg(3)).
type ControlType struct {
	Name        string
	Level, Type int
	Kind        ControlKind
}

// ControlByName finds a type by its C name. LEVEL:TYPE in numbers means any
// other.
func ControlByName(name string) (ControlType, bool) {
	for _, c := range controlTypes {
		if c.Name == name {
			return c, true
		}
	}
	level, typ, _ := strings.Cut(name, ":")
	l, err1 := strconv.Atoi(level)
	t, err2 := strconv.Atoi(typ)
	return ControlType{Name: name, Level: l, Type: t}, err1 == nil && err2 == nil
}

// ControlNames lists the names of all types.
func ControlNames() []string {
	var names []string
	for _, c := range controlTypes {
		names = append(names, c.Name)
	}
	return names
}

// A Control is one piece of ancillary data.
type Control struct {
	ControlType
	Data []byte
}

// ParseControl takes received ancillary data apart.
func ParseControl(b []byte) ([]Control, error) {
	messages, err := unix.ParseSocketControlMessage(b)
	if err != nil {
		return nil, failed("recvmsg", err)
	}
	var list []Control
	for _, m := range messages {
		c := Control{ControlType{Level: int(m.Header.Level), Type: int(m.Header.Type)}, m.Data}
		c.Name = strconv.Itoa(c.Level) + ":" + strconv.Itoa(c.Type)
		for _, t := range controlTypes {
			if t.Level == c.Level && t.Type == c.Type {
				c.ControlType = t
				break
			}
		}
		list = append(list, c)
	}
	return list, nil
}

// AppendControl adds one piece of ancillary data, with its header and padding.
func AppendControl(b []byte, t ControlType, data []byte) []byte {
	start := len(b)
	b = append(b, make([]byte, unix.CmsgSpace(len(data)))...)
	h := b[start:]
	e := binary.NativeEndian
	if strconv.IntSize == 64 && unix.SizeofCmsghdr == 16 {
		e.PutUint64(h, uint64(unix.CmsgLen(len(data))))
		e.PutUint32(h[8:], uint32(t.Level))
		e.PutUint32(h[12:], uint32(t.Type))
	} else {
		e.PutUint32(h, uint32(unix.CmsgLen(len(data))))
		e.PutUint32(h[4:], uint32(t.Level))
		e.PutUint32(h[8:], uint32(t.Type))
	}
	copy(h[unix.CmsgLen(0):], data)
	return b
}

// AppendRights adds descriptors: SCM_RIGHTS, or another type that is made of
// them.
func AppendRights(b []byte, t ControlType, sockets []*Socket) []byte {
	fds := make([]byte, 0, 4*len(sockets))
	for _, s := range sockets {
		fds = binary.NativeEndian.AppendUint32(fds, uint32(s.FD()))
	}
	return AppendControl(b, t, fds)
}

// Times reads timestamps: a struct timeval or timespec, or the array of them
// that SO_TIMESTAMPING gives. Each is in nanoseconds since 1970; 0 where none
// was taken.
func (c Control) Times() []int64 {
	unit := int64(1)
	if c.Kind == CtlTimeval {
		unit = 1000
	}
	half := 8
	if strconv.IntSize == 32 && !strings.HasSuffix(c.Name, "_NEW") {
		half = 4 // the old structures of a machine of 32 bits
	}
	var list []int64
	for b := c.Data; len(b) >= 2*half; b = b[2*half:] {
		list = append(list, nativeInt(b[:half])*1e9+nativeInt(b[half:2*half])*unit)
	}
	return list
}

func nativeInt(b []byte) int64 {
	if len(b) == 4 {
		return int64(int32(binary.NativeEndian.Uint32(b)))
	}
	return int64(binary.NativeEndian.Uint64(b))
}

// Rights are the descriptors of a SCM_RIGHTS message.
func (c Control) Rights() []int {
	var fds []int
	for b := c.Data; len(b) >= 4; b = b[4:] {
		fds = append(fds, int(int32(binary.NativeEndian.Uint32(b))))
	}
	return fds
}
