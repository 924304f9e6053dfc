package hookward

import (
	"net/http"
	"strings"
)

// piece is literal text or, where placeholder is not empty, what stands for a
// value of the request.
type piece struct {
	literal     string
	placeholder string
}

// splitTemplate cuts a template at its placeholders, or says what is wrong with
// it. Braces of the text itself are doubled.
func splitTemplate(text string) ([]piece, string) {
	pieces := []piece{}
	literal := ""
	for text != "" {
		at := strings.IndexAny(text, "{}")
		if at < 0 {
			literal += text
			break
		}
		literal += text[:at]
		brace := text[at : at+1]
		text = text[at+1:]
		if strings.HasPrefix(text, brace) {
			literal += brace
			text = text[1:]
			continue
		}
		name, rest, closed := strings.Cut(text, "}")
		if brace == "}" || !closed || name == "" || strings.Contains(name, "{") {
			return nil, "has a brace that belongs to no placeholder; a brace of the text itself is doubled"
		}
		if literal != "" {
			pieces = append(pieces, piece{literal: literal})
			literal = ""
		}
		pieces = append(pieces, piece{placeholder: name})
		text = rest
	}
	if literal != "" {
		pieces = append(pieces, piece{literal: literal})
	}
	return pieces, ""
}

// part is a compiled piece of the signed text.
type part struct {
	// kind is "literal", one of partKinds, or
	//   value     the text at place
	//   lower     the same in lower case
	//   fields    the fields of the form or the query, sorted and joined
	//   headers   the headers that place lists, as name:value;name:value
	//   names     the list of headers in the signature's own header
	//   listed    the values of these
	//   ascii     the body with what is not ASCII as \uXXXX
	//   digest    the body's SHA-256, encoded as want says
	//   check     nothing, where the text at place is want, or the body's
	//             SHA-256 in hexadecimal where want is empty
	//   absent    nothing, where there is nothing at place
	//   only      the text of a form's field, where the form has no other
	//             fields than those the scheme reads
	kind  string
	text  []byte // of a literal
	place place
	want  string
	group int  // parts of one optional group have one number; 0 is none
	free  bool // the one value that may contain the text beside it
	// ends and begins are the literal between this part and the body, or
	// whatever part may hold anything. A value must not contain it: with
	// "{id}.{timestamp}" an id "a.1" and a timestamp "2" would be signed as the
	// same text as "a" and "1.2".
	ends   string
	begins string
	joined bool // an id, with a timestamp beside it and nothing between them
}

// partKinds are the placeholders that are a whole name.
var partKinds = []string{"body", "timestamp", "id", "method", "url", "portURL", "decodedURL", "host", "path", "query", "uri", "secret"}

const (
	// maxParts bounds the pieces of a signed text.
	maxParts = 48

	knownPlaceholders = "{header:NAME}, {query:NAME}, {form:NAME}, {json:PATH}, {lower:PLACE}, {free:PLACE}, {only:form:NAME}, {sorted:form}, {sorted:query}, " +
		"{ascii:body}, {sha256:body}, {sha256base64:body}, {sha256raw:body}, {headers:NAME}, {headers}, {headerValues}, {PLACE==TEXT}, {PLACE==sha256:body}, {PLACE==}"
)

// segment is a stretch of a template; one in brackets is optional.
type segment struct {
	text     string
	optional bool
}

// splitGroups cuts a template at the brackets around what is optional. Brackets
// of the text itself are doubled; those inside of braces are a path's.
func splitGroups(text string) ([]segment, string) {
	segments := []segment{}
	current, optional, braces := "", false, false
	for text != "" {
		c := text[:1]
		doubled := strings.HasPrefix(text[1:], c)
		switch {
		case braces || c != "[" && c != "]":
			if c == "{" && doubled && !braces || c == "}" && doubled && !braces {
				current += c
				text = text[1:]
			} else if c == "{" || c == "}" {
				braces = c == "{"
			}
			current += c
		case doubled:
			current += c
			text = text[1:]
		case optional == (c == "["):
			return nil, "has a bracket without its partner, or brackets in brackets; a bracket of the text itself is doubled"
		default:
			segments = append(segments, segment{text: current, optional: optional})
			current, optional = "", c == "["
		}
		text = text[1:]
	}
	if optional {
		return nil, "has a bracket without its partner; a bracket of the text itself is doubled"
	}
	return append(segments, segment{text: current}), ""
}

