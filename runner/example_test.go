package runner_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios"
)

const greeting = `
name: greeting
actors:
  server:
    - {socket: tcp, as: listener}
    - listen: listener
    - {accept: listener, as: conn}
    - {recv: conn, size: 5}
  client:
    - {socket: tcp, as: sock}
    - {connect: sock, to: "${server.listener}"}
    - {send: sock, data: hello}
`

// A scenario runs, and its transcript is printed.
func ExampleRun() {
	list, problems := scenarios.Parse("greeting.yaml", []byte(greeting))
	if problems.HasErrors() {
		fmt.Print(problems.Report())
		return
	}
	result := runner.Run(context.Background(), list[0], runner.Options{})
	if err := report.Transcript(os.Stdout, result, report.Style{}); err != nil {
		fmt.Println(err)
	}
	// Output:
	// server  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = listener
	// client  socket(AF_INET, SOCK_STREAM, IPPROTO_TCP) = sock
	// server  listen(listener, 4096) = 0
	// client  connect(sock, 127.0.0.1:<listener>) = 0
	// server  accept(listener) = conn from 127.0.0.1:<sock>
	// client  send(sock, "hello", 5) = 5
	// server  recv(conn, 5) = 5 "hello"
	// ok  greeting
}

// A failure says which step of which actor it is.
func ExampleRun_failure() {
	list, _ := scenarios.Parse("wrong.yaml", []byte(`
actors:
  one:
    - {socketpair: unix, as: [a, b]}
    - {send: a, data: hello}
    - {recv: b, expect: hullo}
`))
	result := runner.Run(context.Background(), list[0], runner.Options{})
	fmt.Println(result.Status)
	fmt.Printf("%s: %s\n", result.Failure.Actor, result.Failure.Place.Title)
	// Output:
	// fail
	// one: recv(b)
}
