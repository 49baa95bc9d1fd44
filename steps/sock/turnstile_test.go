package sock

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// Forks of several scenarios are made at the same time. No close is under way
// meanwhile; and however many of one kind come, one of the other has its turn.
func TestTurnstile(t *testing.T) {
	var s turnstile
	s.Lock()
	s.Lock() // beside the first
	var closed atomic.Bool
	closes := make(chan struct{})
	go func() {
		s.RLock()
		closed.Store(true)
		s.RUnlock()
		close(closes)
	}()
	waits(&s, aClose, 1)
	forked := make(chan struct{})
	go func() {
		s.Lock() // behind the close
		if !closed.Load() {
			t.Error("a fork that came later passed a close")
		}
		s.Unlock()
		close(forked)
	}()
	waits(&s, aFork, 1)
	s.Unlock()
	if closed.Load() {
		t.Error("a close passed beside a fork")
	}
	s.Unlock()
	<-closes
	<-forked
	if s.inside != [2]int{} || len(s.queue[aFork])+len(s.queue[aClose]) > 0 {
		t.Errorf("%v are inside, %v wait", s.inside, s.queue)
	}
}

// waits returns when n of a kind wait.
func waits(s *turnstile, kind, n int) {
	for {
		s.mu.Lock()
		waiting := len(s.queue[kind])
		s.mu.Unlock()
		if waiting == n {
			return
		}
		runtime.Gosched()
	}
}

// Forks and closes never meet.
func TestTurnstileKeepsApart(t *testing.T) {
	var s turnstile
	var forking, closing atomic.Int32
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() {
			for range 2000 {
				if i%2 == 0 {
					s.Lock()
					forking.Add(1)
					if closing.Load() > 0 {
						t.Error("a fork beside a close")
					}
					forking.Add(-1)
					s.Unlock()
				} else {
					s.RLock()
					closing.Add(1)
					if forking.Load() > 0 {
						t.Error("a close beside a fork")
					}
					closing.Add(-1)
					s.RUnlock()
				}
			}
		})
	}
	all.Wait()
}
