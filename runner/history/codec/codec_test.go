package codec

import (
	"slices"
	"testing"
)

type point struct {
	X, Y int
	Name string
}

// The types are looked at once, and not for each of many values.
func TestManyValues(t *testing.T) {
	const n = 1000
	c := New(nil)
	points := slices.Repeat([]point{{1, 2, "a"}}, n)
	var text []byte
	encoding := testing.AllocsPerRun(5, func() {
		var err error
		if text, err = c.Encode(points); err != nil {
			t.Fatal(err)
		}
	})
	// The race detector allocates too, a little; types that are looked at again
	// take 7.
	if most := 3.0 * n; encoding > most {
		t.Errorf("%d values are written with %v allocations, of at most %v", n, encoding, most)
	}
	var again []point
	if err := c.Decode(text, &again); err != nil || !slices.Equal(points, again) {
		t.Errorf("%v %v", again[:min(len(again), 3)], err)
	}
}
