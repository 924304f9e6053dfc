package hookward

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"sort"
	"strings"
)

// maxFields bounds the fields of a form that are put in order.
const maxFields = 1000

// formOf returns the fields of a form, and none where the body is something
// else or malformed: what was not read as the backend reads it must not count.
func formOf(r *http.Request, d *decision) url.Values {
	if d.form == nil {
		d.form = url.Values{}
		values, err := url.ParseQuery(string(d.body))
		if err == nil && isForm(r) && bytes.Count(d.body, []byte("&")) < maxFields {
			d.form = values
		} else {
			d.noForm = true
		}
	}
	return d.form
}

func isForm(r *http.Request) bool {
	types := r.Header["Content-Type"]
	if len(types) != 1 {
		return false
	}
	mediaType, parameters, err := mime.ParseMediaType(types[0])
	if err != nil || mediaType != "application/x-www-form-urlencoded" {
		return false
	}
	// In another charset the backend would read another text.
	charset := parameters["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}

// isOnly says whether a form holds the fields that the scheme reads, and no
// others, and the query none of that name. Where one field is all that is signed,
// others must not be taken for it: PHP knows " payload", "payload[]" and
// "payload.x" by other names than they have here, ASP.NET knows no case, and
// servlets look into the query first.
func isOnly(s *scheme, q *part, r *http.Request, d *decision) bool {
	read := map[string]bool{q.place.name: true}
	for _, p := range []place{s.field, s.timestamp} {
		if p.kind == "form" {
			read[p.name] = true
		}
	}
	fields := formOf(r, d)
	if len(fields) != len(read) || len(fieldsOf("query", r, d)[q.place.name]) > 0 || d.noQuery {
		return false
	}
	for name, values := range fields {
		if !read[name] || len(values) != 1 {
			return false
		}
	}
	return true
}

// sortedFields joins names and values in the order of the names. Of values that
// are equal under one name only the first counts, and they are sorted too, as
// twilio-python does it (request_validator.py); the other libraries agree on
// what Twilio sends, which has each name once.
func sortedFields(fields url.Values) string {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	texts := make([]string, 0, 2*len(names))
	for _, name := range names {
		values := fields[name]
		if len(values) == 1 {
			texts = append(texts, name, values[0])
			continue
		}
		sorted := append([]string{}, values...)
		sort.Strings(sorted)
		for i, value := range sorted {
			if i == 0 || value != sorted[i-1] {
				texts = append(texts, name, value)
			}
		}
	}
	return strings.Join(texts, "")
}
