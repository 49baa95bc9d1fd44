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

// Narrow leaves out the shipped files of which the filter takes nothing, as
// their names tell: nobody has to load these. Where no name tells that the
// filter takes something, all files are left, so that an error can say what
// there was.
func (f Filter) Narrow(files []File) []File {
	if len(f.Tags) > 0 || f.Only != nil {
		return files
	}
	var left []File
	some := false
	for _, file := range files {
		name, known := file.scenario()
		if taken := f.takesName(name); taken || !known {
			left = append(left, file)
			some = some || known
		}
	}
	if !some {
		return files
	}
	return left
}

func (f Filter) takesName(name string) bool {
	return (f.Name == nil || f.Name.MatchString(name)) && (f.Skip == nil || !f.Skip.MatchString(name))
}

func (f Filter) takes(c *Case) bool {
	if !f.takesName(c.Scenario.Name) || f.Only != nil && !f.Only(c) {
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
