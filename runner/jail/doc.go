// Package jail runs scenarios that somebody else has written. A copy of this
// process runs one in namespaces of its own, sees of all files only the folder
// of the scenario, can start nothing, and hands back what it has recorded as
// bytes.
//
// A program that uses [Run] calls [Main] first of all.
package jail

import "strings"

// A Config says what a scenario may use of what is outside. The zero value is
// nothing.
type Config struct {
	Dir         string   // the scenario's own folder, to read; "" for a text that is in none
	Read, Write []string // folders and files
	Env         []string // names of variables of the environment
	Exec        []string // programs, by name or path
	AnyExec     bool     // all programs
	HostNetwork bool
	// Forks lets the state of the scenario's own processes be read. A run sets
	// it where the scenario makes some.
	Forks bool
	// Streams are the standard streams of this process, "stdin" and "stdout",
	// that are handed to the scenario. A run sets those that it uses.
	Streams []string
	Raw     bool // raw and packet sockets
	// HostRaw lets raw sockets be made in the network of the host, where a jail
	// has no rights of its own. A run sets it where the scenario makes some
	// there.
	HostRaw bool
	// BestEffort runs the scenario also where [Missing] names something: with
	// all layers that can be had.
	BestEffort bool
}

// A Lack is a layer that this kernel cannot give.
type Lack struct{ Layer, Why, Remedy string }

func (l Lack) String() string { return l.Layer + ": " + l.Why + "; " + l.Remedy }

// A MissingError says that a scenario was not run because layers are missing.
type MissingError struct{ Lacks []Lack }

func (e *MissingError) Error() string {
	var texts []string
	for _, l := range e.Lacks {
		texts = append(texts, l.String())
	}
	return "there is no sandbox here: " + strings.Join(texts, "; ")
}
