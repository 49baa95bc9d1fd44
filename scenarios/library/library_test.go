package library

import "testing"

func TestUnknownNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "no-such-scenario", "tcp-hello.yaml", "../library/tcp-hello"} {
		if _, ok := Open(name); ok {
			t.Errorf("Open(%q) finds something", name)
		}
		if _, ok := Golden(name); ok {
			t.Errorf("Golden(%q) finds something", name)
		}
	}
}
