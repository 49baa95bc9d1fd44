package runner_test

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

// BenchmarkTCPHello runs tcp-hello again and again, as run --count does, and
// compares all transcripts. Its floor is a C program with two threads a round.
func BenchmarkTCPHello(b *testing.B) {
	ownNetwork(b)
	defer debug.SetGCPercent(debug.SetGCPercent(200)) // as the command does
	const rounds = 200
	cases, problems, err := suite.Load([]suite.File{suite.Text("hello.yaml", []byte(hello))})
	if err != nil || problems.HasErrors() {
		b.Fatal(err, problems.Report())
	}
	floor := cHello(b)
	for _, jobs := range []int{1, 2} {
		b.Run(fmt.Sprintf("jobs=%d", jobs), func(b *testing.B) {
			pairWith(b, fmt.Sprint(rounds), func() time.Duration { return floor(rounds, jobs) }, func() {
				o := suite.Options{Jobs: jobs, Count: rounds}
				suite.Run(context.Background(), cases, o, func(o *report.Outcome) {
					if o.Failed > 0 || o.Runs != rounds {
						b.Errorf("%d of %d runs failed", o.Failed, o.Runs)
					}
				})
			})
		})
	}
}

// ownNetwork skips a benchmark that connects much where others connect too: how
// many of their connections are in TIME_WAIT would decide.
func ownNetwork(b *testing.B) {
	b.Helper()
	list, err := net.Interfaces()
	if err != nil {
		b.Fatal(err)
	}
	for _, i := range list {
		if i.Flags&net.FlagLoopback == 0 && i.Flags&net.FlagUp != 0 {
			b.Skipf("%s is up; run this in a network of its own: "+
				"unshare -rn sh -c 'ip link set lo up; exec go test -run ^$ -bench TCPHello ./runner'", i.Name)
		}
	}
	// Here it may be forbidden; then both are slowed down alike. It may also be
	// the network of a host that has no other.
	const buckets = "/proc/sys/net/ipv4/tcp_max_tw_buckets"
	if before, err := os.ReadFile(buckets); err == nil && os.WriteFile(buckets, []byte("0"), 0) == nil {
		b.Cleanup(func() { os.WriteFile(buckets, before, 0) })
	}
}

// cHello compiles and starts the C program. The function that it returns has
// the program run rounds, jobs of them at a time, and returns their processor
// time.
func cHello(b *testing.B) func(rounds, jobs int) time.Duration {
	b.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		b.Skip("there is no C compiler: ", err)
	}
	program := filepath.Join(b.TempDir(), "hello")
	if out, err := exec.Command(cc, "-O2", "-pthread", "-o", program, "testdata/hello.c").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(program)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			b.Error(err)
		}
	})
	lines := bufio.NewReader(out)
	return func(rounds, jobs int) time.Duration {
		fmt.Fprintln(in, rounds, jobs)
		line, err := lines.ReadString('\n')
		if err != nil {
			b.Fatal(err)
		}
		used, err := strconv.ParseInt(strings.TrimSpace(line), 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		return time.Duration(used) * time.Microsecond
	}
}
