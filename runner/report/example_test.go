package report_test

import (
	"context"
	"fmt"
	"os"

	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/runner/suite"
)

// A form is chosen by its name and told what happens as the runs go on.
func ExampleLookupFormat() {
	form, ok := report.LookupFormat("tap")
	if !ok {
		return
	}
	cases, problems, err := suite.Load([]suite.File{suite.Text("hello.yaml", []byte("actors: {one: [{print: hello}]}"))})
	if err != nil || problems.HasErrors() {
		fmt.Println(err, problems.Report())
		return
	}
	tap := form.New(os.Stdout, report.Style{})
	suite.Run(context.Background(), cases, suite.Options{}, func(o *report.Outcome) {
		if err := tap.Outcome(o); err != nil {
			fmt.Println(err)
		}
	})
	// Output:
	// TAP version 13
	// ok 1 - hello
}
