package report

import (
	"cmp"
	"encoding/json"
	"io"
	"reflect"
	"strconv"
	"time"

	"github.com/sockscript/sockscript/runner/history"
	"github.com/sockscript/sockscript/scenarios/source"
	"github.com/sockscript/sockscript/steps/event"
	"github.com/sockscript/sockscript/steps/sock"
)

// JSON is the report for programs: JSON lines, one object each, in the order of
// the transcript. It is a [Reporter]. The objects are [EventObject],
// [FoldObject], [WireObject], [ScenarioObject], [ProblemObject], [CheckObject]
// and [SummaryObject]; the field type distinguishes them. Ports, temporary
// folders and process ids are masked as in the transcript unless the style says
// otherwise, and times come only with the order by time or without masks, so
// that the events of two runs can be compared.
type JSON struct {
	W     io.Writer
	Style Style
}

// A Place is where in a scenario file something is.
type Place struct {
	File   string `json:"file" doc:"the scenario file as it was named; a shipped one is NAME.yaml"`
	Line   int    `json:"line" doc:"the line, from 1"`
	Column int    `json:"column" doc:"the column in characters, from 1"`
}

// An EventObject is a call that an actor made.
type EventObject struct {
	Type     string `json:"type" doc:"event"`
	Scenario string `json:"scenario" doc:"the scenario's name"`
	Run      int    `json:"run" doc:"the number of the run that is reported, from 1"`
	Actor    string `json:"actor" doc:"the actor; a replica with its index: client[3]"`
	Depth    int    `json:"depth" doc:"the depth in causal order, from 1"`
	Kind     string `json:"kind" doc:"the step kind"`
	Place
	Note   string   `json:"note,omitempty" doc:"the step's note"`
	Text   string   `json:"text" doc:"the event as the transcript writes it"`
	Call   string   `json:"call" doc:"the system call, or the kind of the step where there is none"`
	Args   []any    `json:"args" doc:"its arguments: whole numbers, and texts as the transcript writes them"`
	Result []any    `json:"result,omitempty" doc:"what came back, in the same form; with errno only what send had sent before it"`
	Errno  string   `json:"errno,omitempty" doc:"the errno's name, where the call failed"`
	Failed bool     `json:"failed,omitempty" doc:"true on the event that failed the scenario"`
	Start  *float64 `json:"start,omitempty" doc:"seconds from the start of the run to the call; with --order time or --unmask"`
	End    *float64 `json:"end,omitempty" doc:"seconds from the start of the run to its return; likewise"`
}

// A FoldObject stands for rounds or replicas that print like those around it.
type FoldObject struct {
	Type     string   `json:"type" doc:"fold"`
	Scenario string   `json:"scenario" doc:"the scenario's name"`
	Run      int      `json:"run" doc:"the number of the run that is reported, from 1"`
	Actor    string   `json:"actor" doc:"the actor, or the range of its replicas: client[1..998]"`
	Depth    int      `json:"depth" doc:"the depth in causal order, from 1"`
	Rounds   int      `json:"rounds,omitempty" doc:"how many rounds are folded; not there for replicas"`
	Replicas int      `json:"replicas,omitempty" doc:"how many replicas are folded; not there for rounds"`
	Start    *float64 `json:"start,omitempty" doc:"seconds from the start of the scenario to the first call of the rounds; with --order time and --unmask only"`
	End      *float64 `json:"end,omitempty" doc:"seconds from the start of the scenario to the end of their last call; with --order time and --unmask only"`
}

// A WireObject is what crossed the network between two sockets.
type WireObject struct {
	Type       string   `json:"type" doc:"wire"`
	Scenario   string   `json:"scenario" doc:"the scenario's name"`
	Run        int      `json:"run" doc:"the number of the run that is reported, from 1"`
	Connection string   `json:"connection" doc:"between whom: client.sock <-> server.conn, and where, if there are several places"`
	Lines      []string `json:"lines" doc:"the lines of the wire: > 1:18(17)"`
	Alike      int      `json:"alike" doc:"how many connections had these lines"`
}

