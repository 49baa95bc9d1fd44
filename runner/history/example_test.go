package history_test

import (
	"context"
	"fmt"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios"
)

// The lines of a result are those of its transcript: events, and folds of
// the rounds that print alike.
func ExampleResult_Lines() {
	list, _ := scenarios.Parse("rounds.yaml", []byte(`
actors:
  one:
    - {socketpair: unix, as: [a, b]}
    - repeat: 100
      steps: [{send: a, data: x}]
`))
	result := runner.Run(context.Background(), list[0], runner.Options{})
	for _, l := range result.Lines(history.Causal, history.Form{}) {
		if l.Fold != nil {
			fmt.Println(l.Actor, "folds", l.Fold.Rounds, "rounds")
			continue
		}
		fmt.Println(l.Actor, result.Text(l.Event, history.Form{}))
	}
	// Output:
	// one socketpair(AF_UNIX, SOCK_STREAM, 0) = a b
	// one send(a, "x", 1) = 1
	// one folds 98 rounds
	// one send(a, "x", 1) = 1
}
