//go:build amd64 || arm64

package forked

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// withoutHeap keeps Go's heap from the process that fork forks (MADV_DONTFORK
// of madvise(2)). That never touches it. With it, the kernel copied its page
// tables, 20 ms for 256 MB, and this process would stop at each page that it
// writes afterwards. What package syscall forks needs the heap until it
// executes another program, as where that is to be in a user namespace of its
// own: it waits.
func withoutHeap(fork func()) {
	syscall.ForkLock.Lock()
	defer syscall.ForkLock.Unlock()
	adviseHeap(unix.MADV_DONTFORK)
	fork()
	adviseHeap(unix.MADV_DOFORK)
}

// adviseHeap gives an advice about all of the heap. The runtime takes its
// memory in arenas, one behind the other, of which the stack of this goroutine
// is in one.
func adviseHeap(advice int) {
	var local byte
	at := uintptr(unsafe.Pointer(&local)) / arena * arena
	for a := at; advise(a, arena, advice); a += arena {
	}
	for a := at - arena; advise(a, arena, advice); a -= arena {
	}
	advise(shadowAt, shadowSize, advice)
}

// advise reports whether all of some memory is there.
func advise(at, size uintptr, advice int) bool {
	_, _, errno := unix.RawSyscall(unix.SYS_MADVISE, at, size, uintptr(advice))
	return errno == 0
}
