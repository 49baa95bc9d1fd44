package source

import (
	"fmt"
	"strings"
)

// Suggest returns the candidate that word most likely meant: the nearest by
// edit distance, where swapping two neighbours counts as one edit and case
// does not count. It returns "" when none is near enough. Of equally near
// candidates it takes the alphabetically first, whatever their order.
func Suggest(word string, candidates []string) string {
	w := []rune(strings.ToLower(word))
	if len(w) > longWord {
		return ""
	}
	limit := editLimit(len(w))
	best, bestDistance := "", limit+1
	for _, c := range candidates {
		if c == word {
			continue
		}
		r := []rune(strings.ToLower(c))
		if len(r)-len(w) > limit || len(w)-len(r) > limit {
			continue
		}
		d := editDistance(w, r)
		if d < bestDistance || d == bestDistance && d <= limit && c < best {
			best, bestDistance = c, d
		}
	}
	return best
}

// DidYouMean returns a hint such as `did you mean "backlog"?`, or "" when no
// candidate is near word.
func DidYouMean(word string, candidates []string) string {
	if s := Suggest(word, candidates); s != "" {
		return fmt.Sprintf("did you mean %q?", s)
	}
	return ""
}

// longWord is more characters than any word has that is misspelt.
const longWord = 100

// editLimit returns how many edits may part a word of n characters from the
// one that was meant. In a short word every other one is near.
func editLimit(n int) int {
	switch {
	case n < 2:
		return 0
	case n < 5:
		return 1
	case n < 8:
		return 2
	}
	return 3
}

// editDistance is the optimal string alignment distance: insertions,
// deletions, substitutions and swaps of neighbours, no part edited twice.
func editDistance(a, b []rune) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			substitute := last[j-1]
			if a[i-1] != b[j-1] {
				substitute++
			}
			row[j] = min(substitute, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
