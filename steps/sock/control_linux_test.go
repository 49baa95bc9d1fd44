package sock

import (
	"encoding/binary"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestControlTimes(t *testing.T) {
	for _, test := range []struct {
		name  string
		words []uint64
		want  []int64
	}{
		{"SO_TIMESTAMP", []uint64{3, 5}, []int64{3e9 + 5000}},
		{"SO_TIMESTAMPNS", []uint64{3, 5}, []int64{3e9 + 5}},
		{"SO_TIMESTAMPING", []uint64{3, 5, 0, 0, 4, 6}, []int64{3e9 + 5, 0, 4e9 + 6}},
		{"SO_TIMESTAMP_NEW", []uint64{3, 5}, []int64{3e9 + 5000}},
		{"SO_TIMESTAMPING_NEW", []uint64{3, 5, 0, 0, 4, 6}, []int64{3e9 + 5, 0, 4e9 + 6}},
		{"SO_TIMESTAMPNS", []uint64{3}, nil}, // cut off
		{"SO_TIMESTAMPNS", nil, nil},
	} {
		typ, ok := ControlByName(test.name)
		if !ok {
			t.Fatal(test.name)
		}
		c := Control{ControlType: typ}
		for _, w := range test.words {
			if strconv.IntSize == 32 && !strings.HasSuffix(test.name, "_NEW") {
				c.Data = binary.NativeEndian.AppendUint32(c.Data, uint32(w))
			} else {
				c.Data = binary.NativeEndian.AppendUint64(c.Data, w)
			}
		}
		if got := c.Times(); !slices.Equal(got, test.want) {
			t.Errorf("%s %v: %v, want %v", test.name, test.words, got, test.want)
		}
	}
}

// What is sent through one type of ancillary data comes back as the same type.
func TestAppendControlIsParsed(t *testing.T) {
	var b []byte
	for i, name := range ControlNames() {
		typ, _ := ControlByName(name)
		b = AppendControl(b, typ, make([]byte, i))
	}
	list, err := ParseControl(b)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for i, c := range list {
		got = append(got, c.Name)
		if len(c.Data) != i {
			t.Errorf("%s has %d bytes, want %d", c.Name, len(c.Data), i)
		}
	}
	if !slices.Equal(got, ControlNames()) {
		t.Errorf("got %v", got)
	}
}

// writev, readv and read of nothing send and take nothing, of datagrams too.
func TestNothingIsNoDatagram(t *testing.T) {
	g, _ := newGroup(t)
	a, b, err := g.OpenPair(unix.AF_UNIX, unix.SOCK_DGRAM, 0, false)
	must(t, err)
	if n, err := a.Writev(Wait{}, [][]byte{{}, {}}); n != 0 || err != nil {
		t.Error(n, err)
	}
	if sent := a.Desc().TX.Load(); sent != 0 {
		t.Errorf("%d datagrams were counted as sent", sent)
	}
	if _, err := a.Write(Wait{}, []byte("x")); err != nil {
		t.Fatal(err)
	}
	if n, err := b.Readv(Wait{}, [][]byte{{}, {}}); n != 0 || err != nil {
		t.Error(n, err)
	}
	if n, err := b.Read(Wait{}, nil); n != 0 || err != nil {
		t.Error(n, err)
	}
	if taken := b.Desc().RX.Load(); taken != 0 {
		t.Errorf("%d datagrams were counted as received", taken)
	}
	if n, err := b.Read(Wait{}, make([]byte, 8)); n != 1 || err != nil {
		t.Error(n, err)
	}
	_, err = b.Read(Wait{NoWait: true}, make([]byte, 8))
	wantErrno(t, err, syscall.EAGAIN)
}
