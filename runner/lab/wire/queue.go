package wire

import (
	"container/heap"
	"time"
)

// MaxHeld is how many bytes of frames a wire holds back at most, for delays,
// rates and reordering. A scenario that needs more fails.
const MaxHeld = 32 << 20

// A queue holds frames that are to be sent later, in the order of their time
// and, at the same time, in the order in which they came.
type queue struct {
	frames waiting
	order  uint64
	bytes  int // of all frames that are held, those of rules too
}

// A waitingFrame is a frame that is to be sent later.
type waitingFrame struct {
	due   time.Duration
	order uint64
	path  *path
	to    []int
	frame []byte
}

// add puts a frame into the queue, which owns the slices from then on.
func (q *queue) add(f waitingFrame) {
	q.order++
	f.order = q.order
	heap.Push(&q.frames, f)
}

// next is when the first frame is due.
func (q *queue) next() (due time.Duration, ok bool) {
	if len(q.frames) == 0 {
		return 0, false
	}
	return q.frames[0].due, true
}

// send hands out all frames that are due.
func (q *queue) send(now time.Duration) {
	for len(q.frames) > 0 && q.frames[0].due <= now {
		f := heap.Pop(&q.frames).(waitingFrame)
		q.bytes -= len(f.frame)
		f.path.emit(f.to, f.frame)
	}
}

// remove forgets all frames of a path and returns how many they were.
func (q *queue) remove(p *path) int {
	var left waiting
	removed := 0
	for _, f := range q.frames {
		if f.path == p {
			q.bytes -= len(f.frame)
			removed++
		} else {
			left = append(left, f)
		}
	}
	q.frames = left
	heap.Init(&q.frames)
	return removed
}

// waiting is a heap.
type waiting []waitingFrame

func (w waiting) Len() int      { return len(w) }
func (w waiting) Swap(i, j int) { w[i], w[j] = w[j], w[i] }
func (w waiting) Less(i, j int) bool {
	return w[i].due < w[j].due || w[i].due == w[j].due && w[i].order < w[j].order
}

func (w *waiting) Push(f any) { *w = append(*w, f.(waitingFrame)) }

func (w *waiting) Pop() any {
	last := len(*w) - 1
	f := (*w)[last]
	(*w)[last] = waitingFrame{}
	*w = (*w)[:last]
	return f
}
