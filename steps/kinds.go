package steps

import (
	"github.com/sockscript/sockscript/steps/step"
)

// Kinds lists all step kinds, sorted by name. A new kind is a file of its own
// and a line here.
func Kinds() step.Kinds { return kinds }

var kinds = step.Kinds{
	&acceptKind,
	&addressKind,
	&assertKind,
	&barrierKind,
	&bindKind,
	&blockedKind,
	&closeKind,
	&connectKind,
	&doKind,
	&dupKind,
	&execKind,
	&exitKind,
	&fcntlKind,
	&forKind,
	&forkKind,
	&getpeernameKind,
	&getsocknameKind,
	&getsockoptKind,
	&ifKind,
	&ioctlKind,
	&joinKind,
	&killKind,
	&letKind,
	&listenKind,
	&packKind,
	&parallelKind,
	&pollKind,
	&printKind,
	&recvKind,
	&recvmmsgKind,
	&relayKind,
	&repeatKind,
	&routeKind,
	&sendKind,
	&sendmmsgKind,
	&setsockoptKind,
	&shutdownKind,
	&signalKind,
	&sleepKind,
	&socketKind,
	&socketpairKind,
	&spawnKind,
	&startKind,
	&stateKind,
	&sysctlKind,
	&tlsKind,
	&unlinkKind,
	&unpackKind,
	&waitKind,
	&writeKind,
}