// A ScenarioObject is how a scenario ended. It comes after its events.
type ScenarioObject struct {
	Type     string `json:"type" doc:"scenario"`
	Scenario string `json:"scenario" doc:"the scenario's name"`
	Place
	Tags       []string        `json:"tags,omitempty" doc:"its tags"`
	Status     string          `json:"status" doc:"ok, fail, skip, known (it failed, as known_failure says), cancelled (interrupted while it ran) or notrun"`
	Reason     string          `json:"reason,omitempty" doc:"why it was skipped"`
	Known      string          `json:"known_failure,omitempty" doc:"why it is expected to fail"`
	Elapsed    float64         `json:"elapsed" doc:"how long the run took, in seconds"`
	Run        int             `json:"run,omitempty" doc:"the number of the run that is reported: the first that failed, else 1"`
	Runs       int             `json:"runs" doc:"how many runs there were"`
	FailedRuns int             `json:"failed_runs,omitempty" doc:"how many of them failed or differed"`
	Failure    *FailureObject  `json:"failure,omitempty" doc:"why the run failed"`
	Races      []RaceObject    `json:"races,omitempty" doc:"events whose order nothing fixes, so that another run may give another transcript"`
	Unasked    []UnaskedObject `json:"unasked,omitempty" doc:"packets for far ends that the script played, which no step has taken"`
	Variants   []Variant       `json:"variants,omitempty" doc:"where the runs had several transcripts: for each the number of the first run that had it, run, and of how many did, runs"`
	Diff       string          `json:"diff,omitempty" doc:"how the transcript differs from the golden file's or the first run's, or how the golden file was changed: a unified diff"`
	Golden     string          `json:"golden,omitempty" doc:"what came of the golden file: same, differs, changed or created"`
	GoldenFile string          `json:"golden_file,omitempty" doc:"the golden file"`
	Error      string          `json:"error,omitempty" doc:"what kept the golden file from being read or written"`
	Fault      string          `json:"fault,omitempty" doc:"why it failed though no run of it did: with --strict, or because it passed and known_failure says that it does not"`
	Kept       string          `json:"kept,omitempty" doc:"with --keep: the temporary folder of the run that failed"`
}

// A FailureObject is why a run failed. It is the field failure of a scenario.
type FailureObject struct {
	Actor   string `json:"actor,omitempty" doc:"the actor that failed; not there where the scenario as a whole did"`
	Step    string `json:"step,omitempty" doc:"the step: recv(conn)"`
	Kind    string `json:"kind,omitempty" doc:"the step kind"`
	Message string `json:"message" doc:"what was expected and what came"`
	Place
	Expected string        `json:"expected,omitempty" doc:"where data differs: what was expected, quoted, or hex: and digits where it is not text for the most part"`
	Got      string        `json:"got,omitempty" doc:"where data differs: what came, in the same form"`
	Within   []string      `json:"within,omitempty" doc:"the do steps that called the step, and the rounds of the loops that it is in, the innermost first"`
	Waits    []string      `json:"waits,omitempty" doc:"in a deadlock: who waits for what"`
	Others   []DoingObject `json:"others,omitempty" doc:"what every other actor was doing at that moment"`
}

// A DoingObject is what an actor was doing. It is an item of the field others
// of a failure.
type DoingObject struct {
	Actor string  `json:"actor" doc:"the actor"`
	Step  string  `json:"step,omitempty" doc:"the step it was in, or the last where it had none left"`
	File  string  `json:"file,omitempty" doc:"the step's file"`
	Line  int     `json:"line,omitempty" doc:"the step's line"`
	For   float64 `json:"for,omitempty" doc:"how long it had been in the step, in seconds"`
	Waits string  `json:"waits,omitempty" doc:"the name, signal or barrier it waited for, or its branches"`
	Ended bool    `json:"ended,omitempty" doc:"true where it had ended"`
}

// A ProblemObject is something wrong in a scenario file.
type ProblemObject struct {
	Type     string `json:"type" doc:"problem"`
	Severity string `json:"severity" doc:"error or warning"`
	Place
	Message string `json:"message" doc:"what is wrong"`
	Hint    string `json:"hint,omitempty" doc:"the remedy"`
	Source  string `json:"source,omitempty" doc:"the line of the file"`
}

// A CheckObject ends the output of check.
type CheckObject struct {
	Type     string `json:"type" doc:"check"`
	Files    int    `json:"files" doc:"how many files were checked"`
	Errors   int    `json:"errors" doc:"how many errors they hold"`
	Warnings int    `json:"warnings" doc:"how many warnings"`
}

