package sock

import (
	"encoding/json"
	"maps"
)

// An Identity is what a program has of the process that starts it, as far as
// steps have changed it there (execve(2)). The zero one is that of this
// process.
type Identity struct {
	User, Group *uint32
	Groups      []uint32 // nil: those of this process
	Umask       *uint32
	Limits      map[int][2]uint64 // soft and hard, by the number of the resource
	// Signals that are ignored, those that have the default action, and those
	// that are blocked: bit 0 is signal 1. All others are as in this process.
	Ignored, Default, Blocked uint64
}

// Given reports whether anything differs from this process.
func (i Identity) Given() bool { return i.String() != Identity{}.String() }

// String is a form that ParseIdentity reads.
func (i Identity) String() string {
	text, _ := json.Marshal(i) // no value of it can fail
	return string(text)
}

// ParseIdentity reads what String has written.
func ParseIdentity(s string) (i Identity, err error) {
	err = json.Unmarshal([]byte(s), &i)
	return i, err
}

// clone is a copy that shares nothing which is changed.
func (i Identity) clone() Identity {
	i.Limits = maps.Clone(i.Limits)
	return i
}

// limit notes the limits of a resource.
func (i *Identity) limit(resource int, limits [2]uint64) {
	if i.Limits == nil {
		i.Limits = make(map[int][2]uint64)
	}
	i.Limits[resource] = limits
}

// act notes what is done when a signal comes. A program does not have the
// handlers of the process: such a signal has the default action there.
func (i *Identity) act(signal int, ignored bool) {
	bit := uint64(1) << (signal - 1)
	i.Ignored, i.Default = i.Ignored&^bit, i.Default&^bit
	if ignored {
		i.Ignored |= bit
	} else {
		i.Default |= bit
	}
}
