package value

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/expr-lang/expr/ast"
)

// wholeNumberOf is the number that a value or a text is. A number with a
// fraction loses it.
func wholeNumberOf(a ...any) (any, error) {
	if len(a) > 1 {
		return numberInBase(Format(a[0]), a[1])
	}
	if f, ok := a[0].(float64); ok {
		return int(f), nil
	}
	if n, ok := AsInt(a[0]); ok {
		return int(n), nil
	}
	text := strings.TrimSpace(Format(a[0]))
	if n, err := strconv.Atoi(text); err == nil {
		return n, nil
	}
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		return nil, fmt.Errorf("%s is not a whole number", Quote(text))
	}
	return int(n), nil
}

func numberInBase(text string, base any) (any, error) {
	b, ok := AsInt(base)
	if !ok || b < 2 || b > 36 {
		return nil, fmt.Errorf("%s is not a base; it is a number from 2 to 36", Format(base))
	}
	n, err := strconv.ParseInt(strings.TrimSpace(text), int(b), strconv.IntSize)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return nil, fmt.Errorf("%s does not fit into %d bits", Quote(text), strconv.IntSize)
	case err != nil:
		return nil, fmt.Errorf("%s is not a whole number in base %d", Quote(text), b)
	}
	return int(n), nil
}

// findName is the function that stands for find in compiled expressions where
// it looks for bytes. No scenario can write it.
const findName = "find·"

// findBytes is the offset of bytes in data. What is true or false was a
// condition that does not ask for the item.
func findBytes(a ...any) (any, error) {
	if all, ok := a[1].(bool); ok {
		return nil, fmt.Errorf("find looks for bytes, or for the first item that meets a condition with #; %v is neither", all)
	}
	return bytes.Index(rawBytes(a[0]), rawBytes(a[1])), nil
}

// findPatcher separates the find of bytes from that of lists, which has a
// condition that speaks of the item.
type findPatcher struct{}

// Visit implements ast.Visitor.
func (findPatcher) Visit(node *ast.Node) {
	n, ok := (*node).(*ast.BuiltinNode)
	if !ok || n.Name != "find" || len(n.Arguments) != 2 {
		return
	}
	condition, ok := n.Arguments[1].(*ast.PredicateNode)
	if !ok {
		return
	}
	items := new(itemCollector)
	ast.Walk(&condition.Node, items)
	if items.found {
		return
	}
	ast.Patch(node, &ast.CallNode{
		Callee:    &ast.IdentifierNode{Value: findName},
		Arguments: []ast.Node{n.Arguments[0], condition.Node},
	})
}

// itemCollector finds out whether a condition speaks of an item.
type itemCollector struct{ found bool }

// Visit implements ast.Visitor.
func (c *itemCollector) Visit(node *ast.Node) {
	_, item := (*node).(*ast.PointerNode)
	c.found = c.found || item
}

func compress(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	err := w.Close()
	return out.Bytes(), err
}

// decompress stops where the bytes are more than an expression may make.
func decompress(b []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(b))
	var out []byte
	if err == nil {
		out, err = io.ReadAll(io.LimitReader(r, maxMade.Most+1))
	}
	switch {
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("the data that was compressed with gzip ends too early")
	case errors.Is(err, gzip.ErrChecksum):
		return nil, errors.New("the checksum of the data that was compressed with gzip is wrong")
	case err != nil:
		return nil, errors.New("the data was not compressed with gzip")
	case int64(len(out)) > maxMade.Most:
		return nil, fmt.Errorf("gunzip makes more than %s, which is the most for %s", &maxMade, maxMade.What)
	}
	return out, nil
}

