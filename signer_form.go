//go:build gc
// +build gc

package hookward

import (
	"strings"

	"github.com/hookward/hookward/internal/jsonpath"
)

// writeForm writes all that a form of the scheme needs into the draft, and the
// signature last. It returns why it can't.
func (s *Signer) writeForm(w *draft, form *scheme) string {
	needsForm, only := formField(form)
	w.beginBody(needsForm, only)
	if w.given && form.items == nil && form.exact && w.documentless() {
		w.reason = bodyMalformed
		return "the body must be a JSON document, of which the scheme signs values"
	}
	s.writeNames(w, form)
	stamp := formatTime(w.time, form.timestampUnit)
	if form.timestampUnit != "rfc3339" && form.timestampUnit != "http" {
		w.stampAt = form.timestamp.name
	}
	if form.timestamp.kind != "" && !w.says(form) && !w.put(&form.timestamp, stamp) {
		w.reason = timestampMissing
		return "the body has no place for the timestamp, " + form.timestamp.kind + ":" + form.timestamp.name
	}
	if form.certificate.kind != "" {
		w.need(&form.certificate, "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-example.pem")
	}
	p := &candidate{}
	if hasPlaceholder(form.format, "timestamp") {
		p.timestamp = stamp
	} else if form.timestamped {
		p.timestamp = w.at(&form.timestamp, nil)
	}
	if hasPlaceholder(form.format, "headers") {
		p.headers = w.signedHeaders(form)
	}
	if form.items != nil {
		return s.writeItems(w, form, p)
	}
	for i := range form.signs {
		problem := w.writePart(form, &form.signs[i], nil)
		if problem != "" {
			w.reason = signedFieldMissing
			return problem
		}
	}
	w.writeDigests(form)
	return s.writeSignature(w, form, p, nil, nil)
}

// says reports whether the delivery has its time already, in whatever way it is
// written.
func (w *draft) says(form *scheme) bool {
	at, reason := checkTimestamp(w.at(&form.timestamp, nil), form.timestampUnit, 0, w.time)
	return reason == verified && at.Equal(w.time)
}

// writeItems signs each item of a batch for itself.
func (s *Signer) writeItems(w *draft, form *scheme, p *candidate) string {
	for n := 0; n < maxItems; n++ {
		items := jsonpath.Values(documentOf(w.message()), form.items, maxValues)
		if n >= len(items) && n > 0 {
			return ""
		}
		path := itemPath(form.items, n)
		for i := range form.signs {
			problem := w.writePart(form, &form.signs[i], path)
			if problem != "" {
				if form.signs[i].kind != "check" { // else this form is for other items
					w.reason = signedFieldMissing
				}
				return problem
			}
		}
		items = jsonpath.Values(documentOf(w.message()), form.items, maxValues)
		if n >= len(items) || items[n] == nil {
			w.reason = signatureMissing
			return "the body has no list of items that could be signed"
		}
		problem := s.writeSignature(w, form, p, path, items[n])
		if problem != "" {
			return problem
		}
	}
	w.reason = signatureMissing
	return "the body has more items than are verified"
}

// itemPath returns the path of one item of a list.
func itemPath(items []jsonpath.Step, n int) []jsonpath.Step {
	path := append([]jsonpath.Step{}, items...)
	for i := range path {
		if path[i].Name == "" && path[i].Item == jsonpath.Every {
			path[i].Item = n
		}
	}
	return path
}

// writeNames writes what the delivery says of itself: its id, its event, and who
// has sent it.
func (s *Signer) writeNames(w *draft, form *scheme) {
	if form.id.kind != "" {
		if w.id != "" {
			w.put(&form.id, w.id)
		} else if !w.given || inHeader(&form.id) || signsPart(form.signs, "id") {
			// What the user has written gets no more than it must have.
			w.need(&form.id, NewID())
		}
	}
	if form.event.kind != "" && w.event != "" {
		w.put(&form.event, w.event)
	}
	if form.sender.kind != "" && len(s.options.Senders) > 0 {
		w.need(&form.sender, s.options.Senders[0])
	}
}

// formField reports whether the delivery has to be a form, and the name of its
// field if there may be one only.
func formField(form *scheme) (bool, string) {
	needed := form.field.kind == "form" || form.timestamp.kind == "form"
	for i := range form.signs {
		q := &form.signs[i]
		if q.kind == "only" {
			return true, q.place.name
		}
		needed = needed || q.group == 0 && q.kind != "absent" && q.place.kind == "form"
	}
	return needed, ""
}

// writePart writes what a part of the signed text stands for, where it is missing.
// Paths begin in an item of a batch, if there is one.
func (w *draft) writePart(form *scheme, q *part, item []jsonpath.Step) string {
	at := q.place
	if at.kind == "json" {
		at.path = append(append([]jsonpath.Step{}, item...), at.path...)
	}
	text := w.unique()
	switch q.kind {
	case "value", "lower", "only":
		if q.group != 0 {
			return ""
		}
	case "check":
		if q.want == "" {
			return "" // the body's digest, once that is there
		}
		text = q.want
	case "headers":
		w.listHeaders(form, q)
		return ""
	default:
		return ""
	}
	if !w.need(&at, text) {
		return "the body has no place for " + at.kind + ":" + at.name + ", which is signed"
	}
	return ""
}

// listHeaders lists the headers that are signed in the header for that, if there is
// none yet.
func (w *draft) listHeaders(form *scheme, q *part) {
	names := []string{}
	for _, name := range []string{form.timestamp.name, form.id.name, form.event.name, "Content-Type"} {
		if len(w.header[name]) == 1 {
			names = append(names, strings.ToLower(name))
		}
	}
	w.need(&q.place, strings.Join(append(names, strings.ToLower(q.place.name)), ","))
}

// signedHeaders lists the headers that are signed in the signature's own header.
func (w *draft) signedHeaders(form *scheme) string {
	names := []string{}
	for _, at := range []place{form.id, form.event} {
		if at.kind == "header" && len(w.header[at.name]) == 1 && !strings.Contains(w.header[at.name][0], ".") {
			names = append(names, strings.ToLower(at.name))
		}
	}
	return strings.Join(append(names, "content-type"), " ")
}

// writeDigests writes the body's digest to where it has to stand.
func (w *draft) writeDigests(form *scheme) {
	for i := range form.signs {
		q := &form.signs[i]
		if q.kind == "check" && q.want == "" {
			w.put(&q.place, string(bodyDigest("", w.body)))
		}
	}
}

// documentless reports whether the body is no JSON document.
func (w *draft) documentless() bool {
	return documentOf(w.message()) == nil
}
