package explain

import (
	"fmt"
	"strings"

	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/words"
)

// whereMalformed says where the text of a signature departs from its format, without
// showing what may be the signature.
func whereMalformed(f *signature.Format, size int, line string) string {
	switch {
	case line == "":
		return "it is empty"
	case len(line) > signature.MaxHeaderBytes:
		return "it has more than " + bytesText(signature.MaxHeaderBytes)
	case f.Separator == "":
		return whereElement(&f.Elements[0], size, line)
	}
	texts := strings.Split(line, f.Separator)
	if len(texts) > signature.MaxElements {
		return fmt.Sprintf("it is a list of %d elements; at most %d are read", len(texts), signature.MaxElements)
	}
	signature := signatureElement(f)
	for _, text := range texts {
		text = strings.Trim(text, " \t")
		if strings.HasPrefix(text, signature.Literals[0]) && signature.Literals[0] != "" {
			return "in the element that begins with " + words.Quote(signature.Literals[0]) + ": " + whereElement(signature, size, text)
		}
	}
	names := []string{}
	for _, text := range texts {
		names = append(names, elementName(strings.Trim(text, " \t")))
	}
	if len(names) > 8 {
		names = append(names[:8], "and more")
	}
	return "none of its elements begins with " + words.Quote(signature.Literals[0]) + "; there are: " + strings.Join(names, ", ")
}

// signatureElement returns the element that has the signature.
func signatureElement(f *signature.Format) *signature.Element {
	for i := range f.Elements {
		if f.Elements[i].Signatures > 0 {
			return &f.Elements[i]
		}
	}
	return &f.Elements[0]
}

// elementName returns what an element of a list begins with, up to the sign that
// separates its name from its value.
func elementName(text string) string {
	at := strings.IndexAny(text, "=,:")
	if at < 0 || at > 16 {
		return "one without a name (" + bytesText(int64(len(text))) + ")"
	}
	return words.Quote(text[:at+1])
}

// whereElement says where a text departs from an element. Positions count from 1.
func whereElement(e *signature.Element, size int, text string) string {
	at := 0
	for i, placeholder := range e.Placeholders {
		literal := e.Literals[i]
		if !strings.HasPrefix(text[at:], literal) {
			n := 0
			for n < len(literal) && at+n < len(text) && text[at+n] == literal[n] {
				n++
			}
			return fmt.Sprintf("at position %d, %s is expected", at+n+1, words.Quote(literal[n:]))
		}
		at += len(literal)
		value := text[at:]
		next := e.Literals[i+1]
		if next != "" {
			end := strings.Index(value, next)
			if end < 0 {
				return fmt.Sprintf("behind position %d, %s is expected", at, words.Quote(next))
			}
			value = value[:end]
		}
		problem := whereValue(placeholder, size, at, value)
		if problem != "" {
			return problem
		}
		at += len(value)
	}
	if at += len(e.Literals[len(e.Literals)-1]); at < len(text) {
		return fmt.Sprintf("it should end at position %d", at)
	}
	return "it is not of the form"
}

// whereValue says what is wrong with the text at a placeholder, or nothing.
func whereValue(placeholder string, size, at int, value string) string {
	if value == "" {
		return fmt.Sprintf("at position %d there is nothing, where {%s} is expected", at+1, placeholder)
	}
	name, known := map[string]string{"hex": "hexadecimal digit", "base64": "character of base64", "base64url": "character of base64url", "timestamp": "digit"}[placeholder]
	if !known {
		return ""
	}
	for i := 0; i < len(value); i++ {
		if !strings.Contains(signature.Alphabets[placeholder], value[i:i+1]) {
			return fmt.Sprintf("at position %d, %s is no %s", at+i+1, words.Quote(value[i:i+1]), name)
		}
	}
	if placeholder == "timestamp" || size == 0 || signature.DecodeMAC(placeholder, value, size) != nil {
		return ""
	}
	want := map[string]int{"hex": 2 * size, "base64": (size + 2) / 3 * 4, "base64url": (size + 2) / 3 * 4}[placeholder]
	text := fmt.Sprintf("the signature has %d characters, where {%s} of %d bytes has %d", len(value), placeholder, size, want)
	if len(value) == want {
		text = "the signature is not proper " + placeholder + ": unused bits are set, or its padding is wrong"
	}
	for _, algorithm := range []string{"md5", "sha1", "sha256", "sha384", "sha512"} {
		n := signature.Algorithms["hmac-"+algorithm].Size
		if placeholder == "hex" && len(value) == 2*n {
			text += "; it is as long as one of " + algorithm
		} else if len(value) == (n+2)/3*4 && placeholder != "hex" {
			text += "; it is as long as one of " + algorithm
		}
	}
	return text
}
