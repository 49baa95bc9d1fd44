package option

import (
	"encoding/binary"
	"fmt"
	"strconv"

	"github.com/sockscript/sockscript/steps/value"
)

func parseOptionInt(s string) (int64, error) {
	switch s {
	case "true":
		return 1, nil
	case "false":
		return 0, nil
	}
	n, err := strconv.ParseInt(s, 0, 64)
	switch {
	case err != nil:
		return 0, fmt.Errorf("%s is not a whole number", value.Quote(s))
	case n > 1<<32-1 || n < -1<<31:
		return 0, fmt.Errorf("%d does not fit into 32 bits", n)
	}
	return n, nil
}

func (v *Value) number(env value.Env) (int64, error) {
	if v.fields.Names != nil || v.payload.Given() {
		return 0, fmt.Errorf("it is %s", v.Node.Describe())
	}
	s, err := v.text.Eval(env)
	if err != nil {
		return 0, err
	}
	return parseOptionInt(s)
}

func encodeInt(v *Value, env value.Env) ([]byte, error) {
	n, err := v.number(env)
	return binary.NativeEndian.AppendUint32(nil, uint32(n)), err
}

// encodeUint encodes a number without a sign of 8 or 16 bits.
func encodeUint(bits int) func(*Value, value.Env) ([]byte, error) {
	return func(v *Value, env value.Env) ([]byte, error) {
		n, err := v.number(env)
		if err == nil && (n < 0 || n >= 1<<bits) {
			err = fmt.Errorf("%d does not fit into %d bits", n, bits)
		}
		if bits == 8 {
			return []byte{byte(n)}, err
		}
		return binary.NativeEndian.AppendUint16(nil, uint16(n)), err
	}
}

func encodeLong(v *Value, env value.Env) ([]byte, error) {
	s, err := encodeString(v, env)
	if err != nil {
		return nil, err
	}
	n, err := strconv.ParseUint(string(s), 0, 64)
	if err != nil {
		err = fmt.Errorf("%s is not a whole number of 64 bits", value.Quote(string(s)))
	}
	return binary.NativeEndian.AppendUint64(nil, n), err
}

func decodeInt(b []byte) (any, error) {
	switch len(b) {
	case 1:
		return int(b[0]), nil
	case 2:
		return int(binary.NativeEndian.Uint16(b)), nil
	case 4:
		return int(int32(binary.NativeEndian.Uint32(b))), nil
	case 8:
		return value.Unsigned(binary.NativeEndian.Uint64(b)), nil
	}
	return nil, fmt.Errorf("the kernel returned %d bytes for a number", len(b))
}
