package payload

import (
	"math/rand/v2"
	"regexp"
	"testing"
	"time"

	"github.com/sockscript/sockscript/steps/value"
)

// inTime is an Env whose time is never up.
type inTime struct{ value.Env }

func (inTime) Overdue() error { return nil }

// A scanner finds a match where package regexp does, however the text comes.
func TestScannerIsRegexp(t *testing.T) {
	t.Parallel()
	exprs := []string{
		"", "a", "ab", "a+b", "(a|b)*c", "^a", "^$", "a$", "(?m)^b$", `\ba`, `a\b`, `a\Bb`, "a{2,3}", "[^a]c", "(?i)AB", "(?s).b", ".b",
		"é", "[é-ü]+x", `\x{fffd}`, "a*?$", "(a+)+c", `\z`, `\A\z`, "b|^c",
	}
	random := rand.New(rand.NewPCG(1, 2))
	pieces := []string{"a", "b", "c", "A", "\n", " ", "é", "ü", "x", "\xff", "\xc3"}
	for _, expr := range exprs {
		re := regexp.MustCompile(expr)
		for range 200 {
			s, err := newScanner(expr)
			if err != nil {
				t.Fatal(err)
			}
			var text []byte
			looked := 0
			for range 6 {
				for range random.IntN(3) {
					text = append(text, pieces[random.IntN(len(pieces))]...)
				}
				if random.IntN(3) == 0 && len(text) > looked {
					text = text[:len(text)-random.IntN(2)] // in the middle of a character
				}
				n, err := s.add(inTime{}, text[looked:])
				if err != nil {
					t.Fatal(err)
				}
				looked += n
				if got, want := s.found(text[looked:]), re.Match(text); got != want {
					// What matched before has ended the search.
					t.Fatalf("%q in %q: %t, want %t", expr, text, got, want)
				} else if got {
					break
				}
			}
		}
	}
}

// Many small pieces take no longer than their bytes: to search all of them
// again with each piece would take hours.
func TestScannerLooksOnce(t *testing.T) {
	t.Parallel()
	began := time.Now()
	m := &Search{found: true, scan: must(newScanner("x+y+END"))}
	var text []byte
	for range 1 << 20 {
		text = append(text, 'x', 'y')
		if at, err := m.matches(inTime{}, text); at >= 0 || err != nil {
			t.Fatal(at, err)
		}
	}
	if took := time.Since(began); took > time.Minute {
		t.Errorf("it took %v", took)
	}
}

func must(s *scanner, err error) *scanner {
	if err != nil {
		panic(err)
	}
	return s
}
