package steps_test

import "testing"

func TestCheckProcedures(t *testing.T) {
	t.Parallel()
	const greet = "procedures:\n  greet: {params: [who, text], steps: [{send: who, data: '${text}'}]}\n"
	checkFindings(t, []finding{
		{"none there", "- do: greet", []string{`3:11: unknown procedure "greet"; define it under procedures:, or include the file that holds it`}},
		{"misspelt", greet + `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - do: gret
    - do: greet
      with: {who: a, text: x}
    - close: b
`, []string{`8:11: unknown procedure "gret"; did you mean "greet"?`}},
		{"parameters", greet + `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - do: greet
      with: {who: a, txt: x}
    - do: greet
    - close: b
`, []string{
			"8:7: procedure greet needs the parameter text; write with: {text: …}",
			`9:27: procedure greet has no parameter "txt"; did you mean "text"?`,
			"10:7: procedure greet needs the parameter text; write with: {text: …}",
			"10:7: procedure greet needs the parameter who; write with: {who: …}",
		}},
		{"calls itself", `
procedures:
  again: [{do: again}]
  ping: [{do: pong}]
  pong: [{do: ping}]
actors:
  one:
    - do: again
    - do: ping
`, []string{
			"3:12: procedure again calls itself; use repeat to run steps again",
			"5:11: procedure ping calls itself; use repeat to run steps again",
		}},
		{"a list for a handle", greet + `
actors:
  one:
    - do: greet
      with: {who: [a], text: x}
`, []string{"2:47: who is a value, not a handle; name a socket that an earlier step made with as:"}},
		{"an actor without steps that another reads", `
actors:
  one: {count: 1}
  two:
    - print: ${one.n}
`, []string{"3:8: actor one needs steps; what the actor does"}},
		{"a value for a handle", greet + `
actors:
  one:
    - do: greet
      with: {who: 5, text: x}
`, []string{`7:19: there is no handle "5" here, and the parameter who must be one; name one with as: on the step that makes it`}},
		{"a misspelt handle", greet + `
actors:
  one:
    - socketpair: unix
      as: [left, right]
    - do: greet
      with: {who: lefft, text: x}
    - close: [left, right]
`, []string{`9:19: there is no handle "lefft" here, and the parameter who must be one; did you mean "left"?`}},
		{"a misspelt peer, once", `
procedures:
  open:
    params: [far]
    steps:
      - {inject: far, packet: S}
      - {segment: far, expect: S.}
network: private
actors:
  one:
    - {peer: tcp, as: main}
    - {inject: main, packet: S}
    - {do: open, with: {far: mian}}
`, []string{`13:30: there is no peer "mian" here, and the parameter far must be one; did you mean "main"?`}},
		{"a closed handle", greet + `
actors:
  one:
    - socketpair: unix
      as: [a, b]
    - close: [a, b]
    - do: greet
      with: {who: a, text: x}
`, []string{"2:47: who is closed already, at line 8; use it before that, or expect {error: EBADF}"}},
		{"its own names", `
procedures:
  open: [{socket: tcp, as: s}, {close: t}]
actors:
  one:
    - do: open
    - close: s
`, []string{"3:40: there is no handle \"t\" here; name a socket that an earlier step made with as:"}},
		{"its shape", `
procedures:
  p: 5
  1a: []
  q: {params: [1a], steps: []}
  r: {params: [x]}
actors:
  one: []
`, []string{
			`3:6: expected a list of steps, got the text "5"; write each step as "- KIND: VALUE"`,
			`4:3: "1a" is not a name for a procedure; a name is letters, digits and _, and starts with a letter`,
			`5:16: "1a" is not a name; a name is letters, digits and _, and starts with a letter`,
			"6:6: procedure r needs steps; what it does",
		}},
	})
}
