package runner_test

import (
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/flows"
	"github.com/sockscript/sockscript/runner/history"
)

// Each benchmark times the engine and a floor in turn: a plain program of
// blocking system calls on two locked threads that does the same work. The
// figures are ratios of one run, so they hold on any machine.

// pair runs two variants in turn and reports both and their ratio.
func pair(b *testing.B, unit string, floor, engine func()) {
	b.Helper()
	pairWith(b, unit, func() time.Duration {
		used := processorTime()
		floor()
		return processorTime() - used
	}, engine)
}

// pairWith is pair for a floor that gives its processor time itself: it may be
// another process.
func pairWith(b *testing.B, unit string, floor func() time.Duration, engine func()) {
	b.Helper()
	floor()
	engine()
	var f, e, fcpu, ecpu time.Duration
	for b.Loop() {
		start := time.Now()
		fcpu += floor()
		mid, used := time.Now(), processorTime()
		engine()
		f += mid.Sub(start)
		e, ecpu = e+time.Since(mid), ecpu+processorTime()-used
	}
	b.ReportMetric(float64(ecpu)/float64(fcpu), "cpu-ratio")
	b.ReportMetric(float64(f.Microseconds())/float64(b.N), "floor-µs/"+unit)
	b.ReportMetric(float64(e.Microseconds())/float64(b.N), "engine-µs/"+unit)
	b.ReportMetric(float64(e)/float64(f), "ratio")
}

// processorTime is what the process has used: on a busy machine it says more
// than the time that has passed.
func processorTime() time.Duration {
	var u unix.Rusage
	unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkPingPong goes to and fro on one connection: with the machine to
// itself, and beside a process on each processor that never waits.
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
	engine := func() { mustPass(b, s, runner.Options{Vars: map[string]any{"rounds": rounds}}) }
	b.Run("quiet", func(b *testing.B) {
		pair(b, "10000", floor, engine)
		b.ReportMetric(float64(mallocs(engine))/rounds, "allocs/round")
	})
	b.Run("busy", func(b *testing.B) {
		keepBusy(b)
		pair(b, "10000", floor, engine)
	})
}

// BenchmarkPingPongWire goes to and fro in a network of its own: as it is, and
// with its frames recorded and told as lines of the wire.
func BenchmarkPingPongWire(b *testing.B) {
	needsNetns(b)
	s := load(b, "network: private\n"+strings.TrimLeft(pingPong, "\n"))
	o := runner.Options{Vars: map[string]any{"rounds": 10000}}
	recorded := o
	recorded.Frames = true
	pair(b, "10000", func() { mustPass(b, s, o) }, func() {
		r := runner.Run(b.Context(), s, recorded)
		if r.Status != history.Passed || flows.Unseen(r.Record) != "" || len(flows.Sections(r.Record)) != 1 {
			b.Fatalf("the run is %s, %s", r.Status, flows.Unseen(r.Record))
		}
	})
}

// mallocs counts the allocations while a function runs.
func mallocs(run func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	run()
	runtime.ReadMemStats(&after)
	return after.Mallocs - before.Mallocs
}

// keepBusy runs a loop on each processor until the benchmark ends.
func keepBusy(b *testing.B) {
	b.Helper()
	for range runtime.NumCPU() {
		loop := exec.Command("sh", "-c", "while :; do :; done")
		if err := loop.Start(); err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() {
			loop.Process.Kill()
			loop.Wait()
		})
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
	const actors = 9999 // the most that a scenario may have, with last
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

// BenchmarkMillionRounds and BenchmarkConnectRounds report what a run has kept
// of each round when it has ended.
func BenchmarkMillionRounds(b *testing.B) {
	keeps(b, []int{10_000, 1_000_000}, func(rounds int) string {
		return fmt.Sprintf(`
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
`, rounds)
	})
}

func BenchmarkConnectRounds(b *testing.B) {
	keeps(b, []int{1000, 100_000}, func(rounds int) string {
		return connectRounds("unix", "unix:${tmp}/listener", rounds)
	})
}

// keeps runs a scenario with each of these counts of rounds, and reports how
// much memory its result keeps.
func keeps(b *testing.B, counts []int, text func(rounds int) string) {
	for _, rounds := range counts {
		b.Run(fmt.Sprint(rounds), func(b *testing.B) {
			s := load(b, text(rounds))
			var before, after runtime.MemStats
			for b.Loop() {
				runtime.GC()
				runtime.ReadMemStats(&before)
				r := mustPass(b, s, runner.Options{})
				runtime.GC()
				runtime.ReadMemStats(&after)
				runtime.KeepAlive(r)
				kept := float64(after.HeapAlloc) - float64(before.HeapAlloc)
				b.ReportMetric(kept/1024, "KiB-kept")
				b.ReportMetric(kept/float64(rounds), "B-kept/round")
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
