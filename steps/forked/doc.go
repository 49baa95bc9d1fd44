// Package forked makes processes that make system calls for this one.
//
// Such a process is a copy of this one by fork(2). Its one thread does not
// enter Go's runtime: it waits for a request in memory that both share, makes
// the system call that it is asked for, and says what came of it. So it has all
// that a process has: an id, copies of descriptors, a folder, a mask of
// permissions, user ids, limits, actions for signals, an end and its status.
package forked