// A SummaryObject ends the output of run and test. It counts scenarios.
type SummaryObject struct {
	Type        string  `json:"type" doc:"summary"`
	Passed      int     `json:"passed" doc:"those that passed"`
	Failed      int     `json:"failed" doc:"those that failed"`
	Known       int     `json:"known,omitempty" doc:"those that failed, as is known"`
	Skipped     int     `json:"skipped" doc:"those whose requirements are not met"`
	Interrupted int     `json:"interrupted" doc:"those that a signal ended"`
	NotRun      int     `json:"not_run" doc:"those that were not begun, because of a signal or --fail-fast"`
	NoGolden    int     `json:"no_golden" doc:"those that test passed over because they have no golden file"`
	Count       int     `json:"count" doc:"how often each was run; with --stress at most"`
	Elapsed     float64 `json:"elapsed" doc:"how long all took, in seconds"`

	Missing []string `json:"missing_goldens,omitempty" doc:"where the golden files of those passed over would be"`
	Orphans []string `json:"orphaned_goldens,omitempty" doc:"golden files that no scenario has"`
	Removed []string `json:"removed_goldens,omitempty" doc:"those that were removed"`

	Slowest []SlowObject `json:"slowest,omitempty" doc:"with --slowest: the scenarios that took longest"`
	Seed    *uint64      `json:"seed,omitempty" doc:"with --shuffle: the seed of the order"`
}

// A SlowObject is a scenario that took long. It is an item of the field slowest
// of a summary.
type SlowObject struct {
	Scenario string  `json:"scenario" doc:"the scenario's name"`
	File     string  `json:"file" doc:"its file"`
	Elapsed  float64 `json:"elapsed" doc:"how long the run took, in seconds"`
}