// headerOf is the value of a header of a message (RFC 9112, RFC 5322): its
// lines up to the first empty one. Lines that begin with a blank go on from the
// one before.
func headerOf(a ...any) (any, error) {
	name, message := Format(a[1]), Format(a[0])
	var values []string
	within := false // the line before belongs to the header
	for line := range strings.Lines(message) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if within {
				values[len(values)-1] += " " + strings.Trim(line, " \t")
			}
			continue
		}
		key, value, found := strings.Cut(line, ":")
		if within = found && strings.EqualFold(strings.TrimRight(key, " \t"), name); within {
			values = append(values, strings.Trim(value, " \t"))
		}
	}
	if values == nil {
		return nil, nil
	}
	return strings.Join(values, ", "), nil
}

// maxWidth is the most that a width in a form can ask for.
const maxWidth = 1000

// formatted is a text with values in it. Its forms are those of Go, but what
// does not fit is an error.
func formatted(a ...any) (any, error) {
	form, values := Format(a[0]), a[1:]
	var out strings.Builder
	used := 0
	for form != "" {
		before, rest, found := strings.Cut(form, "%")
		out.WriteString(before)
		if !found {
			break
		}
		end := strings.IndexFunc(rest, func(r rune) bool { return !strings.ContainsRune("+-# 0123456789.", r) })
		if end < 0 {
			return nil, fmt.Errorf("the form %s ends after %%", Quote(Format(a[0])))
		}
		flags, verb := rest[:end], rest[end]
		form = rest[end+1:]
		if verb == '%' && flags == "" {
			out.WriteByte('%')
			continue
		}
		if used == len(values) {
			return nil, fmt.Errorf("the form %s has more %% than there are values", Quote(Format(a[0])))
		}
		text, err := formatOne(flags, verb, values[used])
		if err != nil {
			return nil, err
		}
		out.WriteString(text)
		used++
	}
	if used < len(values) {
		return nil, fmt.Errorf("the form %s has %d %%, but there are %d values", Quote(Format(a[0])), used, len(values))
	}
	return out.String(), nil
}

// formatOne writes one value.
func formatOne(flags string, verb byte, v any) (string, error) {
	for _, digits := range strings.FieldsFunc(flags, func(r rune) bool { return r < '0' || r > '9' }) {
		if n, err := strconv.Atoi(digits); err != nil || n > maxWidth {
			return "", fmt.Errorf("the width %s is more than %d", digits, maxWidth)
		}
	}
	form := "%" + flags + string(verb)
	switch verb {
	case 's':
		return fmt.Sprintf(form, Format(v)), nil
	case 'd', 'x', 'X', 'o', 'b', 'c':
	default:
		return "", fmt.Errorf("%%%c is not a form; write %%d, %%x, %%X, %%o, %%b, %%c or %%s", verb)
	}
	if n, ok := AsInt(v); ok {
		return fmt.Sprintf(form, n), nil
	}
	if n, ok := v.(uint64); ok {
		return fmt.Sprintf(form, n), nil
	}
	if s, ok := v.(string); ok && (verb == 'x' || verb == 'X') {
		return fmt.Sprintf(form, s), nil
	}
	return "", fmt.Errorf("%%%c stands for a whole number, not for %s", verb, InMessage(v))
}

func DecodeHex(s string) ([]byte, error) {
	b, err := hex.DecodeString(strings.Join(strings.Fields(s), ""))
	if err != nil {
		return nil, fmt.Errorf("%s is not hexadecimal: %s", Quote(s), strings.TrimPrefix(err.Error(), "encoding/hex: "))
	}
	return b, nil
}

func DecodeBase64(s string) ([]byte, error) {
	b, err := base64.StdEncoding.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("%s is not base64: %s", Quote(s), err)
	}
	return b, nil
}

// InternetSum adds the 16-bit words of b to a sum as RFC 1071 says. The last
// byte of an odd number is the upper half of a word.
func InternetSum(sum uint64, b []byte) uint64 {
	for ; len(b) > 1; b = b[2:] {
		sum += uint64(binary.BigEndian.Uint16(b))
	}
	if len(b) == 1 {
		sum += uint64(b[0]) << 8
	}
	return sum
}

// InternetChecksum folds a sum into the checksum.
func InternetChecksum(sum uint64) uint16 {
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return ^uint16(sum)
}
