package sock

import "golang.org/x/sys/unix"

// networkID is the inode of the calling thread's network namespace
// (namespaces(7)); 0 where it is not known.
func networkID() uint64 {
	var st unix.Stat_t
	if unix.Stat("/proc/thread-self/ns/net", &st) != nil {
		return 0
	}
	return st.Ino
}

// networkOfSocket is the inode of the network namespace that a socket is in; 0
// where the kernel does not say (SIOCGSKNS of linux/sockios.h, which needs
// CAP_NET_ADMIN there).
func networkOfSocket(fd int) uint64 {
	ns, err := unix.IoctlRetInt(fd, unix.SIOCGSKNS)
	if err != nil {
		return 0
	}
	defer unix.Close(ns)
	return inodeOf(caller{}, ns)
}
