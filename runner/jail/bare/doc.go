// Package bare makes processes that do what is written down beforehand: a list
// of system calls, of which the last one runs a program.
//
// Such a process is a copy of this one by clone(2). Its one thread does not
// enter Go's runtime, whose start takes longer than all that it does.
package bare
