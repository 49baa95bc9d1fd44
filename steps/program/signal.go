package program

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/scenarios/source"
)

// The kernel's real-time signals begin at 32. The C library keeps the first two
// to itself, so that SIGRTMIN of C is 34 (signal(7)).
const (
	firstRealTime   = 32
	firstRealTimeOf = 34
	lastSignal      = 64
)

// LastStandard is the last signal that has a meaning of its own.
const LastStandard = firstRealTime - 1

// SignalByName finds a signal by its name, with or without SIG, or by its
// number. Real-time signals are SIGRTMIN+N and SIGRTMAX-N as in C, or SIGRT_N
// as strace writes them.
func SignalByName(text string) (syscall.Signal, bool) {
	if n, err := strconv.Atoi(text); err == nil {
		return syscall.Signal(n), n >= 1 && n <= lastSignal
	}
	name := "SIG" + strings.TrimPrefix(strings.ToUpper(text), "SIG")
	if sig := unix.SignalNum(name); sig != 0 {
		return sig, true
	}
	for prefix, base := range map[string]int{"SIGRTMIN": firstRealTimeOf, "SIGRTMAX": lastSignal, "SIGRT_": firstRealTime} {
		rest, ok := strings.CutPrefix(name, prefix)
		if !ok {
			continue
		}
		if rest == "" && base != firstRealTime {
			return syscall.Signal(base), true
		}
		n, err := strconv.Atoi(rest)
		sig := base + n
		return syscall.Signal(sig), err == nil && sig > firstRealTime && sig <= lastSignal
	}
	return 0, false
}

// SignalHint says what a text may have been meant for that is not a signal.
func SignalHint(text string) string {
	hint := ""
	if _, err := strconv.Atoi(text); err != nil {
		hint = source.DidYouMean("SIG"+strings.TrimPrefix(strings.ToUpper(text), "SIG"), signalNames())
	}
	if hint == "" {
		hint = "write its name, such as TERM or SIGTERM, or a number from 1 to 64; see signal(7)"
	}
	return hint
}

// SignalName is the C name of a signal, "SIGTERM"; that of a real-time signal
// is as strace writes it, "SIGRT_8".
func SignalName(s syscall.Signal) string {
	if name := unix.SignalName(s); name != "" {
		return name
	}
	if s > firstRealTime && s <= lastSignal {
		return fmt.Sprintf("SIGRT_%d", int(s)-firstRealTime)
	}
	return fmt.Sprintf("signal %d", int(s))
}

// Type names the type in the reference.
func (v *Signals) Type() string { return "signal or list of signals" }

func signalNames() []string {
	var names []string
	for i := syscall.Signal(1); i < 32; i++ {
		if name := unix.SignalName(i); name != "" {
			names = append(names, name)
		}
	}
	return names
}
