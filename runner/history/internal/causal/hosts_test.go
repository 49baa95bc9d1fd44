package causal

import (
	"net/netip"
	"testing"

	"github.com/sockscript/sockscript/runner/history/record"
	"github.com/sockscript/sockscript/steps/sock"
)

func TestDelivers(t *testing.T) {
	g := newGraph(&record.Record{Hosts: []record.Host{
		{Name: "a", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.1"), netip.MustParseAddr("10.9.9.9")}},
		{Name: "b", Addresses: []netip.Addr{netip.MustParseAddr("10.0.0.2"), netip.MustParseAddr("10.9.9.9"), netip.MustParseAddr("fd00::2")}},
		{Name: "c"},
	}})
	for _, tt := range []struct {
		from, to, at string
		want         bool
	}{
		{"a", "127.0.0.1:80", "a", true},
		{"a", "127.0.0.1:80", "b", false},
		{"a", "[::1]:80", "b", false},
		{"a", ":80", "b", false},
		{"a", "0.0.0.0:80", "b", false},
		{"a", "10.0.0.2:80", "b", true},
		{"a", "10.0.0.2:80", "a", false},
		{"a", "10.0.0.2:80", "c", false},
		{"a", "[::ffff:10.0.0.2]:80", "b", true},
		{"a", "10.9.9.9:80", "a", true},
		{"a", "10.9.9.9:80", "b", false},
		{"c", "10.9.9.9:80", "a", true},
		{"c", "10.9.9.9:80", "b", true},
		{"c", "[fd00::2]:80", "b", true},
		{"c", "224.0.0.1:80", "a", true},
		{"c", "10.7.7.7:80", "a", true},
		{"a", "unix:/tmp/x", "b", true},
		{"a", "unix:@x", "b", false},
		{"a", "unix:@x", "a", true},
	} {
		to, err := sock.ParseAddr(tt.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := g.delivers(tt.from, to, tt.at); got != tt.want {
			t.Errorf("from %s to %s at %s: %t", tt.from, tt.to, tt.at, got)
		}
		if !newGraph(new(record.Record)).delivers(tt.from, to, tt.at) {
			t.Errorf("without hosts nothing comes from %s to %s at %s", tt.from, tt.to, tt.at)
		}
	}
}
