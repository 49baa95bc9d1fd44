package runner_test

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner"
)

func BenchmarkThroughput(b *testing.B) {
	const rounds = 4096
	s := load(b, fmt.Sprintf(`
step_timeout: 60s
timeout: 120s
actors:
  receiver:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - accept: listener
      as: conn
    - repeat: %[1]d
      steps:
        - recv: conn
          size: 256KiB
    - close: [conn, listener]
  sender:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${receiver.listener}
    - repeat: %[1]d
      steps:
        - send: sock
          data: {zeros: 256KiB}
    - close: sock
`, rounds))
	pair(b, "GiB", func() { gibibyteFloor(b) }, func() { mustPass(b, s, runner.Options{}) })
}

// BenchmarkLargeSend sends a GiB in one step, and receives it as a floor does.
func BenchmarkLargeSend(b *testing.B) {
	s := load(b, gibibyte("data: {zeros: 1GiB}", "size: 256KiB", 4096))
	pair(b, "GiB", func() { gibibyteFloor(b) }, func() { mustPass(b, s, runner.Options{}) })
}

// BenchmarkReceiveToEOF receives a GiB up to the end of file, and reports the
// most memory that was in use.
func BenchmarkReceiveToEOF(b *testing.B) {
	s := load(b, gibibyte("data: {zeros: 1GiB}", "eof: true\n          expect: {size: 1GiB}", 1))
	most := 0.0
	engine := func() {
		most = max(most, peak(func() { mustPass(b, s, runner.Options{}) }))
	}
	pair(b, "GiB", func() { gibibyteFloor(b) }, engine)
	b.ReportMetric(most/(1<<20), "MiB-peak")
}

// gibibyte is a scenario that sends a GiB over TCP in one step and receives it
// in as many rounds.
func gibibyte(send, receive string, rounds int) string {
	return fmt.Sprintf(`
step_timeout: 60s
timeout: 120s
actors:
  receiver:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - accept: listener
      as: conn
    - repeat: %d
      steps:
        - recv: conn
          %s
    - close: [conn, listener]
  sender:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${receiver.listener}
    - send: sock
      %s
    - close: sock
`, rounds, receive, send)
}

// gibibyteFloor sends a GiB and receives it, 256 KiB at a time.
func gibibyteFloor(tb testing.TB) {
	const chunk, rounds = 256 << 10, 4096
	a, c := floorPair(tb)
	threads(false,
		func() {
			buf := make([]byte, chunk)
			for range rounds {
				readInto(tb, c, buf)
			}
		},
		func() {
			data := make([]byte, chunk)
			for range rounds {
				writeFull(tb, a, data)
			}
		},
	)
	unix.Close(a)
	unix.Close(c)
}

// peak is the most memory that was in use while a function ran, in bytes above
// what was in use before.
func peak(run func()) float64 {
	var before, during runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	done := make(chan struct{})
	go func() {
		defer close(done)
		run()
	}()
	most := uint64(0)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return float64(most) - float64(before.HeapInuse+before.StackInuse)
		case <-tick.C:
			runtime.ReadMemStats(&during)
			most = max(most, during.HeapInuse+during.StackInuse)
		}
	}
}
