package lab

import (
	"io"
	"slices"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A way is one by which frames go from host a to host b.
type way struct {
	name string
	plan Plan
}

func ways() []way {
	return []way{{"veth", pair()}, {"bridge", segment()}, {"wire", wired()}}
}

// compare measures two operations in turn, so that both meet the same machine.
// Beside the time of the first one, the median, it reports how many times as
// long it takes as the second one.
func compare(b *testing.B, one, other func(), unit string) {
	var times [2][]time.Duration
	for b.Loop() {
		for i, f := range []func(){one, other} {
			begin := time.Now()
			f()
			times[i] = append(times[i], time.Since(begin))
		}
	}
	b.ReportMetric(median(times[0]), "ns/op")
	b.ReportMetric(median(times[0])/median(times[1]), unit)
}

func median(list []time.Duration) float64 {
	slices.Sort(list)
	return float64(list[len(list)/2])
}

// compareWays compares what is done from host a to host b with the same on lo.
func compareWays(b *testing.B, prepare func(b *testing.B, from, to *Network, address string) func()) {
	for _, w := range ways() {
		b.Run(w.name, func(b *testing.B) {
			l := build(b, w.plan)
			from, to := host(b, l, "a"), host(b, l, "b")
			way := prepare(b, from, to, "10.0.0.2:80")
			lo := prepare(b, from, from, "127.0.0.1:80")
			compare(b, way, lo, "of-lo")
			must(b, l.Err())
		})
	}
}

// A datagram there and an answer back.
func BenchmarkRoundTrip(b *testing.B) {
	compareWays(b, func(b *testing.B, from, to *Network, address string) func() {
		server := listen(b, to, address)
		client := dial(b, from, "udp", address)
		go func() {
			data := make([]byte, 100)
			for {
				n, peer, err := server.ReadFrom(data)
				if err != nil {
					return
				}
				server.WriteTo(data[:n], peer)
			}
		}()
		data := make([]byte, 100)
		return func() {
			client.Write(data[:50])
			if _, err := client.Read(data); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// 256 KiB of a stream, until they have been received.
func BenchmarkStream(b *testing.B) {
	compareWays(b, func(b *testing.B, from, to *Network, address string) func() {
		client, server := stream(b, from, to, address)
		data, received := make([]byte, 256<<10), make(chan error)
		go func() {
			data := make([]byte, len(data))
			for err := error(nil); err == nil; received <- err {
				_, err = io.ReadFull(server, data)
			}
		}()
		return func() {
			client.Write(data)
			if err := <-received; err != nil {
				b.Fatal(err)
			}
		}
	})
}

// A socket in a host, compared with one in the network of this process.
func BenchmarkSocket(b *testing.B) {
	in := func(n *Network) func() {
		return func() {
			n.Within(func() {
				fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
				if err != nil {
					b.Error(err)
					return
				}
				unix.Close(fd)
			})
		}
	}
	compare(b, in(host(b, build(b, pair()), "a")), in(Outside()), "of-outside")
}

// The making of a network, with the metric of its end; both are medians.
func BenchmarkBuild(b *testing.B) {
	empty := Plan{Hosts: []HostPlan{{Name: "a"}}}
	for _, w := range append([]way{{"host", empty}}, ways()...) {
		b.Run(w.name, func(b *testing.B) {
			build(b, empty) // or skip
			var making, closing []time.Duration
			for b.Loop() {
				begin := time.Now()
				l, err := Build(w.plan)
				if err != nil {
					b.Fatal(err)
				}
				made := time.Now()
				l.Close()
				making, closing = append(making, made.Sub(begin)), append(closing, time.Since(made))
			}
			b.ReportMetric(median(making), "ns/op")
			b.ReportMetric(median(closing), "close-ns")
		})
	}
}
