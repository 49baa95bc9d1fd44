package scenarios

import "testing"

func TestCompareVersions(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want int // its sign
	}{
		{"5.10", "5.10", 0},
		{"5.10.0", "5.10", 0},
		{"5.10.1", "5.10", 1},
		{"5.9", "5.10", -1},
		{"6.0", "5.10", 1},
		{"5.10.0-amd64", "5.10", 0},
		{"5.10-rc3", "5.10.1", -1},
		{"6.18.5+deb", "6.18.5", 0},
		{"4", "4.0.0", 0},
		{"14.1-RELEASE", "14", 1},
	} {
		got, back := compareVersions(test.a, test.b), compareVersions(test.b, test.a)
		if sign(got) != test.want || sign(back) != -test.want {
			t.Errorf("%s and %s compare as %d and %d, want %d", test.a, test.b, got, back, test.want)
		}
	}
}

func sign(n int) int {
	switch {
	case n < 0:
		return -1
	case n > 0:
		return 1
	}
	return 0
}
