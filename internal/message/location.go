package message

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/words"
)

// Location is where a value stands in a request. The zero value is no location.
type Location struct {
	Kind string          // header, query, form, multipart, json or jwt
	Name string          // of a header, canonical; of a field, as it is sent
	Path []jsonpath.Step // of a JSON value, or of a claim
}

// locationKinds are what a location may begin with.
const locationKinds = "header:NAME, query:NAME, form:NAME, multipart:NAME or json:PATH"

// ParseLocation compiles a location, or says what is wrong with it.
func ParseLocation(text string) (Location, string) {
	kind, name, _ := strings.Cut(text, ":")
	p := Location{Kind: kind, Name: name}
	if name == "" {
		return Location{}, words.Quote(text) + " is not a location: " + locationKinds
	}
	switch kind {
	case "header":
		if !header.IsName(name) {
			return Location{}, words.Quote(name) + " is not the name of a header"
		}
		p.Name = http.CanonicalHeaderKey(name)
	case "query", "form":
	case "multipart":
		if !partName.MatchString(name) || oddName.MatchString(name) {
			return Location{}, words.Quote(name) + " is not the name of a field that all readers of multipart/form-data read alike; it has no quotes, backslashes and percent signs, and no spaces around it"
		}
	case "json":
		path, problem := jsonpath.Parse(name)
		if problem != "" {
			return Location{}, problem
		}
		p.Path = path
	default:
		return Location{}, words.Quote(text) + " is not a location: " + locationKinds
	}
	return p, ""
}

// LocationOption compiles an option that names a location, or a header by its bare
// name where the location has an option of its own for that.
func LocationOption(n *config.Notes, headerPath, name, fieldPath, field string) Location {
	if name != "" && field != "" {
		config.AddProblem(n, fieldPath, config.KindContradiction, "contradicts "+headerPath+"; there is one place")
		return Location{}
	}
	if name != "" {
		if !header.IsName(name) {
			config.AddProblem(n, headerPath, config.KindInvalid, words.Quote(name)+" is not the name of a header")
		}
		return Location{Kind: "header", Name: http.CanonicalHeaderKey(name)}
	}
	if field == "" {
		return Location{}
	}
	p, problem := ParseLocation(field)
	if problem != "" {
		config.AddProblem(n, fieldPath, config.KindInvalid, problem)
	}
	return p
}

// ClaimOption is LocationOption for options of a token, whose locations may be claims too:
// jwt:NAME, of the token that verifies.
func ClaimOption(n *config.Notes, headerPath, name, fieldPath, field string) Location {
	claim, isClaim := strings.CutPrefix(field, "jwt:")
	if !isClaim || name != "" {
		return LocationOption(n, headerPath, name, fieldPath, field)
	}
	if claim == "" {
		config.AddProblem(n, fieldPath, config.KindInvalid, "names no claim, such as jwt:jti")
	}
	p := Location{Kind: "jwt", Name: claim}
	p.Path, _ = jsonpath.Parse(claim) // a claim whose name is no path, such as a URL, is found by its name
	return p
}

// claimText returns the text of a claim of the token that has verified, or nothing.
func claimText(p *Location, m *Message) string {
	value := m.Claims[p.Name]
	if value == nil && p.Path != nil && m.Claims != nil {
		found := jsonpath.Values(m.Claims, p.Path, 1)
		if len(found) == 1 {
			value = found[0]
		}
	}
	text, ok := jsonpath.Text(value)
	if !ok {
		return ""
	}
	return text
}

// InHeader says whether a location is a header, or none.
func InHeader(p *Location) bool {
	return p.Kind == "header" || p.Kind == ""
}

// InBody says whether a location is a part of the body.
func InBody(p *Location) bool {
	return p.Kind == "json" || p.Kind == "form" || p.Kind == "multipart"
}

// IsField says whether a location is a field, which may stand there under other names, too.
func IsField(p *Location) bool {
	return p.Kind == "query" || p.Kind == "form" || p.Kind == "multipart"
}

// TextAt returns the text at a location, or nothing where the location is empty, or
// where there are several: which of them counts is for nobody to guess.
func TextAt(p *Location, m *Message) string {
	var values []string
	switch p.Kind {
	case "header":
		values = m.Request.Header[p.Name]
	case "jwt":
		return claimText(p, m)
	case "json":
		values = jsonTexts(p, m)
	default:
		values = FieldsOf(p.Kind, m)[p.Name]
	}
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// TextsAt returns all texts at a location, and none where one is missing in an item
// of a list.
func TextsAt(p *Location, m *Message) []string {
	if p.Kind == "header" {
		return m.Request.Header[p.Name]
	}
	if p.Kind == "json" {
		return jsonTexts(p, m)
	}
	return FieldsOf(p.Kind, m)[p.Name]
}

// IsAbsent says whether there is nothing at a location: as opposed to an empty
// text, to several texts, and to what can't be read as it was meant.
func IsAbsent(p *Location, m *Message) bool {
	if p.Kind == "header" {
		return len(m.Request.Header[p.Name]) == 0
	}
	if p.Kind == "json" {
		return rootOf(m) != nil && jsonpath.LeadsNowhere(rootOf(m), p.Path)
	}
	values := FieldsOf(p.Kind, m)[p.Name]
	if p.Kind == "form" {
		return len(values) == 0 && !m.NoForm
	}
	if p.Kind == "multipart" {
		return len(values) == 0 && !m.NoMultipart
	}
	return len(values) == 0 && !m.NoQuery
}

// IsEmpty says whether there is an empty text at a location.
func IsEmpty(p *Location, m *Message) bool {
	texts := TextsAt(p, m)
	return len(texts) == 1 && texts[0] == ""
}

// FieldsOf returns the fields of the query, or of the form as one of both kinds.
func FieldsOf(kind string, m *Message) url.Values {
	if kind == "form" {
		return FormOf(m)
	}
	if kind == "multipart" {
		return MultipartOf(m)
	}
	if m.query == nil {
		// Not m.Request.URL.Query, which passes over what is malformed.
		values, err := url.ParseQuery(m.Request.URL.RawQuery)
		if err != nil {
			values = url.Values{}
			m.NoQuery = true
		}
		m.query = values
	}
	return m.query
}
