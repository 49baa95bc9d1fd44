package suite_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

const hello = `
description: Two ends of a socket pair greet each other.
actors:
  one:
    - socketpair: unix
      as: [left, right]
    - send: left
      data: hello
    - recv: right
      expect: hello
    - close: [left, right]
`

// A scenario is loaded, run, and its transcript printed.
func Example() {
	cases, problems, err := suite.Load([]suite.File{suite.Text("hello.yaml", []byte(hello))})
	if err != nil || problems.HasErrors() {
		fmt.Println(err, problems.Report())
		return
	}
	suite.Run(context.Background(), cases, suite.Options{}, func(o *report.Outcome) {
		report.Transcript(os.Stdout, o.Result, report.Style{})
	})
	// Output:
	// one  socketpair(AF_UNIX, SOCK_STREAM, 0) = left right
	// one  send(left, "hello", 5) = 5
	// one  recv(right, 5) = 5 "hello"
	// one  close(left) = 0
	// one  close(right) = 0
	// ok  hello
}
