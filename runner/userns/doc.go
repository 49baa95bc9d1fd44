// Package userns lets an ordinary user run scenarios that have a network of
// their own. Such a network can be made in a user namespace
// (user_namespaces(7)), which a process with threads cannot enter. So a copy of
// this process that has been started in one runs these scenarios, and sends
// back what they have recorded. Ids of users and groups are the same there.
//
// A program that uses a [Runner] calls [Main] first of all.
package userns
