package scenarios_test

import (
	"fmt"

	"github.com/sockscript/sockscript/scenarios"
)

// A file holds one scenario, or several, which "---" separates.
func ExampleParse() {
	list, problems := scenarios.Parse("pair.yaml", []byte(`
name: first
tags: [local, short]
actors: {one: [{socketpair: unix, as: [a, b]}]}
---
name: second
actors: {two: [{print: hello}]}
`))
	fmt.Println(len(problems), "problems")
	for _, s := range list {
		fmt.Println(s.Name, s.Tags)
	}
	// Output:
	// 0 problems
	// first [local short]
	// second []
}

// Each problem says where it is and what helps.
func ExampleParse_problems() {
	_, problems := scenarios.Parse("typo.yaml", []byte("actors:\n  one:\n    - {sokcet: tcp, as: s}\n"))
	fmt.Print(problems.Report())
	// Output:
	// typo.yaml:3:8: unknown step kind "sokcet"; did you mean "socket"?
	//     3 |     - {sokcet: tcp, as: s}
	//       |        ^
}
