package program

import (
	"os"
	"sync"
	"testing"
)

func run(t testing.TB, s *Set, argv ...string) *Process {
	t.Helper()
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	p, err := s.Start(Spec{Path: "/bin/" + argv[0], Argv: argv, Env: os.Environ(), Dir: "/", Files: []*os.File{null, null, null}})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// BenchmarkFirst is the cost of a scenario's first program, Benchmark…Next that
// of each further one.
func BenchmarkFirst(b *testing.B) {
	for b.Loop() {
		s := &Set{Forks: new(sync.Mutex)}
		p := run(b, s, "true")
		<-p.Done()
		s.Close()
	}
}

func BenchmarkNext(b *testing.B) {
	s := &Set{Forks: new(sync.Mutex)}
	defer s.Close()
	for b.Loop() {
		p := run(b, s, "true")
		<-p.Done()
		p.Finish()
	}
}

func BenchmarkHere(b *testing.B) {
	s := &Set{Forks: new(sync.Mutex), office: newHere(&starting{forks: new(sync.Mutex)})}
	defer s.Close()
	for b.Loop() {
		p := run(b, s, "true")
		<-p.Done()
		p.Finish()
	}
}
