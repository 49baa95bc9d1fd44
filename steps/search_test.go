package steps_test

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// flooded is a scenario in which one actor sends without end, and another runs
// a step on what comes. When its time begins something has come.
func flooded(over, step string) string {
	return `actors:
  server:
    - socket: tcp
      as: listener
    - listen: listener
    - accept: listener
      as: conn
` + over + `
    - spawn:
        - repeat: {while: "true"}
          steps:
            - send: conn
              data: {repeat: {data: "y\n", times: 100000}}
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
` + strings.ReplaceAll(over, "conn", "sock") + `
    - recv: sock
      size: 2
    - recv: sock
` + step + `
      timeout: 50ms
`
}

// TestSearchTimeout: a step that looks for something ends with its timeout,
// although bytes keep coming, and holds no more of them than it needs.
func TestSearchTimeout(t *testing.T) {
	t.Parallel()
	for name, step := range map[string]string{
		"until":                `      until: zzz`,
		"contains":             `      expect: {contains: zzz}`,
		"eof":                  `      eof: true`,
		"a costly expression":  `      expect: {matches: "(.*y\n){20}z"}`,
		"contains and matches": `      expect: {contains: "y\ny", matches: "(.*y\n){20}z"}`,
	} {
		for over, text := range map[string]string{"TCP": "", "TLS": "    - tls: conn"} {
			t.Run(name+"/"+over, func(t *testing.T) {
				t.Parallel()
				failure, _ := fails(t, flooded(text, step))
				got := failure.Err.Error()
				if want := regexp.MustCompile(`^timed out after 50ms \(the step's timeout\): only ([0-9,]+ bytes have come, which begin with )?"y\\ny\\n`); !want.MatchString(got) {
					t.Errorf("got  %s\nwant %s…", got, want)
				}
			})
		}
	}
}

// TestSearchHoldsLittle: the bytes that are looked through in vain are let go
// of where nobody needs them, and the result counts them.
func TestSearchHoldsLittle(t *testing.T) {
	for name, step := range map[string]string{
		"until":    "  until: END",
		"contains": "  expect: {contains: END}",
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			lines := passes(t, pair("- spawn:\n    - send: a\n      data: [{zeros: 100MiB}, ENDrest]\n- recv: b\n"+step+"\n- recv: b\n  expect: rest\n- close: b"))
			runtime.ReadMemStats(&after)
			got := lines[len(lines)-3]
			if !strings.Contains(got, "= 104857603 hex:0000") {
				t.Errorf("got %s", got)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 {
				t.Errorf("%d MiB were allocated", grown>>20)
			}
		})
	}
}

// TestSearchTooLate: what has come is told also where the time of the step was
// over before all of it was looked through.
func TestSearchTooLate(t *testing.T) {
	t.Parallel()
	failure, _ := fails(t, pair("- send: a\n  data: {repeat: {data: \"y\\n\", times: 2000}}\n- recv: b\n  expect: {matches: \"(.*y\\n){20}z\"}\n  timeout: 1ns"))
	const want = `timed out after 1ns (the step's timeout): only "y\ny\n`
	if got := failure.Err.Error(); !strings.HasPrefix(got, want) {
		t.Errorf("got  %s\nwant %s…", got, want)
	}
}

// TestSearchBound: what must be kept has a bound.
func TestSearchBound(t *testing.T) {
	if testing.Short() {
		t.Skip("64MiB are received twice")
	}
	most := lessKept(t)
	for name, step := range map[string]string{
		"until": "  until: END\n  as: text\n- assert: text != ''",
		"match": "  expect: {matches: END}",
	} {
		t.Run(name, func(t *testing.T) {
			failure, _ := fails(t, "timeout: 3m\n"+pair("- spawn:\n    - send: a\n      data: {zeros: 1GiB}\n- recv: b\n  timeout: 2m\n"+step+"\n"))
			want := fmt.Sprintf("more than %dMiB have come, and what is looked for is not among them", most)
			if got := failure.Err.Error(); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// TestSearchEdges: a delimiter that comes in pieces, over the border of what is
// let go of, is found where it is.
func TestSearchEdges(t *testing.T) {
	t.Parallel()
	for _, size := range []string{"0", "1", "4095", "65535", "200000"} {
		for name, step := range map[string]string{
			"until":    "  until: abcd",
			"contains": "  expect: {contains: abcd}",
			"matches":  "  expect: {matches: ab.d}",
			"both":     "  expect: {contains: cd, matches: 'ab(?P<c>.)d'}\n- assert: c == 'c'",
		} {
			t.Run(size+"/"+name, func(t *testing.T) {
				lines := passes(t, pair("- spawn:\n    - send: a\n      data: {zeros: "+size+"}\n    - send: a\n      data: ab\n    - send: a\n      data: cdrest\n"+
					"- recv: b\n"+step+"\n- recv: b\n  expect: rest\n- close: b"))
				if len(lines) < 5 {
					t.Errorf("got %q", lines)
				}
			})
		}
	}
}
