package signature

import (
	"strings"

	"github.com/hookward/hookward/internal/words"
)

// Format is the compiled grammar of a signature header, from the option
// signature.format. Without a separator the header is exactly one element.
type Format struct {
	Separator string
	Elements  []Element
}

// Element is literal text around placeholders: literals[i] stands before
// placeholders[i], the last literal after the last placeholder.
type Element struct {
	Literals     []string
	Placeholders []string
	Signatures   int
	simple       bool            // a signature at the end and nothing else, as with most
	senders      map[string]bool // what {sender} may be
}

// Base64JSON begins the placeholder of a signature in a JSON object.
const Base64JSON = "base64json:"

// signaturePlaceholders are the encodings of a signature, and alphabets the
// characters that may stand in a placeholder.
var (
	signaturePlaceholders = []string{"hex", "base64", "base64url"}
	Alphabets             = map[string]string{
		"hex":       "0123456789abcdefABCDEF",
		"base64":    words.Letters + "0123456789+/=",
		"base64url": words.Letters + "0123456789-_=",
		"timestamp": "0123456789",
		"headers":   words.Letters + "0123456789-_ ",
		"sender":    "",
	}
)

// separators may stand between the elements of a list.
const separators = ",;&"

// parseFormat compiles a format, or says what is wrong with it.
func parseFormat(format string, senders map[string]bool) (Format, string) {
	f := Format{}
	texts := []string{format}
	if strings.HasSuffix(format, "...") {
		list := strings.TrimSuffix(format, "...")
		trimmed := strings.TrimRight(list, " ")
		switch {
		case trimmed != "" && strings.Contains(separators, trimmed[len(trimmed)-1:]):
			f.Separator = trimmed[len(trimmed)-1:]
		case strings.HasSuffix(list, " "):
			f.Separator = " "
		default:
			return f, "a list ends in its separator and three dots, such as \"v1={hex},...\"; the separator is a comma, a semicolon, an ampersand or a space"
		}
		list = strings.TrimSuffix(strings.TrimRight(list, " "), strings.TrimSpace(f.Separator))
		texts = strings.Split(list, f.Separator)
	}
	signatures := 0
	count := map[string]int{}
	for _, text := range texts {
		if f.Separator != "" {
			text = strings.TrimSpace(text)
		}
		e, problem := parseElement(text)
		if problem != "" {
			return f, problem
		}
		e.senders = senders
		if e.Signatures == 0 {
			f.Elements = append(f.Elements, e)
		} else {
			// First in line: a bare {timestamp} would match a signature as well.
			f.Elements = append([]Element{e}, f.Elements...)
		}
		signatures += e.Signatures
		for _, placeholder := range e.Placeholders {
			count[placeholder]++
		}
	}
	if signatures != 1 {
		return f, "needs one of {hex}, {base64}, {base64url}, once"
	}
	for _, placeholder := range []string{"timestamp", "headers", "sender"} {
		if count[placeholder] > 1 {
			return f, "can hold {" + placeholder + "} once"
		}
	}
	return f, ""
}

// parseElement compiles one element of a format.
func parseElement(text string) (Element, string) {
	e := Element{Literals: []string{""}}
	pieces, problem := SplitTemplate(text)
	if problem != "" {
		return e, problem
	}
	for _, p := range pieces {
		last := len(e.Placeholders)
		switch {
		case p.Placeholder == "":
			e.Literals[last] += p.Literal
			if last > 0 && strings.Contains(Alphabets[e.Placeholders[last-1]], e.Literals[last][:1]) {
				return e, "the text after {" + e.Placeholders[last-1] + "} must not begin with a character that may stand in it"
			}
			continue
		case last > 0 && e.Literals[last] == "":
			return e, "two placeholders need text between them"
		case words.Contains(signaturePlaceholders, p.Placeholder) || strings.HasPrefix(p.Placeholder, Base64JSON):
			e.Signatures++
		case !words.Contains([]string{"timestamp", "headers", "sender"}, p.Placeholder):
			return e, "{" + p.Placeholder + "} can't stand here; allowed: {hex}, {base64}, {base64url}, {timestamp}, {sender}, {headers}, {base64json:NAME}"
		}
		e.Placeholders = append(e.Placeholders, p.Placeholder)
		e.Literals = append(e.Literals, "")
	}
	if len(e.Placeholders) == 0 {
		return e, "each element needs a placeholder; elements of other forms are left unread in a list, and need not be written"
	}
	e.simple = len(e.Placeholders) == 1 && e.Literals[1] == "" && e.Signatures == 1
	return e, ""
}

// HasPlaceholder says whether a text of this format carries a placeholder's
// value.
func HasPlaceholder(f Format, name string) bool {
	for _, e := range f.Elements {
		if words.Contains(e.Placeholders, name) {
			return true
		}
	}
	return false
}
