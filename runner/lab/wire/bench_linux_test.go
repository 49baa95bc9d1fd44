package wire

import (
	"io"
	"net"
	"testing"
)

func BenchmarkRoundTrip(b *testing.B) {
	hosts, _, _ := cable(b, 2, none)
	client, server := connect(b, hosts)
	roundTrips(b, client, server)
}

// roundTrips sends a byte to the server and waits for it, again and again.
func roundTrips(b *testing.B, client, server net.Conn) {
	go io.Copy(server, server)
	one := make([]byte, 1)
	for b.Loop() {
		if _, err := client.Write(one); err != nil {
			b.Fatal(err)
		}
		if _, err := client.Read(one); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkThroughput(b *testing.B) {
	hosts, w, _ := cable(b, 2, none)
	client, server := connect(b, hosts)
	go io.Copy(io.Discard, server)
	data := make([]byte, 256<<10)
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		if _, err := client.Write(data); err != nil {
			b.Fatal(err)
		}
	}
	if err := w.Err(); err != nil {
		b.Error(err)
	}
}

// BenchmarkLo is what the two others are to be compared with.
func BenchmarkLo(b *testing.B) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	client, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	server, err := l.Accept()
	if err != nil {
		b.Fatal(err)
	}
	defer server.Close()
	roundTrips(b, client, server)
}
