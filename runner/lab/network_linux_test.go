package lab

import (
	"errors"
	"net"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/sockscript/sockscript/steps/tests/ci"
	"golang.org/x/sys/unix"
)

// private makes a network for a test, or skips where none can be made.
func private(t testing.TB, s Settings) *Network {
	t.Helper()
	n, err := Private(s)
	if refused := new(RefusedError); errors.As(err, &refused) {
		ci.Lacks(t, err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { n.Close() })
	return n
}

// namespace names the network namespace of the calling thread.
func namespace(t testing.TB) string {
	s, err := os.Readlink("/proc/thread-self/ns/net")
	if err != nil {
		t.Error(err)
	}
	return s
}

func TestEveryNetworkHasItsOwnPorts(t *testing.T) {
	for range 5 {
		private(t, Settings{}).Within(func() {
			l, err := net.Listen("tcp", "127.0.0.1:8080")
			if err != nil {
				t.Error(err)
				return
			}
			t.Cleanup(func() { l.Close() })
			c, err := net.Dial("tcp6", "[::1]:8080")
			if err == nil {
				c.Close()
				t.Error("a connection to a port of ::1 that nobody listens on")
			}
			if !errors.Is(err, unix.ECONNREFUSED) {
				t.Errorf("lo has no ::1: %v", err)
			}
		})
	}
}

func TestLoDown(t *testing.T) {
	private(t, Settings{LoDown: true}).Within(func() {
		_, err := net.Dial("tcp", "127.0.0.1:80")
		if !errors.Is(err, unix.ENETUNREACH) {
			t.Errorf("a connect with lo down: %v", err)
		}
	})
}

func TestSysctls(t *testing.T) {
	n := private(t, Settings{Sysctls: []Sysctl{{"net.ipv4.tcp_syn_retries", "2"}, {"net/ipv4/conf/lo/arp_ignore", "1"}}})
	n.Within(func() {
		for path, want := range map[string]string{"ipv4/tcp_syn_retries": "2", "ipv4/conf/lo/arp_ignore": "1", "ipv4/tcp_congestion_control": "reno"} {
			got, err := os.ReadFile("/proc/sys/net/" + path)
			if strings.TrimSpace(string(got)) != want || err != nil {
				t.Errorf("%s is %q, %v, not %s", path, got, err, want)
			}
		}
	})
}

func TestSysctlThatIsNotThere(t *testing.T) {
	private(t, Settings{}) // or skip
	for _, s := range []Sysctl{{"net.ipv4.tcp_no_such", "1"}, {"net.ipv4.tcp_syn_retries", "many"}} {
		_, err := Private(Settings{Sysctls: []Sysctl{s}})
		got := new(SysctlError)
		if !errors.As(err, &got) || got.Sysctl != s || !strings.Contains(err.Error(), s.Name) {
			t.Errorf("%v: %v", s, err)
		}
	}
}

// Only the network's own thread is inside.
func TestGoroutinesStayOutside(t *testing.T) {
	n := private(t, Settings{})
	outside, inside := namespace(t), ""
	n.Within(func() {
		inside = namespace(t)
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() {
				if got := namespace(t); got != outside {
					t.Errorf("a goroutine is in %s", got)
				}
			})
		}
		all.Wait()
	})
	if inside == outside {
		t.Errorf("the network is the one outside, %s", inside)
	}
}

func TestPanicReachesTheCaller(t *testing.T) {
	n := private(t, Settings{})
	defer func() {
		if p := recover(); p != "inside" {
			t.Errorf("recovered %v", p)
		}
		n.Within(func() {}) // the thread goes on
	}()
	n.Within(func() { panic("inside") })
}

func TestClosedNetworkCallsNothing(t *testing.T) {
	n := private(t, Settings{})
	n.Close()
	n.Close()
	n.Within(func() { t.Error("called") })
}

func BenchmarkPrivate(b *testing.B) {
	private(b, Settings{})
	for b.Loop() {
		n, err := Private(Settings{})
		if err != nil {
			b.Fatal(err)
		}
		n.Close()
	}
}

// What the administrator of the machine has changed does not reach a scenario.
func TestUsualParameters(t *testing.T) {
	n := private(t, Settings{})
	must(t, n.try(func() error {
		if list := changed(); list != nil {
			t.Errorf("unusual in a new network: %v", list)
		}
		for _, name := range []string{"net.ipv4.conf.all.rp_filter", "net.ipv4.conf.default.rp_filter", "net.ipv4.conf.lo.arp_ignore", "net.ipv4.conf.all.forwarding"} {
			if err := setSysctl(Sysctl{name, "1"}); err != nil {
				return err
			}
		}
		if list := changed(); len(list) < 4 {
			t.Errorf("only %v are found", list)
		}
		if err := setThoseThatExist(changed()); err != nil {
			return err
		}
		if list := changed(); list != nil {
			t.Errorf("still unusual: %v", list)
		}
		return nil
	}))
}
