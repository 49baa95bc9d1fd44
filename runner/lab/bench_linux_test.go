package lab

import (
	"io"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A way is one by which frames go from one host to another one, or stay.
type way struct {
	name string
	plan Plan
	to   string
}

// ways begin with lo, which the others are compared with.
func ways() []way {
	return []way{{"lo", pair(), "a"}, {"veth", pair(), "b"}, {"bridge", segment(), "b"}, {"wire", wired(), "b"}}
}

// eachWay runs a benchmark for each way. The metric of/lo is how many times as
// long as on lo an operation takes.
func eachWay(b *testing.B, run func(b *testing.B, from, to *Network, address string)) {
	var lo float64
	for _, w := range ways() {
		b.Run(w.name, func(b *testing.B) {
			l := build(b, w.plan)
			address := map[string]string{"a": "127.0.0.1:80", "b": "10.0.0.2:80"}[w.to]
			run(b, host(b, l, "a"), host(b, l, w.to), address)
			took := float64(b.Elapsed()) / float64(b.N)
			if w.name == "lo" {
				lo = took
			} else if lo != 0 {
				b.ReportMetric(took/lo, "of/lo")
			}
			must(b, l.Err())
		})
	}
}

// A datagram there and an answer back.
func BenchmarkRoundTrip(b *testing.B) {
	eachWay(b, func(b *testing.B, from, to *Network, address string) {
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
		for b.Loop() {
			client.Write(data[:50])
			if _, err := client.Read(data); err != nil {
				b.Fatal(err)
			}
		}
		server.Close()
	})
}

// A stream in one direction.
func BenchmarkThroughput(b *testing.B) {
	eachWay(b, func(b *testing.B, from, to *Network, address string) {
		client, server := stream(b, from, to, address)
		const size = 256 << 10
		received := make(chan int64)
		go func() {
			n, _ := io.Copy(struct{ io.Writer }{io.Discard}, server)
			received <- n
		}()
		b.SetBytes(size)
		data := make([]byte, size)
		for b.Loop() {
			if _, err := client.Write(data); err != nil {
				b.Fatal(err)
			}
		}
		client.Close()
		if n := <-received; n < size {
			b.Errorf("received %d bytes", n)
		}
	})
}

// A socket in the network of this process, and in a host.
func BenchmarkSocket(b *testing.B) {
	var here float64
	for _, w := range []struct {
		name string
		n    *Network
	}{{"here", Outside()}, {"host", host(b, build(b, pair()), "a")}} {
		b.Run(w.name, func(b *testing.B) {
			for b.Loop() {
				w.n.Within(func() {
					fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
					if err != nil {
						b.Error(err)
						return
					}
					unix.Close(fd)
				})
			}
			took := float64(b.Elapsed()) / float64(b.N)
			if w.name == "here" {
				here = took
			} else if here != 0 {
				b.ReportMetric(took/here, "of/here")
			}
		})
	}
}

// The making of a network, with the metric of its end.
func BenchmarkBuild(b *testing.B) {
	empty := Plan{Hosts: []HostPlan{{Name: "a"}}}
	for _, w := range append([]way{{"host", empty, ""}}, ways()[1:]...) {
		b.Run(w.name, func(b *testing.B) {
			var closing time.Duration
			for b.Loop() {
				l, err := Build(w.plan)
				if err != nil {
					b.Fatal(err)
				}
				begin := time.Now()
				l.Close()
				closing += time.Since(begin)
			}
			b.ReportMetric(float64(closing.Microseconds())/float64(b.N), "close-µs/op")
		})
	}
}
