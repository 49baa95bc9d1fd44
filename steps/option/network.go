package option

import (
	"strconv"

	"github.com/sockscript/sockscript/steps/sock"
	"github.com/sockscript/sockscript/steps/value"
)

// For is the environment of a value for a socket: the interfaces that the value
// names are those of the socket's network.
func For(s *sock.Socket, env value.Env) value.Env { return socketEnv{env, s} }

type socketEnv struct {
	value.Env
	socket *sock.Socket
}

// Named puts the names of interfaces of a socket's network into what the socket
// has given, in the place of their indexes.
func Named(v any, s *sock.Socket) any {
	fields, ok := v.(Fields)
	if !ok {
		return v
	}
	for i, f := range fields {
		text, _ := f.Value.(string)
		if index, err := strconv.Atoi(text); f.Name == interfaceField && err == nil {
			fields[i].Value = s.InterfaceName(index)
		}
	}
	return fields
}

// interfaceField is the field of a structure that names an interface.
const interfaceField = "interface"
