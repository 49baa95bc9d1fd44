// Package program starts programs and ends them with all that they have started
// themselves. It knows nothing of scenarios.
//
// On Linux the programs of a Set are not children of this process. It runs its
// own binary once more, as the reaper, and that once more, as the starter, of
// which all programs are children:
//
//	this process ── reaper ── starter ── program ── …
//
// The starter has none of this process's descriptors, so a program that is
// being started keeps no socket open that somebody closes meanwhile. Where the
// kernel lets it, the reaper is process 1 of a pid namespace
// (pid_namespaces(7)) with a /proc of its own: as root, else in a user
// namespace in which all ids are what they were (user_namespaces(7)). When it
// ends, the kernel ends all that is left there. Elsewhere it is a subreaper
// (PR_SET_CHILD_SUBREAPER, prctl(2)), which becomes the parent of whatever has
// lost its own, and kills that. Either ends with this process, whatever ends
// that.
//
// The copies are distinguished from the binary's own work by the first
// argument, while the package is initialized, before main and TestMain.
//
// On other systems, and where the binary cannot be run again, the programs are
// children of this process, and what leaves their process groups is not found.
package program
