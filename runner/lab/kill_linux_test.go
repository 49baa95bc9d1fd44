package lab

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/tests/ci"
	"golang.org/x/sys/unix"
)

// A process that is killed at any moment leaves no namespace behind, and no
// interface in its own network.
func TestKilled(t *testing.T) {
	const child = "SOCKSCRIPT_TEST_KILLED"
	if os.Getenv(child) != "" {
		untilKilled(t)
		return
	}
	t.Parallel()
	private(t, Settings{}) // or skip
	four := make(chan bool, 4)
	var all sync.WaitGroup
	for range ci.Runs(4, 50) {
		four <- true
		all.Go(func() {
			defer func() { <-four }()
			killOne(t, rand.N(200*time.Millisecond), child+"=1")
		})
	}
	all.Wait()
}

// killOne starts this test as a process in a network of its own, and kills it
// some time after it has made its first lab.
func killOne(t *testing.T, life time.Duration, environment string) {
	monitor, outside := private(t, Settings{LoDown: true}), private(t, Settings{LoDown: true})
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestKilled$")
	cmd.Env = append(os.Environ(), environment)
	ready, err := cmd.StdoutPipe()
	if err != nil {
		t.Error(err)
		return
	}
	err = monitor.withNamespace(func(fd int) error {
		return outside.try(func() error {
			copied, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				return err
			}
			file := os.NewFile(uintptr(copied), "monitor")
			defer file.Close()
			cmd.ExtraFiles = []*os.File{file}
			return cmd.Start()
		})
	})
	if err != nil {
		t.Error(err)
		return
	}
	line := make([]byte, 6)
	if _, err := io.ReadFull(ready, line); err != nil || string(line) != "ready\n" {
		t.Errorf("the process says %q, %v", line, err)
	}
	time.Sleep(life)
	cmd.Process.Kill()
	cmd.Wait()
	killed := time.Now()
	// Without tcp_orphan_retries it would be two minutes.
	eventually(t, "a namespace is left", func() bool { return interfaces(t, monitor) == 0 })
	t.Logf("after %s of life the kernel needed %s", life, time.Since(killed))
	if got := interfaces(t, outside); got != 0 {
		t.Errorf("%d interfaces are left outside", got)
	}
}

// untilKilled makes labs in which a connection has data that its peer never
// gets. Descriptor 3 is the network that watches theirs.
func untilKilled(t *testing.T) {
	for lab := 0; ; lab++ {
		l := build(t, everything())
		for i, n := range l.networks() {
			must(t, watch(n, 3, fmt.Sprintf("watch%d.%d", lab, i)))
		}
		client, _ := stream(t, host(t, l, "a"), host(t, l, "b"), "10.0.0.2:80")
		must(t, link(t, l, "lan").Cut(true))
		client.Write([]byte("never acknowledged"))
		if lab == 0 {
			fmt.Println("ready")
		}
		if lab%2 == 1 {
			must(t, l.Close())
		}
	}
}
