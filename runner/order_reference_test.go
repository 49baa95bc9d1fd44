package runner_test

import "testing"

// What a step without an event of its own refers to comes before the steps that
// follow: those of a procedure, of its branches, of a round, and those after a
// step that is left out.
func TestOrderOfPassedReferences(t *testing.T) {
	t.Parallel()
	checkLeaks(t)
	wantTranscript(t, `
procedures:
  show:
    params: [what]
    steps:
      - print: shown
  both:
    params: [what]
    steps:
      - parallel:
          x: [{print: left}]
          y: [{print: right}]
actors:
  giver:
    - print: one
    - print: two
    - let: {n: 1}
  called:
    - do: show
      with: {what: "${giver.n}"}
  branched:
    - do: both
      with: {what: "${giver.n}"}
  asked:
    - repeat: ${giver.n}
      steps:
        - print: once
  skipped:
    - print: never
      when: giver.n == 2
    - print: after
`, `
giver       | one
giver       | two
giver       let n = 1
called      | shown
branched/x  | left
branched/y  | right
asked       | once
skipped     | after
`)
}
