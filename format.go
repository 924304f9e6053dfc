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
	simple       bool // a signature at the end and nothing else, as with most
}

// signaturePlaceholders are the encodings of a signature, and alphabets the
// characters that may stand in a placeholder.
var (
	signaturePlaceholders = []string{"hex", "base64", "base64url"}
	alphabets             = map[string]string{
		"hex":       "0123456789abcdefABCDEF",
		"base64":    letters + "0123456789+/=",
		"base64url": letters + "0123456789-_=",
		"timestamp": "0123456789",
	}
)

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// parseFormat compiles a format, or says what is wrong with it.
func parseFormat(format string) (headerFormat, string) {
	f := headerFormat{}
	texts := []string{format}
	if strings.HasSuffix(format, "...") {
		list := strings.TrimSuffix(format, "...")
		switch {
		case strings.HasSuffix(strings.TrimRight(list, " "), ","):
			f.separator = ","
		case strings.HasSuffix(strings.TrimRight(list, " "), ";"):
			f.separator = ";"
		case strings.HasSuffix(list, " "):
			f.separator = " "
		default:
			return f, "a list ends in its separator and three dots, such as \"v1={hex},...\"; the separator is a comma, a semicolon or a space"
		}
		list = strings.TrimSuffix(strings.TrimRight(list, " "), strings.TrimSpace(f.separator))
		texts = strings.Split(list, f.separator)
	}
	signatures, timestamps := 0, 0
	for _, text := range texts {
		if f.separator != "" {
			text = strings.TrimSpace(text)
		}
		e, problem := parseElement(text)
		if problem != "" {
			return f, problem
		}
		if e.signatures == 0 {
			f.elements = append(f.elements, e)
		} else {
			// First in line: a bare {timestamp} would match a signature as well.
			f.elements = append([]element{e}, f.elements...)
		}
		signatures += e.signatures
		timestamps += len(e.placeholders) - e.signatures
	}
	if signatures != 1 {
		return f, "needs one of {hex}, {base64}, {base64url}, once"
	}
	if timestamps > 1 {
		return f, "can hold {timestamp} once"
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
		case contains(signaturePlaceholders, p.placeholder):
			e.signatures++
		case p.placeholder != "timestamp":
			return e, "{" + p.placeholder + "} can't stand here; allowed: {hex}, {base64}, {base64url}, {timestamp}"
		}
		e.placeholders = append(e.placeholders, p.placeholder)
		e.literals = append(e.literals, "")
	}
	if len(e.placeholders) == 0 {
		return e, "each element needs a placeholder"
	}
	e.simple = len(e.placeholders) == 1 && e.literals[1] == "" && e.signatures == 1
	return e, ""
}

// hasTimestamp says whether a header of this format carries its timestamp.
func hasTimestamp(f headerFormat) bool {
	for _, e := range f.elements {
		if contains(e.placeholders, "timestamp") {
			return true
		}
	}
	return false
}
