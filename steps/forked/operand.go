package forked

import "unsafe"

// An Operand is an argument of a system call: a number, or memory whose address
// the call gets.
type Operand struct {
	num  uintptr
	mem  []byte
	way  way
	refs []Ref
}

// A Ref is an address that an operand's memory holds: at a place of it is
// where another operand is.
type Ref struct {
	At int
	To Operand
}

// way says in which directions memory is copied.
type way uint8

const (
	isMemory way = 1 << iota
	goesIn
	comesOut
	counted // as many bytes come out as the call returns
)

// Num is a number.
func Num[T ~int | ~int32 | ~uint32 | ~uintptr | ~uint64](n T) Operand {
	return Operand{num: uintptr(n)}
}

// In is memory that the call reads.
func In(b []byte, refs ...Ref) Operand { return Operand{mem: b, way: isMemory | goesIn, refs: refs} }

// Out is memory that the call writes.
func Out(b []byte) Operand { return Operand{mem: b, way: isMemory | comesOut} }

// InOut is memory that the call reads and writes. The addresses in it stay as
// they are here.
func InOut(b []byte, refs ...Ref) Operand {
	return Operand{mem: b, way: isMemory | goesIn | comesOut, refs: refs}
}

// Received is memory into which the call writes as many bytes as it returns.
// Several follow one another.
func Received(b []byte) Operand { return Operand{mem: b, way: isMemory | comesOut | counted} }

// Bytes are the bytes of a value, which must hold no pointer that is not a Ref.
func Bytes[T any](v *T) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(v)), unsafe.Sizeof(*v)) }

const wordSize = int(unsafe.Sizeof(uintptr(0)))

// alignment is enough for every structure that the kernel reads.
const alignment = 16

// aligned is the next place where an operand may begin.
func aligned(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

// size is the room that the operand needs.
func (o *Operand) size() int {
	n := aligned(len(o.mem))
	for i := range o.refs {
		n += o.refs[i].To.size()
	}
	return n
}

// An area is shared memory in which the operands of one call are.
type area struct {
	mem  []byte
	base uintptr // where the process has it
	used int
}

// place copies an operand into the area and returns the word that the call
// gets.
func (a *area) place(o *Operand) uintptr {
	if o.way&isMemory == 0 {
		return o.num
	}
	at := a.used
	a.used += aligned(len(o.mem))
	if o.way&goesIn != 0 {
		copy(a.mem[at:], o.mem)
	}
	for i := range o.refs {
		r := &o.refs[i]
		word := a.place(&r.To)
		copy(a.mem[at+r.At:at+r.At+wordSize], Bytes(&word))
	}
	return a.base + uintptr(at)
}

// collect copies back what a call has written, which returned a count. It
// takes the operands in the order of place.
func (a *area) collect(o *Operand, count *int) {
	if o.way&isMemory == 0 {
		return
	}
	at := a.used
	a.used += aligned(len(o.mem))
	switch {
	case o.way&counted != 0:
		*count -= copy(o.mem[:min(len(o.mem), max(*count, 0))], a.mem[at:])
	case o.way&comesOut != 0:
		from := 0
		for i := range o.refs {
			copy(o.mem[from:o.refs[i].At], a.mem[at+from:])
			from = o.refs[i].At + wordSize
		}
		copy(o.mem[from:], a.mem[at+from:])
	}
	for i := range o.refs {
		a.collect(&o.refs[i].To, count)
	}
}
