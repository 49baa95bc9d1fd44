package sock

import (
	"context"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkPingPong measures one byte there and back over a TCP connection on
// loopback, between two goroutines, with a deadline on each receive. The floor
// is the same between two locked threads in plain blocking write(2) and
// read(2), measured in the same run; x/floor is the ratio of the two.
func BenchmarkPingPong(b *testing.B) {
	g := NewGroup(context.Background(), nil)
	defer g.Close()
	client, server := tcpPair(b, g, false)
	floor := nativePingPong(b, b.N)

	done := make(chan error, 1)
	go func() {
		var buf [1]byte
		for range b.N {
			if _, _, err := server.Recv(Wait{Deadline: time.Now().Add(5 * time.Second)}, buf[:], 0); err != nil {
				done <- err
				return
			}
			if _, err := server.Send(Wait{}, buf[:], 0, nil); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	var buf [1]byte
	b.ReportAllocs()
	b.ResetTimer()
	for range b.N {
		if _, err := client.Send(Wait{}, buf[:], 0, nil); err != nil {
			b.Fatal(err)
		}
		if _, _, err := client.Recv(Wait{Deadline: time.Now().Add(5 * time.Second)}, buf[:], 0); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	ours := float64(b.Elapsed().Nanoseconds()) / float64(b.N)
	b.ReportMetric(floor, "floor-ns/op")
	b.ReportMetric(ours/floor, "x/floor")
}

// nativePingPong is the floor: ns per round.
func nativePingPong(b *testing.B, rounds int) float64 {
	g := NewGroup(context.Background(), nil)
	defer g.Close()
	client, server := tcpPair(b, g, true)
	done := make(chan error, 1)
	go func() {
		defer pin()()
		done <- bounce(server.FD(), rounds, false)
	}()
	defer pin()()
	begin := time.Now()
	if err := bounce(client.FD(), rounds, true); err != nil {
		b.Fatal(err)
	}
	took := time.Since(begin)
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	return float64(took.Nanoseconds()) / float64(rounds)
}

// pin locks the goroutine to its thread and the thread to one processor, the
// same for all: waking a thread on another, sleeping processor costs more than
// the whole round and would flatter the ratio.
func pin() (unpin func()) {
	runtime.LockOSThread()
	var before, one unix.CPUSet
	unix.SchedGetaffinity(0, &before)
	for cpu := 0; one.Count() == 0; cpu++ {
		if before.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	unix.SchedSetaffinity(0, &one)
	return func() {
		unix.SchedSetaffinity(0, &before)
		runtime.UnlockOSThread()
	}
}

func bounce(fd, rounds int, first bool) error {
	buf := make([]byte, 1)
	for range rounds {
		if first {
			if _, err := unix.Write(fd, buf); err != nil {
				return err
			}
		}
		if _, err := unix.Read(fd, buf); err != nil {
			return err
		}
		if !first {
			if _, err := unix.Write(fd, buf); err != nil {
				return err
			}
		}
	}
	return nil
}
