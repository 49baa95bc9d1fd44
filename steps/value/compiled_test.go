package value

import "testing"

// Expressions share their tables of functions, of which there are more than a
// hundred: what one takes does not depend on how many there are.
func TestExpressionTakesLittle(t *testing.T) {
	const most = 100
	for _, name := range []string{"port", "text"} {
		d := NewDecoder([]string{"server"}, []string{name, "max"})
		compile := func() {
			if err := d.program(&Expr{Source: name + " + 1"}); err != nil {
				t.Fatal(err)
			}
		}
		compile() // the tables
		if n := testing.AllocsPerRun(20, compile); n > most {
			t.Errorf("an expression with %s is compiled with %v allocations, of at most %d", name, n, most)
		}
	}
}

// A name that a value has means the value in one file, and the function in all
// others.
func TestHiddenFunction(t *testing.T) {
	plain, hiding := NewDecoder(nil, []string{"port"}), NewDecoder([]string{"hex"}, []string{"max", "len"})
	for range 2 {
		for _, c := range []struct {
			d   *Decoder
			src string
			ok  bool
		}{
			{plain, "max(port, 1) + len('ab')", true},
			{hiding, "max + len('ab')", true},
			{hiding, "len + 1", true},
			{hiding, "{\"max\": len(max)}.max", true},
			{hiding, "max(1, 2)", false},
			{hiding, "min(max, len)", true},
			{hiding, "hex('a')", true},
			{plain, "find('abc', 'b')", true},
		} {
			if err := c.d.program(&Expr{Source: c.src}); (err == nil) != c.ok {
				t.Errorf("%s: %v", c.src, err)
			}
		}
	}
}
