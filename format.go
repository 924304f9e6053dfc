package hookward

import "strings"

// headerFormat is the compiled grammar of a signature header, from the option
// signature.format. Without a separator the header is exactly one element.
type headerFormat struct {
	separator string
	elements  []element
}

// element is literal text around placeholders: literals[i] stands before
// placeholders[i], the last literal after the last placeholder.
type element struct {
	literals     []string
	placeholders []string
	signatures   int
	simple       bool            // a signature at the end and nothing else, as with most
	senders      map[string]bool // what {sender} may be
}

// base64JSON begins the placeholder of a signature in a JSON object.
const base64JSON = "base64json:"

// signaturePlaceholders are the encodings of a signature, and alphabets the
// characters that may stand in a placeholder.
var (
	signaturePlaceholders = []string{"hex", "base64", "base64url"}
	alphabets             = map[string]string{
		"hex":       "0123456789abcdefABCDEF",
		"base64":    letters + "0123456789+/=",
		"base64url": letters + "0123456789-_=",
		"timestamp": "0123456789",
		"headers":   letters + "0123456789-_ ",
		"sender":    "",
	}
)

// separators may stand between the elements of a list.
const separators = ",;&"

// parseFormat compiles a format, or says what is wrong with it.
func parseFormat(format string, senders map[string]bool) (headerFormat, string) {
	f := headerFormat{}
	texts := []string{format}
	if strings.HasSuffix(format, "...") {
		list := strings.TrimSuffix(format, "...")
		trimmed := strings.TrimRight(list, " ")
		switch {
		case trimmed != "" && strings.Contains(separators, trimmed[len(trimmed)-1:]):
			f.separator = trimmed[len(trimmed)-1:]
		case strings.HasSuffix(list, " "):
			f.separator = " "
		default:
			return f, "a list ends in its separator and three dots, such as \"v1={hex},...\"; the separator is a comma, a semicolon, an ampersand or a space"
		}
		list = strings.TrimSuffix(strings.TrimRight(list, " "), strings.TrimSpace(f.separator))
		texts = strings.Split(list, f.separator)
	}
	signatures := 0
	count := map[string]int{}
	for _, text := range texts {
		if f.separator != "" {
			text = strings.TrimSpace(text)
		}
		e, problem := parseElement(text)
		if problem != "" {
			return f, problem
		}
		e.senders = senders
		if e.signatures == 0 {
			f.elements = append(f.elements, e)
		} else {
			// First in line: a bare {timestamp} would match a signature as well.
			f.elements = append([]element{e}, f.elements...)
		}
		signatures += e.signatures
		for _, placeholder := range e.placeholders {
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
func parseElement(text string) (element, string) {
	e := element{literals: []string{""}}
	pieces, problem := splitTemplate(text)
	if problem != "" {
		return e, problem
	}
	for _, p := range pieces {
		last := len(e.placeholders)
		switch {
		case p.placeholder == "":
			e.literals[last] += p.literal
			if last > 0 && strings.Contains(alphabets[e.placeholders[last-1]], e.literals[last][:1]) {
				return e, "the text after {" + e.placeholders[last-1] + "} must not begin with a character that may stand in it"
			}
			continue
		case last > 0 && e.literals[last] == "":
			return e, "two placeholders need text between them"
		case contains(signaturePlaceholders, p.placeholder) || strings.HasPrefix(p.placeholder, base64JSON):
			e.signatures++
		case !contains([]string{"timestamp", "headers", "sender"}, p.placeholder):
			return e, "{" + p.placeholder + "} can't stand here; allowed: {hex}, {base64}, {base64url}, {timestamp}, {sender}, {headers}, {base64json:NAME}"
		}
		e.placeholders = append(e.placeholders, p.placeholder)
		e.literals = append(e.literals, "")
	}
	if len(e.placeholders) == 0 {
		return e, "each element needs a placeholder; elements of other forms are left unread in a list, and need not be written"
	}
	e.simple = len(e.placeholders) == 1 && e.literals[1] == "" && e.signatures == 1
	return e, ""
}

// hasPlaceholder says whether a text of this format carries a placeholder's
// value.
func hasPlaceholder(f headerFormat, name string) bool {
	for _, e := range f.elements {
		if contains(e.placeholders, name) {
			return true
		}
	}
	return false
}
