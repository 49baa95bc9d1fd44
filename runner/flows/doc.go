// Package flows reads the frames that a run has recorded: as connections with
// relative numbers, as the lines of the wire that end a transcript, and as what
// a scenario says must have crossed a link.
package flows
