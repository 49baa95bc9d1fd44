package scenarios

// capabilities are the names of include/uapi/linux/capability.h without CAP_,
// each at the place of its number.
var capabilities = []string{
	"CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
	"LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
	"SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
	"SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
	"MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
	"CHECKPOINT_RESTORE",
}

// rootCapabilities are what the kernel asks of a process for the calls on
// sockets that are root's.
var rootCapabilities = []string{"NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE"}

const rootHelp = "this process may do on sockets what root may: it has CAP_NET_ADMIN, CAP_NET_RAW and CAP_NET_BIND_SERVICE " +
	"in the scenario's network; on other systems than Linux its user is root"