// parseSigns compiles the template of the option signature.signs, or says what
// is wrong with it. A place that is the timestamp's or the id's becomes that
// part.
func parseSigns(template string, timestamp, id place) ([]part, string) {
	segments, problem := splitGroups(template)
	if problem != "" {
		return nil, problem
	}
	parts := []part{}
	for i, s := range segments {
		if s.optional && s.text == "" {
			return nil, "has empty brackets; a bracket of the text itself is doubled"
		}
		pieces, problem := splitTemplate(s.text)
		if problem != "" {
			return nil, problem
		}
		group := 0
		if s.optional {
			group = i
		}
		for _, p := range pieces {
			q := part{kind: "literal", text: []byte(p.literal)}
			if p.placeholder != "" {
				q, problem = parsePlaceholder(p.placeholder, timestamp, id)
			}
			if problem != "" {
				return nil, problem
			}
			if group != 0 && !contains([]string{"literal", "value", "lower", "id"}, q.kind) {
				return nil, "can't have {" + p.placeholder + "} in brackets; only text and places may be left out"
			}
			q.group = group
			parts = append(parts, q)
		}
	}
	if len(parts) == 0 || len(parts) > maxParts {
		return nil, "must have 1 to 48 pieces"
	}
	bodies, frees, onlies := 0, 0, 0
	for _, p := range parts {
		if p.free {
			frees++
		}
		if isBody(p.kind) {
			bodies++
		}
		if p.kind == "only" {
			onlies++
		}
	}
	if bodies > 1 {
		return nil, "can contain {body} once"
	}
	if onlies > 1 {
		return nil, "can contain {only:form:NAME} once; two fields are not the only one"
	}
	if frees > 1 || frees == 1 && bodies == 1 {
		return nil, "can contain {free:PLACE} once, and not beside {body}; two that may hold anything can't be told apart"
	}
	return parts, ""
}

// parsePlaceholder compiles one placeholder.
func parsePlaceholder(name string, timestamp, id place) (part, string) {
	left, right, isCheck := strings.Cut(name, "==")
	if isCheck {
		at, problem := parsePlace(left)
		if right == "" {
			return part{kind: "absent", place: at}, problem
		}
		if right == "sha256:body" {
			right = ""
		}
		return part{kind: "check", place: at, want: right}, problem
	}
	if name == "id" {
		return part{kind: "id", place: id}, ""
	}
	if contains(partKinds, name) {
		return part{kind: name}, ""
	}
	switch name {
	case "headers":
		return part{kind: "names"}, ""
	case "headerValues":
		return part{kind: "listed"}, ""
	case "ascii:body":
		return part{kind: "ascii"}, ""
	case "sha256:body", "sha256base64:body", "sha256raw:body":
		return part{kind: "digest", want: strings.TrimSuffix(strings.TrimPrefix(name, "sha256"), ":body")}, ""
	case "sorted:form", "sorted:query":
		return part{kind: "fields", place: place{kind: strings.TrimPrefix(name, "sorted:")}}, ""
	}
	kind, rest, _ := strings.Cut(name, ":")
	switch kind {
	case "headers":
		if !isHeaderName(rest) {
			return part{}, quote(rest) + " is not the name of a header"
		}
		return part{kind: "headers", place: place{kind: "header", name: http.CanonicalHeaderKey(rest)}}, ""
	case "lower", "free":
		at, problem := parsePlace(rest)
		if kind == "free" {
			return part{kind: "value", place: at, free: true}, problem
		}
		return part{kind: "lower", place: at}, problem
	case "only":
		at, problem := parsePlace(rest)
		if problem == "" && at.kind != "form" {
			problem = "{" + name + "} is not the place of a form's field, form:NAME"
		}
		return part{kind: "only", place: at}, problem
	case "header", "query", "form", "json":
		at, problem := parsePlace(name)
		if samePlace(at, timestamp) {
			return part{kind: "timestamp"}, problem
		}
		if samePlace(at, id) {
			return part{kind: "id", place: id}, problem
		}
		return part{kind: "value", place: at}, problem
	}
	return part{}, "{" + name + "} is not known; allowed: {" + strings.Join(partKinds, "}, {") + "}, " + knownPlaceholders
}

func samePlace(a, b place) bool {
	return a.kind == b.kind && a.name == b.name
}

// signsPart says whether a template contains one of some kinds of placeholders.
func signsPart(parts []part, kinds ...string) bool {
	for _, p := range parts {
		if contains(kinds, p.kind) {
			return true
		}
	}
	return false
}

// isBody says whether a part is the body in some rendering of its own.
func isBody(kind string) bool {
	return kind == "body" || kind == "ascii"
}
