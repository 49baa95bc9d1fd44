package suite

import (
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
)

// A Filter chooses among cases. The zero Filter takes them all.
type Filter struct {
	Name *regexp.Regexp // matches the scenario's name anywhere
	Skip *regexp.Regexp // likewise, of those that are left out
	// Tags are words, of which the scenario must have one. Of those that are
	// written !WORD it must have none.
	Tags []string
	// Only takes the cases for which it is true; nil takes all.
	Only func(*Case) bool
}

// Choose returns the cases that the filter takes.
func (f Filter) Choose(cases []*Case) []*Case {
	var chosen []*Case
	for _, c := range cases {
		if f.takes(c) {
			chosen = append(chosen, c)
		}
	}
	return chosen
}

func (f Filter) takes(c *Case) bool {
	name := c.Scenario.Name
	switch {
	case f.Name != nil && !f.Name.MatchString(name):
		return false
	case f.Skip != nil && f.Skip.MatchString(name):
		return false
	case f.Only != nil && !f.Only(c):
		return false
	}
	wanted, unwanted := splitTags(f.Tags)
	return (len(wanted) == 0 || c.Scenario.HasTag(wanted...)) && !c.Scenario.HasTag(unwanted...)
}

// splitTags separates the words from those that are written !WORD.
func splitTags(tags []string) (wanted, unwanted []string) {
	for _, tag := range tags {
		if word, not := strings.CutPrefix(tag, "!"); not {
			unwanted = append(unwanted, word)
		} else {
			wanted = append(wanted, tag)
		}
	}
	return wanted, unwanted
}

// Tags lists all tags of the cases, sorted.
func Tags(cases []*Case) []string {
	var tags []string
	for _, c := range cases {
		tags = append(tags, c.Scenario.Tags...)
	}
	slices.Sort(tags)
	return slices.Compact(tags)
}

// Shuffle puts the cases into another order. The same cases with the same seed
// have the same order.
func Shuffle(cases []*Case, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 0))
	r.Shuffle(len(cases), func(i, j int) { cases[i], cases[j] = cases[j], cases[i] })
}
