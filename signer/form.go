package signer

import (
	"strings"

	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// writeForm writes all that a form of the scheme needs into the draft, and the
// signature last. It returns why it can't.
func (s *Signer) writeForm(w *draft, form *signature.Scheme) string {
	needsForm, only := formField(form)
	w.multipart = hasParts(form)
	w.beginBody(needsForm, only)
	if w.given && form.Items == nil && form.SignsValues && w.documentless() {
		w.reason = verdict.BodyMalformed
		return "the body must be a JSON document, of which the scheme signs values"
	}
	s.writeNames(w, form)
	stamp := formatTime(w.time, form.TimestampUnit)
	if form.TimestampUnit != "rfc3339" && form.TimestampUnit != "http" {
		w.stampAt = form.Timestamp.Name
	}
	if form.Timestamp.Kind != "" && !w.says(form) && !w.put(&form.Timestamp, stamp) {
		w.reason = verdict.TimestampMissing
		return "the body has no place for the timestamp, " + form.Timestamp.Kind + ":" + form.Timestamp.Name
	}
	if form.Certificate.Kind != "" {
		w.need(&form.Certificate, "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-example.pem")
	}
	p := &signature.Candidate{}
	if signature.HasPlaceholder(form.Format, "timestamp") {
		p.Timestamp = stamp
	} else if form.Timestamped {
		p.Timestamp = w.at(&form.Timestamp, nil)
	}
	if signature.HasPlaceholder(form.Format, "headers") {
		p.Headers = w.signedHeaders(form)
	}
	if form.Items != nil {
		return s.writeItems(w, form, p)
	}
	for i := range form.Signs {
		problem := w.writePart(form, &form.Signs[i], nil)
		if problem != "" {
			w.reason = verdict.SignedFieldMissing
			return problem
		}
	}
	w.writeDigests(form)
	return s.writeSignature(w, form, p, nil, nil)
}

// says reports whether the delivery has its time already, in whatever way it is
// written.
func (w *draft) says(form *signature.Scheme) bool {
	at, reason := signature.CheckTimestamp(w.at(&form.Timestamp, nil), form.TimestampUnit, 0, w.time)
	return reason == verdict.Verified && at.Equal(w.time)
}

// writeItems signs each item of a batch for itself.
func (s *Signer) writeItems(w *draft, form *signature.Scheme, p *signature.Candidate) string {
	for n := 0; n < signature.MaxItems; n++ {
		items := jsonpath.Values(message.DocumentOf(w.message()), form.Items, message.MaxValues)
		if n >= len(items) && n > 0 {
			return ""
		}
		path := itemPath(form.Items, n)
		for i := range form.Signs {
			problem := w.writePart(form, &form.Signs[i], path)
			if problem != "" {
				if form.Signs[i].Kind != "check" { // else this form is for other items
					w.reason = verdict.SignedFieldMissing
				}
				return problem
			}
		}
		items = jsonpath.Values(message.DocumentOf(w.message()), form.Items, message.MaxValues)
		if n >= len(items) || items[n] == nil {
			w.reason = verdict.SignatureMissing
			return "the body has no list of items that could be signed"
		}
		problem := s.writeSignature(w, form, p, path, items[n])
		if problem != "" {
			return problem
		}
	}
	w.reason = verdict.SignatureMissing
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
func (s *Signer) writeNames(w *draft, form *signature.Scheme) {
	if form.ID.Kind != "" {
		if w.id != "" {
			w.put(&form.ID, w.id)
		} else if !w.given || message.InHeader(&form.ID) || signature.SignsPart(form.Signs, "id") {
			// What the user has written gets no more than it must have.
			w.need(&form.ID, NewID())
		}
	}
	if form.Event.Kind != "" && w.event != "" {
		w.put(&form.Event, w.event)
	}
	if form.Sender.Kind != "" && len(s.options.Senders) > 0 {
		w.need(&form.Sender, s.options.Senders[0])
	}
}

// formField reports whether the delivery has to be a form, and the name of its
// field if there may be one only.
func formField(form *signature.Scheme) (bool, string) {
	needed := form.Field.Kind == "form" || form.Timestamp.Kind == "form"
	for i := range form.Signs {
		q := &form.Signs[i]
		if q.Kind == "only" {
			return true, q.Place.Name
		}
		needed = needed || q.Group == 0 && q.Kind != "absent" && q.Place.Kind == "form"
	}
	return needed, ""
}

// hasParts reports whether the delivery has to be a form in multipart/form-data.
func hasParts(form *signature.Scheme) bool {
	needed := form.Field.Kind == "multipart" || form.Timestamp.Kind == "multipart"
	for i := range form.Signs {
		q := &form.Signs[i]
		needed = needed || q.Group == 0 && q.Kind != "absent" && q.Place.Kind == "multipart"
	}
	return needed
}

// writePart writes what a part of the signed text stands for, where it is missing.
// Paths begin in an item of a batch, if there is one.
func (w *draft) writePart(form *signature.Scheme, q *signature.Part, item []jsonpath.Step) string {
	at := q.Place
	if at.Kind == "json" {
		at.Path = append(append([]jsonpath.Step{}, item...), at.Path...)
	}
	text := w.unique()
	switch q.Kind {
	case "value", "lower", "only":
		if q.Group != 0 {
			return ""
		}
	case "check":
		if q.Want == "" {
			return "" // the body's digest, once that is there
		}
		text = q.Want
	case "headers":
		w.listHeaders(form, q)
		return ""
	default:
		return ""
	}
	if !w.need(&at, text) {
		return "the body has no place for " + at.Kind + ":" + at.Name + ", which is signed"
	}
	return ""
}

// listHeaders lists the headers that are signed in the header for that, if there is
// none yet.
func (w *draft) listHeaders(form *signature.Scheme, q *signature.Part) {
	names := []string{}
	for _, name := range []string{form.Timestamp.Name, form.ID.Name, form.Event.Name, "Content-Type"} {
		if len(w.header[name]) == 1 {
			names = append(names, strings.ToLower(name))
		}
	}
	w.need(&q.Place, strings.Join(append(names, strings.ToLower(q.Place.Name)), ","))
}

// signedHeaders lists the headers that are signed in the signature's own header.
func (w *draft) signedHeaders(form *signature.Scheme) string {
	names := []string{}
	for _, at := range []message.Location{form.ID, form.Event} {
		if at.Kind == "header" && len(w.header[at.Name]) == 1 && !strings.Contains(w.header[at.Name][0], ".") {
			names = append(names, strings.ToLower(at.Name))
		}
	}
	return strings.Join(append(names, "content-type"), " ")
}

// writeDigests writes the body's digest to where it has to stand.
func (w *draft) writeDigests(form *signature.Scheme) {
	for i := range form.Signs {
		q := &form.Signs[i]
		if q.Kind == "check" && q.Want == "" {
			w.put(&q.Place, string(signature.BodyDigest("", w.body)))
		}
	}
}

// documentless reports whether the body is no JSON document.
func (w *draft) documentless() bool {
	return message.DocumentOf(w.message()) == nil
}
