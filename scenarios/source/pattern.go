package source

import (
	"regexp"
	"sync"
)

// Pattern is [regexp.MustCompile] at the first use: a process that starts needs
// few of the many patterns.
func Pattern(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}
