package report

import (
	"testing"
	"time"
)

// A step that has just begun does not last for no time.
func TestLasted(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "less than 0.1s", 99 * time.Millisecond: "less than 0.1s", 100 * time.Millisecond: "0.1s",
		5*time.Second - 1: "4.9s", 5 * time.Second: "5.0s",
	} {
		if got := lasted(d); got != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
}
