package runnertest_test

import (
	"io"
	"net"
	"testing"

	"github.com/sockscript/sockscript/runner/runnertest"
)

// In a test file of its own this is all that it takes.
func ExampleRun() {
	var t *testing.T // that of the test function

	runnertest.Run(t, "testdata/*.yaml")
}

// A server under test hands its address to the scenarios.
func ExampleParams_Run() {
	var t *testing.T // that of the test function

	addr := startEcho(t)
	runnertest.Params{Vars: map[string]any{"server": addr}}.Run(t, "testdata/server")
}

func TestServerUnderTest(t *testing.T) {
	addr := startEcho(t)
	runnertest.Params{Vars: map[string]any{"server": addr}}.Run(t, "testdata/server")
}

// startEcho starts a server that sends back what it receives.
func startEcho(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			io.Copy(conn, conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-done
	})
	return listener.Addr().String()
}
