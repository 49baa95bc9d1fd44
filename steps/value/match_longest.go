package value

import (
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// unseen is where a match can begin at the earliest in a text whose first bytes
// were looked through in vain: so far before their end as a match is long.
func unseen(re *regexp.Regexp, looked int) int {
	if looked == 0 {
		return 0
	}
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return 0
	}
	longest, bounded := longestMatch(tree)
	if !bounded {
		return 0
	}
	return max(0, looked-longest)
}

// longestMatch is how many bytes a match has at most. It is not bounded where
// the expression repeats without end, or where a match depends on what stands
// beside it.
func longestMatch(re *syntax.Regexp) (n int, bounded bool) {
	switch re.Op {
	case syntax.OpNoMatch, syntax.OpEmptyMatch:
		return 0, true
	case syntax.OpLiteral:
		return utf8.UTFMax * len(re.Rune), true
	case syntax.OpCharClass, syntax.OpAnyCharNotNL, syntax.OpAnyChar:
		return utf8.UTFMax, true
	case syntax.OpCapture, syntax.OpQuest:
		return longestMatch(re.Sub[0])
	case syntax.OpRepeat:
		one, ok := longestMatch(re.Sub[0])
		return one * re.Max, ok && re.Max >= 0
	case syntax.OpConcat, syntax.OpAlternate:
		for _, part := range re.Sub {
			one, ok := longestMatch(part)
			if !ok {
				return 0, false
			}
			if re.Op == syntax.OpAlternate {
				n = max(n, one)
			} else {
				n += one
			}
		}
		return n, true
	}
	return 0, false
}
