package source

import "testing"

func TestSuggest(t *testing.T) {
	t.Parallel()
	keys := []string{"backlog", "as", "to", "expect", "timeout", "when", "step_timeout", "send", "recv"}
	tests := []struct{ word, want string }{
		{"backlogg", "backlog"},
		{"Backlog", "backlog"},
		{"step-timeout", "step_timeout"},
		{"exepct", "expect"},
		{"sned", "send"},
		{"sa", "as"},
		{"timout", "timeout"},
		{"x", ""},
		{"", ""},
		{"zzzz", ""},
		{"connection", ""},
		{"expect", ""},
	}
	for _, test := range tests {
		if got := Suggest(test.word, keys); got != test.want {
			t.Errorf("%q: got %q, want %q", test.word, got, test.want)
		}
	}
}

func TestSuggestIsStable(t *testing.T) {
	t.Parallel()
	if a, b := Suggest("bat", []string{"cat", "bad"}), Suggest("bat", []string{"bad", "cat"}); a != "bad" || b != "bad" {
		t.Errorf("got %q and %q, want bad", a, b)
	}
}

func TestDidYouMean(t *testing.T) {
	t.Parallel()
	if got := DidYouMean("backlogg", []string{"backlog"}); got != `did you mean "backlog"?` {
		t.Errorf("got %s", got)
	}
	if got := DidYouMean("abc", nil); got != "" {
		t.Errorf("got %s", got)
	}
}

func TestEditDistance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "", 3},
		{"abc", "abc", 0},
		{"abc", "acb", 1},
		{"abc", "abd", 1},
		{"abc", "ab", 1},
		{"ca", "abc", 3},
		{"kitten", "sitting", 3},
		{"éa", "aé", 1},
	}
	for _, test := range tests {
		if got := editDistance([]rune(test.a), []rune(test.b)); got != test.want {
			t.Errorf("%q, %q: got %d, want %d", test.a, test.b, got, test.want)
		}
	}
}
