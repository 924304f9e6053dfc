package structured

import (
	"encoding/base64"
	"strconv"
	"strings"
)

// parseValue reads a bare item. One of no kind is none.
func parseValue(s *scanner) Value {
	word := s.words[s.at]
	if word == "" {
		return Value{}
	}
	s.at++
	if word[0] != '"' {
		return otherValue(word)
	}
	text := word[1 : len(word)-1]
	if strings.IndexByte(text, '\\') >= 0 {
		text = unescape.Replace(text)
	}
	return Value{Kind: String, Text: text}
}

// otherValue is parseValue for what is no string.
func otherValue(word string) Value {
	c := word[0]
	switch {
	case c == ':':
		return Value{Kind: Bytes, Text: word[1 : len(word)-1]}
	case c == '?':
		return Value{Kind: Boolean, Text: word}
	case c == '@':
		text := canonicalInteger(word[1:])
		if text == "" {
			return Value{}
		}
		return Value{Kind: Date, Text: "@" + text}
	case c == '-' || c >= '0' && c <= '9':
		return parseNumber(word)
	case strings.IndexByte(punctuation, c) >= 0:
		return Value{}
	}
	return Value{Kind: Token, Text: word}
}

// punctuation begins words that are no values.
const punctuation = " \t;=(),"

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
