package structured

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// quoted are the kinds of values that have a mark on either side, by it.
var quoted = map[string]string{`"`: String, ":": Bytes}

// valueOf reads a bare item, of whose form the pattern has seen. One of no kind is a number
// that is too long.
func valueOf(text string) Value {
	kind := quoted[text[:1]]
	if kind == "" {
		return plainValue(text)
	}
	if strings.IndexByte(text, '\\') >= 0 {
		text = unescape.Replace(text)
	}
	return Value{kind, text[1 : len(text)-1]}
}

// plainValue is valueOf for what has no marks.
func plainValue(text string) Value {
	c := text[0]
	switch {
	case c == '?':
		return Value{Boolean, text}
	case c == '@':
		return dateOf(text[1:])
	case c == '-' || c >= '0' && c <= '9':
		return parseNumber(text)
	}
	return Value{Token, text}
}

// dateOf reads a date behind its mark.
func dateOf(text string) Value {
	number := canonicalInteger(text)
	if number == "" {
		return Value{}
	}
	return Value{Date, "@" + number}
}

var unescape = strings.NewReplacer(`\"`, `"`, `\\`, `\`)

// parseNumber reads an integer or a decimal, and writes it in its canonical form.
func parseNumber(word string) Value {
	whole, fraction, decimal := strings.Cut(word, ".")
	if !decimal {
		text := canonicalInteger(word)
		if text == "" {
			return Value{}
		}
		return Value{Kind: Integer, Text: text}
	}
	digits := strings.TrimPrefix(whole, "-")
	if len(digits) > 12 || len(fraction) > 3 {
		return Value{}
	}
	sign := whole[:len(whole)-len(digits)]
	digits = strings.TrimLeft(digits, "0")
	fraction = strings.TrimRight(fraction, "0")
	if digits == "" {
		digits = "0"
	}
	if fraction == "" {
		fraction = "0"
	}
	if digits == "0" && fraction == "0" {
		sign = ""
	}
	return Value{Kind: Decimal, Text: sign + digits + "." + fraction}
}

// canonicalInteger writes an integer as it is serialised, or returns nothing.
func canonicalInteger(word string) string {
	if len(strings.TrimPrefix(word, "-")) > 15 {
		return ""
	}
	number, err := strconv.ParseInt(word, 10, 64)
	if err != nil {
		return ""
	}
	return strconv.FormatInt(number, 10)
}

// Decode returns a byte sequence, and whether it is written as RFC 9651 has it: base64
// with its padding. The RFC advises to read more than that; what several texts stand for
// is refused here.
func Decode(v Value) ([]byte, bool) {
	if v.Kind != Bytes {
		return nil, false
	}
	b, err := base64.StdEncoding.Strict().DecodeString(v.Text)
	return b, err == nil
}
