// Package runner runs scenarios: the actors concurrently, on the real kernel,
// with the names, signals and barriers through which they find each other, and
// with a record of what they did in an order that is the same on every run.
//
//	list, problems, err := scenarios.Load("hello.yaml")
//	…
//	result := runner.Run(ctx, list[0], runner.Options{})
//	report.Transcript(os.Stdout, result, report.Style{})
//
// The public packages of the module are this one, [runner/history], the record
// of a run; [runner/report], what people and programs read of it;
// [runner/suite], many scenarios with their golden files; [runner/runnertest],
// scenarios in go test; and [scenarios], which loads files. Others can be
// imported, for step kinds of one's own, but change without notice.
//
// [runner/history]:
// https://pkg.go.dev/github.com/sockscript/sockscript/runner/history
// [runner/report]:
// https://pkg.go.dev/github.com/sockscript/sockscript/runner/report
// [runner/suite]:
// https://pkg.go.dev/github.com/sockscript/sockscript/runner/suite
// [runner/runnertest]:
// https://pkg.go.dev/github.com/sockscript/sockscript/runner/runnertest
// [scenarios]: https://pkg.go.dev/github.com/sockscript/sockscript/scenarios
package runner
