package codec

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
)

// What is read is bounded: how deep it is, and how much memory the values may
// take for each byte of their text.
const (
	maxDepth   = 64
	memoryBase = 1 << 20
	memoryEach = 16
)

// Decode reads what Encode has written into a value. The error says what does
// not fit, and where in the text.
func (c *Codec) Decode(data []byte, into any) error {
	d := &decoder{codec: c, json: json.NewDecoder(bytes.NewReader(data)), memory: memoryBase + memoryEach*len(data)}
	d.json.UseNumber()
	err := d.value(reflect.ValueOf(into).Elem(), 0)
	if err == nil {
		if _, more := d.json.Token(); more != io.EOF {
			err = errors.New("there is more behind its end")
		}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		err = errors.New("it ends too early")
	}
	if err != nil {
		return fmt.Errorf("at byte %d: %w", d.json.InputOffset(), err)
	}
	return nil
}

type decoder struct {
	codec  *Codec
	json   *json.Decoder
	memory int // that may still be used
}

func (d *decoder) use(size uintptr) error {
	if d.memory -= int(size); d.memory < 0 {
		return errors.New("it would take too much memory")
	}
	return nil
}

func (d *decoder) token() (json.Token, error) {
	t, err := d.json.Token()
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return nil, errors.New("it is not JSON")
	}
	return t, err
}

// value reads a value of a known type.
func (d *decoder) value(v reflect.Value, depth int) error {
	if depth > maxDepth {
		return errors.New("it is too deep")
	}
	if h, ok := d.codec.hooks[v.Type()]; ok {
		as := reflect.New(h.as).Elem()
		if err := d.value(as, depth+1); err != nil {
			return err
		}
		x, err := h.decode(as)
		if err == nil {
			v.Set(x)
		}
		return err
	}
	t, err := d.token()
	if err != nil {
		return err
	}
	if t == nil {
		switch v.Kind() {
		case reflect.Pointer, reflect.Interface, reflect.Slice:
			return nil
		}
	}
	if v.Kind() == reflect.Pointer {
		if err := d.use(v.Type().Elem().Size()); err != nil {
			return err
		}
		v.Set(reflect.New(v.Type().Elem()))
		return d.from(t, v.Elem(), depth+1)
	}
	return d.from(t, v, depth)
}

// from reads a value that begins with a token.
func (d *decoder) from(t json.Token, v reflect.Value, depth int) error {
	if isText(v.Type()) {
		s, err := d.text(t)
		if err == nil && v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(s)) != nil {
			err = fmt.Errorf("%q is not what is expected there", s)
		}
		return err
	}
	switch v.Kind() {
	case reflect.Bool:
		b, ok := t.(bool)
		v.SetBool(b)
		return fits(ok, "true or false")
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		n, _ := t.(json.Number)
		i, err := strconv.ParseInt(string(n), 10, v.Type().Bits())
		v.SetInt(i)
		return fits(err == nil, "a whole number in its range")
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		n, _ := t.(json.Number)
		i, err := strconv.ParseUint(string(n), 10, v.Type().Bits())
		v.SetUint(i)
		return fits(err == nil, "a whole number in its range")
	case reflect.String:
		s, err := d.text(t)
		v.SetString(s)
		return err
	case reflect.Struct:
		return d.fields(t, v, depth)
	case reflect.Array:
		return d.array(t, v, depth)
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			s, err := d.text(t)
			v.SetBytes([]byte(s))
			return err
		}
		return d.list(t, v, depth)
	case reflect.Interface:
		return d.dynamic(t, v, depth)
	}
	return unsupported(v.Type())
}

func fits(ok bool, want string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%s is expected there", want)
}

// text reads a text: a JSON string, or a list of one with bytes in base64.
func (d *decoder) text(t json.Token) (string, error) {
	if s, ok := t.(string); ok {
		return s, nil
	}
	if t != json.Delim('[') {
		return "", fits(false, "a text")
	}
	inner, err := d.token()
	if err != nil {
		return "", err
	}
	s, _ := inner.(string)
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return "", fits(false, "a text in base64")
	}
	return string(b), d.closes(']')
}

func (d *decoder) closes(with json.Delim) error {
	t, err := d.token()
	if err != nil {
		return err
	}
	return fits(t == with, strconv.Quote(with.String()))
}

func (d *decoder) fields(t json.Token, v reflect.Value, depth int) error {
	if t != json.Delim('{') {
		return fits(false, "an object")
	}
	for d.json.More() {
		t, err := d.token()
		if err != nil {
			return err
		}
		name, _ := t.(string)
		list := fields(v.Type())
		i := slices.IndexFunc(list, func(f field) bool { return f.name == name })
		if i < 0 {
			return fmt.Errorf("the field %q is not known", name)
		}
		if err := d.value(v.Field(list[i].index), depth+1); err != nil {
			return err
		}
	}
	return d.closes('}')
}

func (d *decoder) array(t json.Token, v reflect.Value, depth int) error {
	if t != json.Delim('[') {
		return fits(false, "a list")
	}
	for i := range v.Len() {
		if err := d.value(v.Index(i), depth+1); err != nil {
			return err
		}
	}
	return d.closes(']')
}

func (d *decoder) list(t json.Token, v reflect.Value, depth int) error {
	if t != json.Delim('[') {
		return fits(false, "a list")
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	for d.json.More() {
		if err := d.use(v.Type().Elem().Size()); err != nil {
			return err
		}
		x := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(x, depth+1); err != nil {
			return err
		}
		v.Set(reflect.Append(v, x))
	}
	return d.closes(']')
}

// dynamic reads the value of an interface.
func (d *decoder) dynamic(t json.Token, v reflect.Value, depth int) error {
	if t != json.Delim('[') {
		return fits(false, "a list")
	}
	name, err := d.token()
	if err != nil {
		return err
	}
	s, _ := name.(string)
	typ, known := d.codec.types[s]
	if !known || !typ.AssignableTo(v.Type()) {
		return fmt.Errorf("the type %q is not known there", s)
	}
	if err := d.use(typ.Size()); err != nil {
		return err
	}
	x := reflect.New(typ).Elem()
	if err := d.value(x, depth+1); err != nil {
		return err
	}
	v.Set(x)
	return d.closes(']')
}
