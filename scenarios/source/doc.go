// Package source reads scenario files: it turns YAML text into a tree whose
// every node knows where in the file it is, and it carries the problems
// found there, each with its place, its line and, where one is known, its
// remedy.
//
// The tree keeps a plain scalar as it was written: 0x10 stays the four
// characters "0x10". What a text means is for the reader of the tree to say.
package source
