package value

import (
	"slices"
	"strings"
)

// A NameSet is the names that steps give to what they make.
type NameSet struct {
	Fixed map[string]bool
	Open  []OpenName
}

// An OpenName is a name that holds an expression: any that begins and ends as
// its text does may be meant.
type OpenName struct{ first, last string }

// NewNameSet returns an empty set.
func NewNameSet() *NameSet { return &NameSet{Fixed: make(map[string]bool)} }

// Add adds a name as it is in the file.
func (s *NameSet) Add(text string) {
	first, rest, open := strings.Cut(text, "${")
	if !open {
		s.Fixed[text] = true
		return
	}
	last := ""
	if i := strings.LastIndexByte(rest, '}'); i >= 0 {
		last = rest[i+1:]
	}
	s.Open = append(s.Open, OpenName{first, last})
}

// Has reports whether a name is among those that are written out.
func (s *NameSet) Has(name string) bool { return s != nil && s.Fixed[name] }

// May reports whether a step may give the name, also by an expression.
func (s *NameSet) May(name string) bool { return s.Has(name) || s != nil && MayMean(s.Open, name) }

// All lists the names that are written out.
func (s *NameSet) All() []string {
	var names []string
	for name := range s.Fixed {
		names = append(names, name)
	}
	return slices.Sorted(slices.Values(names))
}

// Merge adds another set's names, but for those that are left out.
func (s *NameSet) Merge(other *NameSet, but []string) {
	if other == nil {
		return
	}
	for name := range other.Fixed {
		if !slices.Contains(but, name) {
			s.Fixed[name] = true
		}
	}
	s.Open = append(s.Open, other.Open...)
}

// MayMean reports whether one of the names with expressions may be name.
func MayMean(open []OpenName, name string) bool {
	for _, x := range open {
		if x.MayBe(name) {
			return true
		}
	}
	return false
}

// MayBe reports whether the name may turn out to be this one.
func (x OpenName) MayBe(name string) bool {
	return len(name) >= len(x.first)+len(x.last) && strings.HasPrefix(name, x.first) && strings.HasSuffix(name, x.last)
}

// OpenName is what the text, which holds expressions, may turn out to be.
func (x *Text) OpenName() OpenName {
	return OpenName{x.Parts[0].Lit, x.Parts[len(x.Parts)-1].Lit}
}
