package steps

// Kinds lists all step kinds, sorted by name. A new kind is a file of its own
// and a line here.
func Kinds() []*Kind { return kinds }

var kinds = []*Kind{
	&acceptKind,
	&assertKind,
	&barrierKind,
	&bindKind,
	&blockedKind,
	&closeKind,
	&connectKind,
	&doKind,
	&dupKind,
	&forKind,
	&getpeernameKind,
	&getsocknameKind,
	&getsockoptKind,
	&ioctlKind,
	&joinKind,
	&letKind,
	&listenKind,
	&parallelKind,
	&pollKind,
	&printKind,
	&recvKind,
	&recvmmsgKind,
	&relayKind,
	&repeatKind,
	&sendKind,
	&sendmmsgKind,
	&setsockoptKind,
	&shutdownKind,
	&signalKind,
	&sleepKind,
	&socketKind,
	&socketpairKind,
	&spawnKind,
	&stateKind,
	&unlinkKind,
	&waitKind,
}
