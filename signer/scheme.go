package signer

import (
	"strings"

	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// writeScheme writes all that a scheme needs into the draft, and the
// signature last. It returns why it can't.
func (s *Signer) writeScheme(w *draft, scheme *signature.Scheme) string {
	needsForm, only := formField(scheme)
	w.multipart = hasParts(scheme)
	w.beginBody(needsForm, only)
	if w.given && scheme.Items == nil && scheme.SignsValues && w.documentless() {
		w.reason = verdict.BodyMalformed
		return "the body must be a JSON document, of which the scheme signs values"
	}
	s.writeNames(w, scheme)
	stamp := formatTime(w.time, scheme.TimestampUnit)
	if scheme.TimestampUnit != "rfc3339" && scheme.TimestampUnit != "http" {
		w.stampAt = scheme.Timestamp.Name
	}
	if scheme.Timestamp.Kind != "" && !w.says(scheme) && !w.put(&scheme.Timestamp, stamp) {
		w.reason = verdict.TimestampMissing
		return "the body has no place for the timestamp, " + scheme.Timestamp.Kind + ":" + scheme.Timestamp.Name
	}
	if scheme.Certificate.Kind != "" {
		w.need(&scheme.Certificate, "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-example.pem")
	}
	p := &signature.Candidate{}
	if signature.HasPlaceholder(scheme.Format, "timestamp") {
		p.Timestamp = stamp
	} else if scheme.Timestamped {
		p.Timestamp = w.at(&scheme.Timestamp, nil)
	}
	if signature.HasPlaceholder(scheme.Format, "headers") {
		p.Headers = w.signedHeaders(scheme)
	}
	if scheme.Items != nil {
		return s.writeItems(w, scheme, p)
	}
	for i := range scheme.Signs {
		problem := w.writePart(scheme, &scheme.Signs[i], nil)
		if problem != "" {
			w.reason = verdict.SignedFieldMissing
			return problem
		}
	}
	w.writeDigests(scheme)
	return s.writeSignature(w, scheme, p, nil, nil)
}

// says reports whether the delivery has its time already, in whatever way it is
// written.
func (w *draft) says(scheme *signature.Scheme) bool {
	at, reason := signature.CheckTimestamp(w.at(&scheme.Timestamp, nil), scheme.TimestampUnit, 0, w.time)
	return reason == verdict.Verified && at.Equal(w.time)
}

// writeItems signs each item of a batch for itself.
func (s *Signer) writeItems(w *draft, scheme *signature.Scheme, p *signature.Candidate) string {
	for n := 0; n < signature.MaxItems; n++ {
		items := jsonpath.Values(message.DocumentOf(w.message()), scheme.Items, message.MaxValues)
		if n >= len(items) && n > 0 {
			return ""
		}
		path := itemPath(scheme.Items, n)
		for i := range scheme.Signs {
			problem := w.writePart(scheme, &scheme.Signs[i], path)
			if problem != "" {
				if scheme.Signs[i].Kind != "check" { // else it is for other items
					w.reason = verdict.SignedFieldMissing
				}
				return problem
			}
		}
		items = jsonpath.Values(message.DocumentOf(w.message()), scheme.Items, message.MaxValues)
		if n >= len(items) || items[n] == nil {
			w.reason = verdict.SignatureMissing
			return "the body has no list of items that could be signed"
		}
		problem := s.writeSignature(w, scheme, p, path, items[n])
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
func (s *Signer) writeNames(w *draft, scheme *signature.Scheme) {
	if scheme.ID.Kind != "" {
		if w.id != "" {
			w.put(&scheme.ID, w.id)
		} else if !w.given || message.InHeader(&scheme.ID) || signature.SignsPart(scheme.Signs, "id") {
			// What the user has written gets no more than it must have.
			w.need(&scheme.ID, NewID())
		}
	}
	if scheme.Event.Kind != "" && w.event != "" {
		w.put(&scheme.Event, w.event)
	}
	if scheme.Sender.Kind != "" && len(s.options.Senders) > 0 {
		w.need(&scheme.Sender, s.options.Senders[0])
	}
}

// formField reports whether the delivery has to be a form, and the name of its
// field if there may be one only.
func formField(scheme *signature.Scheme) (bool, string) {
	needed := scheme.Field.Kind == "form" || scheme.Timestamp.Kind == "form"
	for i := range scheme.Signs {
		q := &scheme.Signs[i]
		if q.Kind == "only" {
			return true, q.Location.Name
		}
		needed = needed || q.Group == 0 && q.Kind != "absent" && q.Location.Kind == "form"
	}
	return needed, ""
}

// hasParts reports whether the delivery has to be a form in multipart/form-data.
func hasParts(scheme *signature.Scheme) bool {
	needed := scheme.Field.Kind == "multipart" || scheme.Timestamp.Kind == "multipart"
	for i := range scheme.Signs {
		q := &scheme.Signs[i]
		needed = needed || q.Group == 0 && q.Kind != "absent" && q.Location.Kind == "multipart"
	}
	return needed
}

// writePart writes what a part of the signed text stands for, where it is missing.
// Paths begin in an item of a batch, if there is one.
func (w *draft) writePart(scheme *signature.Scheme, q *signature.Part, item []jsonpath.Step) string {
	at := q.Location
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
		w.listHeaders(scheme, q)
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
func (w *draft) listHeaders(scheme *signature.Scheme, q *signature.Part) {
	names := []string{}
	for _, name := range []string{scheme.Timestamp.Name, scheme.ID.Name, scheme.Event.Name, "Content-Type"} {
		if len(w.header[name]) == 1 {
			names = append(names, strings.ToLower(name))
		}
	}
	w.need(&q.Location, strings.Join(append(names, strings.ToLower(q.Location.Name)), ","))
}

// signedHeaders lists the headers that are signed in the signature's own header.
func (w *draft) signedHeaders(scheme *signature.Scheme) string {
	names := []string{}
	for _, at := range []message.Location{scheme.ID, scheme.Event} {
		if at.Kind == "header" && len(w.header[at.Name]) == 1 && !strings.Contains(w.header[at.Name][0], ".") {
			names = append(names, strings.ToLower(at.Name))
		}
	}
	return strings.Join(append(names, "content-type"), " ")
}

// writeDigests writes the body's digest to where it has to stand.
func (w *draft) writeDigests(scheme *signature.Scheme) {
	for i := range scheme.Signs {
		q := &scheme.Signs[i]
		if q.Kind == "check" && q.Want == "" {
			w.put(&q.Location, string(signature.BodyDigest("", w.body)))
		}
	}
}

// documentless reports whether the body is no JSON document.
func (w *draft) documentless() bool {
	return message.DocumentOf(w.message()) == nil
}
