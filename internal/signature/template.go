package signature

import (
	"net/http"
	"strings"

	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/words"
)

// Piece is literal text or, where placeholder is not empty, what stands for a
// value of the request.
type Piece struct {
	Literal     string
	Placeholder string
}

// SplitTemplate cuts a template at its placeholders, or says what is wrong with
// it. Braces of the text itself are doubled.
func SplitTemplate(text string) ([]Piece, string) {
	pieces := []Piece{}
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
			pieces = append(pieces, Piece{Literal: literal})
			literal = ""
		}
		pieces = append(pieces, Piece{Placeholder: name})
		text = rest
	}
	if literal != "" {
		pieces = append(pieces, Piece{Literal: literal})
	}
	return pieces, ""
}

// Part is a compiled piece of the signed text.
type Part struct {
	// kind is "literal", one of partKinds, or
	//   value     the text at location
	//   lower     the same in lower case
	//   fields    the fields of the form or the query, sorted and joined
	//   headers   the headers that location lists, as name:value;name:value
	//   names     the list of headers in the signature's own header
	//   listed    the values of these
	//   ascii     the body with what is not ASCII as \uXXXX
	//   digest    the body's SHA-256, encoded as want says
	//   check     nothing, where the text at location is want, or the body's
	//             SHA-256 in hexadecimal where want is empty
	//   absent    nothing, where there is nothing at location
	//   only      the text of a form's field, where the form has no other
	//             fields than those the scheme reads
	Kind     string
	text     []byte // of a literal
	Location message.Location
	Want     string
	Group    int  // parts of one optional group have one number; 0 is none
	free     bool // the one value that may contain the text beside it
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

	knownPlaceholders = "{header:NAME}, {query:NAME}, {form:NAME}, {multipart:NAME}, {json:PATH}, {lower:LOCATION}, {free:LOCATION}, {only:form:NAME}, {sorted:form}, {sorted:query}, " +
		"{ascii:body}, {sha256:body}, {sha256base64:body}, {sha256raw:body}, {headers:NAME}, {headers}, {headerValues}, {LOCATION==TEXT}, {LOCATION==sha256:body}, {LOCATION==}"
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
// is wrong with it. A location that is the timestamp's or the id's becomes that
// part.
func parseSigns(template string, timestamp, id message.Location) ([]Part, string) {
	segments, problem := splitGroups(template)
	if problem != "" {
		return nil, problem
	}
	parts := []Part{}
	for i, s := range segments {
		if s.optional && s.text == "" {
			return nil, "has empty brackets; a bracket of the text itself is doubled"
		}
		pieces, problem := SplitTemplate(s.text)
		if problem != "" {
			return nil, problem
		}
		group := 0
		if s.optional {
			group = i
		}
		for _, p := range pieces {
			q := Part{Kind: "literal", text: []byte(p.Literal)}
			if p.Placeholder != "" {
				q, problem = parsePlaceholder(p.Placeholder, timestamp, id)
			}
			if problem != "" {
				return nil, problem
			}
			if group != 0 && !words.Contains([]string{"literal", "value", "lower", "id"}, q.Kind) {
				return nil, "can't have {" + p.Placeholder + "} in brackets; only text and locations may be left out"
			}
			q.Group = group
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
		if IsBody(p.Kind) {
			bodies++
		}
		if p.Kind == "only" {
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
		return nil, "can contain {free:LOCATION} once, and not beside {body}; two that may hold anything can't be told apart"
	}
	return parts, ""
}

// parsePlaceholder compiles one placeholder.
func parsePlaceholder(name string, timestamp, id message.Location) (Part, string) {
	left, right, isCheck := strings.Cut(name, "==")
	if isCheck {
		at, problem := message.ParseLocation(left)
		if right == "" {
			return Part{Kind: "absent", Location: at}, problem
		}
		if right == "sha256:body" {
			right = ""
		}
		return Part{Kind: "check", Location: at, Want: right}, problem
	}
	if name == "id" {
		return Part{Kind: "id", Location: id}, ""
	}
	if words.Contains(partKinds, name) {
		return Part{Kind: name}, ""
	}
	switch name {
	case "headers":
		return Part{Kind: "names"}, ""
	case "headerValues":
		return Part{Kind: "listed"}, ""
	case "ascii:body":
		return Part{Kind: "ascii"}, ""
	case "sha256:body", "sha256base64:body", "sha256raw:body":
		return Part{Kind: "digest", Want: strings.TrimSuffix(strings.TrimPrefix(name, "sha256"), ":body")}, ""
	case "sorted:form", "sorted:query":
		return Part{Kind: "fields", Location: message.Location{Kind: strings.TrimPrefix(name, "sorted:")}}, ""
	}
	kind, rest, _ := strings.Cut(name, ":")
	switch kind {
	case "headers":
		if !header.IsName(rest) {
			return Part{}, words.Quote(rest) + " is not the name of a header"
		}
		return Part{Kind: "headers", Location: message.Location{Kind: "header", Name: http.CanonicalHeaderKey(rest)}}, ""
	case "lower", "free":
		at, problem := message.ParseLocation(rest)
		if kind == "free" {
			return Part{Kind: "value", Location: at, free: true}, problem
		}
		return Part{Kind: "lower", Location: at}, problem
	case "only":
		at, problem := message.ParseLocation(rest)
		if problem == "" && at.Kind != "form" {
			problem = "{" + name + "} is not the location of a form's field, form:NAME"
		}
		return Part{Kind: "only", Location: at}, problem
	case "header", "query", "form", "multipart", "json":
		at, problem := message.ParseLocation(name)
		if SameLocation(at, timestamp) {
			return Part{Kind: "timestamp"}, problem
		}
		if SameLocation(at, id) {
			return Part{Kind: "id", Location: id}, problem
		}
		return Part{Kind: "value", Location: at}, problem
	}
	return Part{}, "{" + name + "} is not known; allowed: {" + strings.Join(partKinds, "}, {") + "}, " + knownPlaceholders
}

func SameLocation(a, b message.Location) bool {
	return a.Kind == b.Kind && a.Name == b.Name
}

// SignsPart says whether a template contains one of some kinds of placeholders.
func SignsPart(parts []Part, kinds ...string) bool {
	for _, p := range parts {
		if words.Contains(kinds, p.Kind) {
			return true
		}
	}
	return false
}

// IsBody says whether a part is the body in some rendering of its own.
func IsBody(kind string) bool {
	return kind == "body" || kind == "ascii"
}
