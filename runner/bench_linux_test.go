package runner_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/scenarios"
)

// Each benchmark times the engine and a floor in turn: a plain program of
// blocking system calls on two locked threads that does the same work. The
// figures are ratios of one run, so they hold on any machine.

// pair runs two variants in turn and reports both and their ratio.
func pair(b *testing.B, unit string, floor, engine func()) {
	b.Helper()
	floor()
	engine()
	var f, e time.Duration
	for b.Loop() {
		start := time.Now()
		floor()
		mid := time.Now()
		engine()
		f += mid.Sub(start)
		e += time.Since(mid)
	}
	b.ReportMetric(float64(f.Microseconds())/float64(b.N), "floor-µs/"+unit)
	b.ReportMetric(float64(e.Microseconds())/float64(b.N), "engine-µs/"+unit)
	b.ReportMetric(float64(e)/float64(f), "ratio")
}

func load(tb testing.TB, text string) *scenarios.Scenario {
	tb.Helper()
	list, problems := scenarios.Parse("bench.yaml", []byte(text))
	if len(list) != 1 {
		tb.Fatal(problems.Report())
	}
	return list[0]
}

func mustPass(tb testing.TB, s *scenarios.Scenario, o runner.Options) *runner.Result {
	tb.Helper()
	r := runner.Run(context.Background(), s, o)
	if r.Status != runner.Passed {
		tb.Fatalf("%s: %v", s.Name, r.Failure.Err)
	}
	return r
}

func BenchmarkPingPong(b *testing.B) {
	const rounds = 10000
	s := load(b, pingPong)
	floor := func() {
		a, c := floorPair(b)
		threads(true,
			func() {
				for range rounds {
					readFull(b, c, 5)
					writeFull(b, c, []byte("pong!"))
				}
			},
			func() {
				for range rounds {
					writeFull(b, a, []byte("ping!"))
					readFull(b, a, 5)
				}
			},
		)
		unix.Close(a)
		unix.Close(c)
	}
	pair(b, "10000", floor, func() { mustPass(b, s, runner.Options{Vars: map[string]any{"rounds": rounds}}) })
}

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

// gibibyte is a scenario that sends a GiB over TCP in one step and receives it in
// as many rounds.
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

// crowd is count clients that are all connected at once to one listener.
const crowd = `
vars: {clients: 1000}
step_timeout: 60s
timeout: 120s
actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
    - repeat: ${clients}
      steps:
        - accept: listener
          as: conn
    - signal: all
  client:
    count: ${clients}
    steps:
      - socket: tcp
        as: sock
      - connect: sock
        to: ${server.listener}
      - wait: all
`

func BenchmarkThousandClients(b *testing.B) {
	s := load(b, crowd)
	for b.Loop() {
		mustPass(b, s, runner.Options{})
	}
}

// BenchmarkActorMemory reports what an actor that waits takes: all are held at
// a barrier while the last of them looks at the memory in use.
func BenchmarkActorMemory(b *testing.B) {
	const actors = 10000
	s := load(b, fmt.Sprintf(`
step_timeout: 60s
timeout: 120s
actors:
  waiter:
    count: %d
    steps:
      - socket: udp
        as: sock
      - bind: sock
        to: 127.0.0.1:0
      - barrier: made
      - barrier: end
  last:
    - barrier: made
    - sleep: 200ms
    - barrier: end
`, actors))
	for b.Loop() {
		b.ReportMetric(peak(func() { mustPass(b, s, runner.Options{}) })/actors/1024, "KiB/actor")
	}
}

func BenchmarkMillionRounds(b *testing.B) {
	for _, rounds := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(rounds), func(b *testing.B) {
			s := load(b, fmt.Sprintf(strings.TrimSpace(`
step_timeout: 60s
timeout: 300s
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - repeat: %d
      steps:
        - send: a
          data: ping
        - recv: b
          expect: ping
`), rounds))
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				r := mustPass(b, s, runner.Options{})
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(r)
				b.ReportMetric((float64(after.HeapInuse)-float64(before.HeapInuse))/1024, "KiB-kept")
			}
		})
	}
}

func check(tb testing.TB, err error) {
	if err != nil {
		tb.Error(err)
		runtime.Goexit()
	}
}

// threads runs both on locked threads of their own. Those that answer each
// other share a processor: waking another one can cost more than all the rest.
func threads(shared bool, list ...func()) {
	var g errgroup.Group
	for _, f := range list {
		g.Go(func() error {
			runtime.LockOSThread()
			if shared {
				pin()
			} else {
				defer runtime.UnlockOSThread()
			}
			f()
			return nil // a pinned thread ends with its goroutine
		})
	}
	g.Wait()
}

// pin keeps the thread on the first processor that it may use.
func pin() {
	var all, one unix.CPUSet
	if unix.SchedGetaffinity(0, &all) != nil {
		return
	}
	for cpu := range 1024 {
		if all.IsSet(cpu) {
			one.Set(cpu)
			unix.SchedSetaffinity(0, &one)
			return
		}
	}
}

func floorSocket(tb testing.TB) int {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, unix.IPPROTO_TCP)
	check(tb, err)
	return fd
}

// floorPair makes a TCP connection.
func floorPair(tb testing.TB) (client, server int) {
	l := floorSocket(tb)
	check(tb, unix.Bind(l, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
	check(tb, unix.Listen(l, 1))
	name, err := unix.Getsockname(l)
	check(tb, err)
	client = floorSocket(tb)
	check(tb, unix.Connect(client, name))
	server, _, err = unix.Accept4(l, unix.SOCK_CLOEXEC)
	check(tb, err)
	unix.Close(l)
	return client, server
}

func readFull(tb testing.TB, fd, n int) { readInto(tb, fd, make([]byte, n)) }

func readInto(tb testing.TB, fd int, buf []byte) {
	for got := 0; got < len(buf); {
		k, err := unix.Read(fd, buf[got:])
		check(tb, err)
		if k == 0 {
			tb.Error("end of file")
			runtime.Goexit()
		}
		got += k
	}
}

func writeFull(tb testing.TB, fd int, data []byte) {
	for len(data) > 0 {
		n, err := unix.Write(fd, data)
		check(tb, err)
		data = data[n:]
	}
}
