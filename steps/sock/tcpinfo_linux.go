package sock

import (
	"reflect"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A TCPInfoField is a member of struct tcp_info (tcp(7)), without its tcpi_.
type TCPInfoField struct {
	Name  string
	Value uint64
}

// DecodeTCPInfo reads a struct tcp_info. A field that this kernel does not give
// is 0. Times are in microseconds, but for the last_ ones, which are in
// milliseconds.
func DecodeTCPInfo(b []byte) []TCPInfoField {
	var info unix.TCPInfo
	copy(unsafe.Slice((*byte)(unsafe.Pointer(&info)), unsafe.Sizeof(info)), b)
	v := reflect.ValueOf(info)
	var fields []TCPInfoField
	for i := range v.NumField() {
		name := strings.ToLower(v.Type().Field(i).Name)
		if name == "_" {
			continue
		}
		fields = append(fields, TCPInfoField{name, v.Field(i).Uint()})
		if name == "options" && len(b) > 7 {
			// The bit fields that follow have no names in Go.
			fields = append(fields, TCPInfoField{"snd_wscale", uint64(b[6] & 15)}, TCPInfoField{"rcv_wscale", uint64(b[6] >> 4)})
		}
	}
	return fields
}
