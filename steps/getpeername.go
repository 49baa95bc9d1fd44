package steps

import (
	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/step"
)

var getpeernameKind = step.Kind{
	Name:    "getpeername",
	Summary: "ask for the address of a socket's peer",
	Text:    `as names the address: it has .host, .port and .address. See getpeername(2).`,
	Example: `actors:
  server:
    - socket: tcp
      as: listener
    - bind: listener
      to: 127.0.0.1:0
    - listen: listener
  client:
    - socket: tcp
      as: sock
    - connect: sock
      to: ${server.listener}
    - getpeername: sock
      expect: ${server.listener}
`,
	Beneath: step.Beneath{
		Call:   "getpeername(2)",
		Kernel: "returns the address of the peer.",
		Errors: []step.LikelyError{
			{Errno: "ENOTCONN", Why: "the socket is not connected"},
		},
	},
	New: func() step.Action {
		return &nameAction{call: "getpeername", ask: (*sock.Socket).Peername, askIn: (*sock.Socket).PeernameIn}
	},
}
