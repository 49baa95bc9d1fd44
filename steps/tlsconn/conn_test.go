package tlsconn

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/sockscript/sockscript/steps/handle"
	"github.com/sockscript/sockscript/steps/sock"
)

func TestTurn(t *testing.T) {
	turns := make(turn, 1)
	if err := turns.take(sock.Wait{NoWait: true}); err != nil {
		t.Fatal(err)
	}
	if err := turns.take(sock.Wait{NoWait: true}); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("taken, without waiting: %v", err)
	}
	if err := turns.take(sock.Wait{Deadline: time.Now().Add(time.Millisecond)}); !errors.Is(err, sock.ErrTimeout) {
		t.Errorf("taken, up to a deadline: %v", err)
	}
	taken := make(chan error)
	for _, w := range []sock.Wait{{}, {Deadline: time.Now().Add(time.Minute)}} {
		go func() { taken <- turns.take(w) }()
		turns.give()
		if err := <-taken; err != nil {
			t.Error(err)
		}
	}
}

// One write takes at most a few records, however much it is given: what it has
// made of that is held in memory until it is sent.
func TestWriteBound(t *testing.T) {
	below, peer := net.Pipe()
	defer below.Close()
	defer peer.Close()
	ca, err := newAuthority()
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.Leaf("peer", netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	go io.Copy(io.Discard, tls.Server(peer, &tls.Config{Certificates: []tls.Certificate{*leaf}}))
	c := New(new(handle.Handle), Client, nil)
	c.Conn = tls.Client(below, &tls.Config{InsecureSkipVerify: true})
	for size, want := range map[int]int{1: 1, maxWrite: 4 << 14, maxWrite + 1: 4 << 14, 1 << 20: 4 << 14} {
		if n, err := c.Write(sock.Wait{}, make([]byte, size)); n != want || err != nil {
			t.Errorf("a write of %d bytes takes %d, %v; want %d", size, n, err, want)
		}
	}
}

// Each alert that crypto/tls knows is found by its text, and has a name.
func TestAlertNumbers(t *testing.T) {
	for n := range alertNames {
		if got := alertNumber(tls.AlertError(n)); got != n {
			t.Errorf("%s: got %d, want %d", alertNames[n], got, n)
		}
	}
	if got := alertNumber(errors.New("no alert")); got != noAlert {
		t.Errorf("no alert at all: %d", got)
	}
	wantName := map[int]string{40: "handshake_failure", 255: "alert_255"}
	for n, want := range wantName {
		if got := alertName(n); got != want {
			t.Errorf("alert %d: got %s, want %s", n, got, want)
		}
	}
}

// A wire gives its reader one record at a time, header and body apart.
func TestRecordHeader(t *testing.T) {
	stream := []byte{22, 3, 1, 0, 2, 'a', 'b', 23, 3, 3, 0, 0, 23, 3, 3, 1, 0}
	h := recordHeader{alert: noAlert}
	var got []int
	for at := 0; at < len(stream); {
		n := h.next()
		got = append(got, n)
		if n == len(h.bytes) { // as when the bytes come one by one
			h.take(stream[at : at+1])
			h.take(stream[at+1 : at+n])
		} else {
			h.take(stream[at : at+n])
		}
		at += n
	}
	for i, want := range []int{5, 2, 5, 5} {
		if got[i] != want {
			t.Fatalf("got %v", got)
		}
	}
	if h.next() != 256 || h.Read != len(stream) || h.alert != noAlert {
		t.Errorf("%d bytes to come after %d, alert %d", h.next(), h.Read, h.alert)
	}
	h = recordHeader{alert: noAlert}
	for _, b := range [][]byte{{21, 3, 3, 0, 2}, {2}, {48}} {
		h.take(b)
	}
	if h.alert != 48 || h.next() != len(h.bytes) {
		t.Errorf("alert %d, %d bytes to come", h.alert, h.next())
	}
	h.take([]byte{22, 3, 3, 0, 1})
	if h.alert != noAlert {
		t.Errorf("alert %d in a record that holds none", h.alert)
	}
}

// Of what is written, alerts that are not encrypted are seen.
func TestWireWatches(t *testing.T) {
	hello := []byte{22, 3, 3, 0, 3, 1, 2, 3}
	alert := []byte{21, 3, 3, 0, 2, 2, 40}
	encrypted := []byte{21, 3, 3, 0, 3, 2, 50, 0}
	for _, test := range []struct {
		name    string
		written [][]byte
		want    int
	}{
		{"none", [][]byte{hello, encrypted}, noAlert},
		{"alone", [][]byte{alert}, 40},
		{"behind others", [][]byte{append(append([]byte{}, hello...), alert...)}, 40},
		{"cut off", [][]byte{alert[:6]}, noAlert},
	} {
		w := &wire{alert: noAlert}
		for _, b := range test.written {
			w.watch(b)
		}
		if w.alert != test.want {
			t.Errorf("%s: got %d, want %d", test.name, w.alert, test.want)
		}
	}
}
