package step

import (
	"fmt"
	"strings"

	"github.com/sockscript/sockscript/scenarios/source"
)

// Beneath is what happens under a step: for people who learn about sockets.
type Beneath struct {
	Call   string // the system call, as its man page is called: "connect(2)"
	Kernel string // what the kernel does
	Wire   string // what goes over the network; "" where nothing does
	Errors []Cure // the errors that come most often
}

// A Cure is an errno, why it comes, and what helps where something does.
type Cure struct{ Errno, Why string }

// Given reports whether there is something to say.
func (b Beneath) Given() bool { return b.Call != "" }

// Text is the explanation in lines of at most so many characters.
func (b Beneath) Text(width int) string {
	var out strings.Builder
	part := func(title, text string) {
		const column = 8
		for i, line := range source.Wrap(strings.Join(strings.Fields(text), " "), max(width-column, 20)) {
			if i > 0 {
				title = ""
			}
			fmt.Fprintf(&out, "%-*s%s\n", column, title, strings.TrimLeft(line, " "))
		}
	}
	part("call", b.Call)
	part("kernel", b.Kernel)
	if b.Wire != "" {
		part("wire", b.Wire)
	}
	for i, e := range b.Errors {
		title := "errors"
		if i > 0 {
			title = ""
		}
		part(title, e.Errno+": "+e.Why)
	}
	return out.String()
}
