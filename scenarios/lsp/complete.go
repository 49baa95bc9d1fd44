package lsp

import (
	"regexp"
	"slices"
	"strings"

	"github.com/sockscript/sockscript/scenarios"
	"github.com/sockscript/sockscript/scenarios/library"
	"github.com/sockscript/sockscript/scenarios/reference"
	"github.com/sockscript/sockscript/steps"
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
)

var (
	newStep     = regexp.MustCompile(`^\s*(- +)+\{? *\w*$`)
	newKey      = regexp.MustCompile(`^\s+\w*$`)
	inReference = regexp.MustCompile(`\$\{([^{}]*[^\w.])?([\w.]*)$`)
	valueOf     = regexp.MustCompile(`^\s*(?:- +)*(\w+): +\[?(?:[\w]+, *)*\w*$`)
)

// complete lists what can be written at a position.
func (d *document) complete(p position) []completionItem {
	before, _ := d.split(p)
	switch {
	case inReference.MatchString(before):
		return d.names(p, inReference.FindStringSubmatch(before)[2])
	case newStep.MatchString(before):
		return kindItems()
	case newKey.MatchString(before):
		return d.keys(p.Line)
	}
	if m := valueOf.FindStringSubmatch(before); m != nil {
		return d.values(p, m[1])
	}
	return []completionItem{}
}

func kindItems() []completionItem {
	list := []completionItem{}
	for _, k := range steps.Kinds() {
		list = append(list, completionItem{Label: k.Name, Kind: itemKeyword, Detail: k.Summary, Documentation: k.Text, InsertText: k.Name + ": "})
	}
	return list
}

// kindOf is the kind of the step with these keys.
func kindOf(keys []string) (*step.Kind, bool) {
	for _, key := range keys {
		if k, ok := steps.Kinds().Lookup(key); ok {
			return k, true
		}
	}
	return nil, false
}

// keys are those that the step of a line does not have yet.
func (d *document) keys(line int) []completionItem {
	list := []completionItem{}
	have, _, _, ok := d.stepAt(line)
	kind, known := kindOf(have)
	if !ok || !known {
		return list
	}
	doc := step.DocOf(kind)
	for _, row := range append(doc.Params[1:], step.CommonDoc()...) {
		if !slices.Contains(have, row.Key) {
			list = append(list, completionItem{Label: row.Key, Kind: itemProperty, Detail: row.Type, Documentation: row.Help, InsertText: row.Key + ": "})
		}
	}
	return list
}

// values are the words that a key takes: handles, options, errnos, libraries.
func (d *document) values(p position, key string) []completionItem {
	words := func(kind int, names ...string) []completionItem {
		list := []completionItem{}
		for _, name := range names {
			list = append(list, completionItem{Label: name, Kind: kind})
		}
		return list
	}
	switch key {
	case "option":
		return words(itemValue, reference.OptionNames()...)
	case "error":
		return words(itemValue, sock.ErrnoNames()...)
	case "include":
		return words(itemValue, library.Includes()...)
	case "do":
		return words(itemFunction, d.procedures()...)
	case "host":
		return words(itemVariable, d.hosts()...)
	}
	if _, isKind := steps.Kinds().Lookup(key); isKind {
		return words(itemVariable, d.ownNames(p.Line)...)
	}
	return []completionItem{}
}

// scenarioAt is the scenario of a line, as it was when it could last be read.
func (d *document) scenarioAt(line int) *scenarios.Scenario {
	var found *scenarios.Scenario
	for _, s := range d.good {
		if found == nil || s.Node.Pos.Line <= line+1 {
			found = s
		}
	}
	return found
}

// actorAt is the actor that a line belongs to.
func actorAt(s *scenarios.Scenario, line int) *scenarios.Actor {
	var found *scenarios.Actor
	for _, a := range s.Actors {
		if a.Node.Pos.Line <= line+1 && (found == nil || a.Node.Pos.Line > found.Node.Pos.Line) {
			found = a
		}
	}
	return found
}

// ownNames are the names that the actor of a line gives.
func (d *document) ownNames(line int) []string {
	s := d.scenarioAt(line)
	if s == nil {
		return nil
	}
	if a := actorAt(s, line); a != nil {
		return a.Body.Names()
	}
	return nil
}

// names are those that an expression can begin with, or go on with behind the
// name of an actor.
func (d *document) names(p position, word string) []completionItem {
	list := []completionItem{}
	s := d.scenarioAt(p.Line)
	if s == nil {
		return list
	}
	add := func(kind int, detail string, names ...string) {
		for _, name := range names {
			list = append(list, completionItem{Label: name, Kind: kind, Detail: detail})
		}
	}
	if actor, _, dotted := strings.Cut(word, "."); dotted {
		for _, a := range s.Actors {
			if a.Name == actor {
				add(itemVariable, "of "+actor, a.Body.Names()...)
			}
		}
		return list
	}
	if a := actorAt(s, p.Line); a != nil {
		add(itemVariable, "of "+a.Name, a.Body.Names()...)
	}
	for _, a := range s.Actors {
		add(itemVariable, "an actor", a.Name)
	}
	for name := range s.Vars {
		add(itemVariable, "a variable", name)
	}
	slices.SortStableFunc(list, func(a, b completionItem) int { return strings.Compare(a.Detail+a.Label, b.Detail+b.Label) })
	return list
}

var (
	procedureLine = regexp.MustCompile(`^  (\w+):`)
	hostLine      = regexp.MustCompile(`^    (\w+):`)
)

// below are the names of the lines below a key that is alone on its line.
func (d *document) below(key string, entry *regexp.Regexp) []string {
	var names []string
	inside := false
	for _, line := range d.lines {
		switch {
		case strings.TrimRight(line, " ") == key+":":
			inside = true
		case strings.TrimSpace(line) != "" && indent(line) <= indent(key):
			inside = false
		case inside:
			if m := entry.FindStringSubmatch(line); m != nil {
				names = append(names, m[1])
			}
		}
	}
	return names
}

func (d *document) hosts() []string { return d.below("  hosts", hostLine) }

// procedures are those of the file, and of the libraries that it includes.
func (d *document) procedures() []string {
	names := d.below("procedures", procedureLine)
	for _, name := range reference.LibraryNames() {
		file, _, dotted := strings.Cut(name, ".")
		if !dotted {
			continue
		}
		if strings.Contains(d.text, "include: "+file) || strings.Contains(d.text, "- "+file) {
			names = append(names, name)
		}
	}
	return names
}
