package codec

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strconv"
	"unicode/utf8"
)

// Encode writes a value as JSON on one line. Fields that are zero are left out.
// A text that is not UTF-8 is a list with its bytes in base64.
func (c *Codec) Encode(v any) ([]byte, error) {
	e := &encoder{codec: c}
	e.texts = json.NewEncoder(e)
	e.texts.SetEscapeHTML(false)
	if err := e.value(reflect.ValueOf(v)); err != nil {
		return nil, err
	}
	return e.Bytes(), nil
}

type encoder struct {
	bytes.Buffer
	codec *Codec
	texts *json.Encoder // writes to the buffer
}

func (e *encoder) value(v reflect.Value) error {
	if h, ok := e.codec.hooks[v.Type()]; ok {
		as, err := h.encode(v)
		if err != nil {
			return err
		}
		return e.value(as)
	}
	if isText(v.Type()) {
		text, err := v.Interface().(encoding.TextMarshaler).MarshalText()
		e.text(string(text))
		return err
	}
	switch v.Kind() {
	case reflect.Bool:
		e.WriteString(strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.WriteString(strconv.FormatInt(v.Int(), 10))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		e.WriteString(strconv.FormatUint(v.Uint(), 10))
	case reflect.String:
		e.text(v.String())
	case reflect.Struct:
		return e.fields(v)
	case reflect.Slice, reflect.Array:
		return e.list(v)
	case reflect.Pointer:
		if v.IsNil() {
			e.WriteString("null")
			return nil
		}
		return e.value(v.Elem())
	case reflect.Interface:
		return e.dynamic(v)
	default:
		return unsupported(v.Type())
	}
	return nil
}

// text writes a text.
func (e *encoder) text(s string) {
	if !utf8.ValidString(s) {
		e.WriteString(`["` + base64.StdEncoding.EncodeToString([]byte(s)) + `"]`)
		return
	}
	e.texts.Encode(s) // into memory, and a text is not an error
	e.Truncate(e.Len() - 1)
}

func (e *encoder) fields(v reflect.Value) error {
	e.WriteByte('{')
	first := true
	for _, f := range fields(v.Type()) {
		x := v.Field(f.index)
		if x.IsZero() {
			continue
		}
		if !first {
			e.WriteByte(',')
		}
		first = false
		e.WriteString(f.key)
		if err := e.value(x); err != nil {
			return err
		}
	}
	e.WriteByte('}')
	return nil
}

func (e *encoder) list(v reflect.Value) error {
	if v.Type().Elem().Kind() == reflect.Uint8 && v.Kind() == reflect.Slice {
		if v.IsNil() {
			e.WriteString("null")
			return nil
		}
		e.text(string(v.Bytes()))
		return nil
	}
	e.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			e.WriteByte(',')
		}
		if err := e.value(v.Index(i)); err != nil {
			return err
		}
	}
	e.WriteByte(']')
	return nil
}

// dynamic writes the value of an interface, behind the name of its type.
func (e *encoder) dynamic(v reflect.Value) error {
	if v.IsNil() {
		e.WriteString("null")
		return nil
	}
	name, known := e.codec.names[v.Elem().Type()]
	if !known {
		return unsupported(v.Elem().Type())
	}
	e.WriteByte('[')
	e.text(name)
	e.WriteByte(',')
	err := e.value(v.Elem())
	e.WriteByte(']')
	return err
}
