package hookward

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/hookward/hookward/internal/jsonpath"
)

// place is where a value stands in a request. The zero value is no place.
type place struct {
	kind string          // header, query, form or json
	name string          // of a header, canonical; of a field, as it is sent
	path []jsonpath.Step // of a JSON value
}

// placeKinds are what a place may begin with.
const placeKinds = "header:NAME, query:NAME, form:NAME or json:PATH"

// parsePlace compiles a place, or says what is wrong with it.
func parsePlace(text string) (place, string) {
	kind, name, _ := strings.Cut(text, ":")
	p := place{kind: kind, name: name}
	if name == "" {
		return place{}, quote(text) + " is not a place: " + placeKinds
	}
	switch kind {
	case "header":
		if !isHeaderName(name) {
			return place{}, quote(name) + " is not the name of a header"
		}
		p.name = http.CanonicalHeaderKey(name)
	case "query", "form":
	case "json":
		path, problem := jsonpath.Parse(name)
		if problem != "" {
			return place{}, problem
		}
		p.path = path
	default:
		return place{}, quote(text) + " is not a place: " + placeKinds
	}
	return p, ""
}

// placeOption compiles an option that names a place, or a header by its bare
// name where the place has an option of its own for that.
func placeOption(n *notes, headerPath, header, fieldPath, field string) place {
	if header != "" && field != "" {
		addProblem(n, fieldPath, kindContradiction, "contradicts "+headerPath+"; there is one place")
		return place{}
	}
	if header != "" {
		if !isHeaderName(header) {
			addProblem(n, headerPath, kindInvalid, quote(header)+" is not the name of a header")
		}
		return place{kind: "header", name: http.CanonicalHeaderKey(header)}
	}
	if field == "" {
		return place{}
	}
	p, problem := parsePlace(field)
	if problem != "" {
		addProblem(n, fieldPath, kindInvalid, problem)
	}
	return p
}

// inHeader says whether a place is a header, or none.
func inHeader(p *place) bool {
	return p.kind == "header" || p.kind == ""
}

// textAt returns the text at a place, or nothing where the place is empty, or
// where there are several: which of them counts is for nobody to guess.
func textAt(p *place, m *message) string {
	if p.kind == "header" {
		values := m.request.Header[p.name]
		if len(values) != 1 {
			return ""
		}
		return values[0]
	}
	if p.kind == "json" {
		values := jsonTexts(p, m)
		if len(values) != 1 {
			return ""
		}
		return values[0]
	}
	values := fieldsOf(p.kind, m)[p.name]
	if len(values) != 1 {
		return ""
	}
	return values[0]
}

// textsAt returns all texts at a place, and none where one is missing in an item
// of a list.
func textsAt(p *place, m *message) []string {
	if p.kind == "header" {
		return m.request.Header[p.name]
	}
	if p.kind == "json" {
		return jsonTexts(p, m)
	}
	return fieldsOf(p.kind, m)[p.name]
}

// isAbsent says whether there is nothing at a place: as opposed to an empty
// text, to several texts, and to what can't be read as it was meant.
func isAbsent(p *place, m *message) bool {
	if p.kind == "header" {
		return len(m.request.Header[p.name]) == 0
	}
	if p.kind == "json" {
		return rootOf(m) != nil && jsonpath.LeadsNowhere(rootOf(m), p.path)
	}
	values := fieldsOf(p.kind, m)[p.name]
	if p.kind == "form" {
		return len(values) == 0 && !m.noForm
	}
	return len(values) == 0 && !m.noQuery
}

// isEmpty says whether there is an empty text at a place.
func isEmpty(p *place, m *message) bool {
	texts := textsAt(p, m)
	return len(texts) == 1 && texts[0] == ""
}

// fieldsOf returns the fields of the query or of the form.
func fieldsOf(kind string, m *message) url.Values {
	if kind == "form" {
		return formOf(m)
	}
	if m.query == nil {
		// Not m.request.URL.Query, which passes over what is malformed.
		values, err := url.ParseQuery(m.request.URL.RawQuery)
		if err != nil {
			values = url.Values{}
			m.noQuery = true
		}
		m.query = values
	}
	return m.query
}
