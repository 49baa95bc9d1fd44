package main

import (
	"context"
	"fmt"
	"os"

	"github.com/sockscript/sockscript/runner"
	"github.com/sockscript/sockscript/runner/report"
	"github.com/sockscript/sockscript/scenarios"
)

func main() {
	for _, p := range os.Args[1:] {
		list, problems, err := scenarios.Load(p)
		if err != nil {
			fmt.Println(err)
			continue
		}
		fmt.Print(problems.Report())
		for _, s := range list {
			r := runner.Run(context.Background(), s, runner.Options{})
			if r.Failure != nil {
				report.Failure(os.Stdout, r, report.Style{})
			} else {
				report.Transcript(os.Stdout, r, report.Style{})
			}
		}
	}
}
