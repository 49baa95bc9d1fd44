package forked

// A Handler is what a process does when a signal comes.
type Handler int

const (
	Default Handler = iota // SIG_DFL
	Ignore                 // SIG_IGN
	Count                  // a handler that counts it
)
