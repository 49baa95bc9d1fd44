package event

import (
	"strconv"
	"testing"

	"github.com/sockscript/sockscript/steps/sock"
)

// Addresses that the kernel may have chosen print alike, those that it cannot
// have chosen do not.
func TestAddressesAlike(t *testing.T) {
	low, _ := DynamicPorts()
	port := func(host string, by int) string { return host + ":" + strconv.Itoa(int(low)+by) }
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{port("127.0.0.1", 0), port("127.0.0.1", 1), true},
		{port("127.0.0.1", 0), port("127.0.0.2", 0), false},
		{"127.0.0.1:80", "127.0.0.1:81", false},
		{"unix:@00000", "unix:@fffff", true},
		{"unix:@00000", "unix:@name", false},
		{"unix:@0000g", "unix:@00000", false},
		{"unix:/00000", "unix:/00001", false},
		{"unix:@000000", "unix:@000001", false},
	} {
		var addrs [2]sock.Addr
		for i, text := range []string{test.a, test.b} {
			a, err := sock.ParseAddr(text)
			if err != nil {
				t.Fatal(err)
			}
			addrs[i] = a
		}
		e, f := &Event{Ret: []any{addrs[0]}}, &Event{Ret: []any{addrs[1]}}
		if got := e.Alike(f, nil); got != test.want {
			t.Errorf("%s and %s are alike: %t", test.a, test.b, got)
		}
	}
}