// Problems implements [Reporter].
func (j *JSON) Problems(ps source.Problems) error {
	for _, p := range ps {
		severity := "error"
		if p.Severity == source.Warning {
			severity = "warning"
		}
		err := j.write(ProblemObject{
			Type: "problem", Severity: severity, Place: placeOf(p.Pos),
			Message: p.Message(), Hint: p.Hint, Source: p.Line,
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Checked implements [Reporter].
func (j *JSON) Checked(files int, problems source.Problems) error {
	errs := countErrors(problems)
	return j.write(CheckObject{Type: "check", Files: files, Errors: errs, Warnings: len(problems) - errs})
}

// Outcome implements [Reporter]: the events of the run, then the scenario.
func (j *JSON) Outcome(o *Outcome) error {
	if o.Result != nil {
		order := j.Style.Order
		if order == "" {
			order = history.Causal
		}
		for _, l := range o.Result.Lines(order, j.Style.Form) {
			if err := j.line(o, l); err != nil {
				return err
			}
		}
		for _, sec := range j.Style.sections(o.Result) {
			if err := j.write(WireObject{"wire", o.Scenario.Name, o.Run, sec.Head, sec.Lines, sec.Alike}); err != nil {
				return err
			}
		}
	}
	return j.write(j.scenario(o))
}

// Summary implements [Reporter].
func (j *JSON) Summary(s *Summary) error {
	object := SummaryObject{
		Type: "summary", Passed: s.Passed, Failed: s.Failed, Known: s.Known, Skipped: s.Skipped,
		Interrupted: s.Interrupted, NotRun: s.NotRun, NoGolden: len(s.NoGolden),
		Count: s.Count, Elapsed: s.Elapsed.Seconds(), Orphans: s.Orphans, Removed: s.Removed,
	}
	for _, n := range s.NoGolden {
		object.Missing = append(object.Missing, n.Path)
	}
	for _, x := range s.Slowest {
		object.Slowest = append(object.Slowest, SlowObject{x.Scenario, x.File, x.Elapsed.Seconds()})
	}
	object.Seed = s.Seed
	return j.write(object)
}

// write writes one object on one line. What a terminal would act on is written
// out in its texts, as in every other form: who prints a field of it is as safe
// as who reads the text.
func (j *JSON) write(object any) error {
	e := json.NewEncoder(j.W)
	e.SetEscapeHTML(false)
	return e.Encode(visibleTexts(reflect.ValueOf(object)).Interface())
}

// visibleTexts is a copy of a value in which the control characters of all
// texts are written out, but for the ends of lines.
func visibleTexts(v reflect.Value) reflect.Value {
	shown := reflect.New(v.Type()).Elem()
	shown.Set(v)
	switch v.Kind() {
	case reflect.String:
		shown.SetString(source.VisibleLines(v.String()))
	case reflect.Struct:
		for i := range v.NumField() {
			shown.Field(i).Set(visibleTexts(v.Field(i)))
		}
	case reflect.Slice:
		if v.IsNil() {
			return v
		}
		shown.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			shown.Index(i).Set(visibleTexts(v.Index(i)))
		}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v
		}
		inner := visibleTexts(v.Elem())
		if v.Kind() == reflect.Interface {
			return inner
		}
		shown.Set(reflect.New(v.Type().Elem()))
		shown.Elem().Set(inner)
	}
	return shown
}

func (j *JSON) line(o *Outcome, l history.Line) error {
	if l.Event != nil {
		return j.write(j.event(o, l))
	}
	fold := FoldObject{
		Type: "fold", Scenario: o.Scenario.Name, Run: o.Run, Actor: l.Actor, Depth: l.Depth, Replicas: l.Replicas,
	}
	if l.Fold != nil {
		fold.Rounds = l.Fold.Rounds
		fold.Start, fold.End = j.times(l.Fold.Start, l.Fold.End)
	}
	return j.write(fold)
}

func (j *JSON) event(o *Outcome, l history.Line) EventObject {
	e := l.Event
	args, ret := o.Result.Parts(e, j.Style.Form)
	object := EventObject{
		Type: "event", Scenario: o.Scenario.Name, Run: o.Run, Actor: l.Actor, Depth: l.Depth,
		Kind: e.Place.Kind, Place: placeOf(e.Place.Pos), Note: o.Result.Note(e, j.Style.Form),
		Text: o.Result.Text(e, j.Style.Form), Call: e.Call, Args: typed(args), Failed: e.Failed,
	}
	if e.ShowsErrno(j.Style.Form.Unmask) {
		object.Errno = sock.ErrnoName(e.Errno)
	}
	if e.Errno == 0 || len(ret) > 0 {
		object.Result = typed(ret)
	}
	object.Start, object.End = j.times(e.Start, e.End)
	return object
}

// times are the moments of a line in seconds, where they are asked for.
func (j *JSON) times(from, to time.Duration) (start, end *float64) {
	if j.Style.Order != history.Time && !j.Style.Form.Unmask {
		return nil, nil
	}
	s, e := from.Seconds(), to.Seconds()
	return &s, &e
}

// typed makes numbers of the parts that are numbers.
func typed(texts []string) []any {
	parts := make([]any, len(texts))
	for i, text := range texts {
		parts[i] = text
		if n, err := strconv.Atoi(text); err == nil {
			parts[i] = n
		}
	}
	return parts
}

func (j *JSON) scenario(o *Outcome) ScenarioObject {
	object := ScenarioObject{
		Type: "scenario", Scenario: o.Scenario.Name, Place: placeOf(o.Scenario.Pos()), Tags: o.Scenario.Tags,
		Status: o.Status().String(), Elapsed: o.Elapsed().Seconds(),
		Run: o.Run, Runs: o.Runs, FailedRuns: o.Failed, Variants: o.Variants, Golden: o.Golden.String(),
	}
	if o.Result == nil {
		object.Status = "notrun"
	} else {
		object.Reason, object.Races = o.Result.Reason, o.raceObjects()
		object.Unasked = o.unaskedObjects()
		object.Failure, object.Kept = failureObject(o.Result.Failure, o.Scenario.Pos()), o.Result.Kept
	}
	if d := cmp.Or(o.Diff, o.Change); d != nil {
		object.Diff = d.Text
	}
	if o.Err != nil {
		object.Error = o.Err.Error()
	}
	object.Fault, object.Known = o.Fault, o.Known
	if o.Golden != GoldenUnused {
		object.GoldenFile = o.GoldenPath
	}
	return object
}

func failureObject(f *history.Failure, scenario source.Pos) *FailureObject {
	if f == nil {
		return nil
	}
	object := &FailureObject{Actor: f.Actor, Message: f.Message, Place: placeOf(scenario), Waits: f.Waits}
	if m := f.Mismatch; m != nil {
		object.Expected, object.Got = event.Shown(string(m.Want)), event.Shown(string(m.Got))
	}
	if f.Place != nil {
		object.Step, object.Kind = f.Place.Title, f.Place.Kind
		object.Place = placeOf(failurePlace(f).Pos)
	}
	for _, v := range f.Via {
		object.Within = append(object.Within, viaText(v))
	}
	for _, other := range f.Others {
		object.Others = append(object.Others, doingObject(other))
	}
	return object
}

func doingObject(d history.Doing) DoingObject {
	object := DoingObject{Actor: d.Actor, Waits: d.Waits, Ended: d.Ended}
	if d.Place != nil {
		object.Step, object.File, object.Line = d.Place.Title, d.Place.Pos.File, d.Place.Pos.Line
		if !d.Ended && !d.Done {
			object.For = d.For.Round(time.Microsecond).Seconds()
		}
	}
	return object
}

func placeOf(p source.Pos) Place { return Place{p.File, p.Line, p.Col} }
