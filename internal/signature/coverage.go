package signature

import (
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/words"
)

// BindsBody says whether the body is signed from its first to its last byte, or
// by all of its fields, or by a digest in a location that is signed.
func BindsBody(s *Scheme) bool {
	for _, q := range s.Signs {
		if IsBody(q.Kind) || q.Kind == "digest" || q.Kind == "fields" && q.Location.Kind == "form" {
			return true
		}
		if q.Kind == "check" && q.Want == "" && (signsLocation(s, q.Location) || q.Location.Kind == "query" && signsQuery(s)) {
			return true
		}
	}
	return false
}

// signsQuery says whether the whole query is signed.
func signsQuery(s *Scheme) bool {
	for _, q := range s.Signs {
		if q.Kind == "query" || q.Kind == "uri" || words.Contains(urlKinds, q.Kind) || q.Kind == "fields" && q.Location.Kind == "query" {
			return true
		}
	}
	return s.DigestField != ""
}

// readsBody says whether single values of a JSON body are signed, or are the
// signature.
func readsBody(s *Scheme) bool {
	for _, q := range s.Signs {
		if q.Location.Kind == "json" {
			return true
		}
	}
	return s.Field.Kind == "json"
}

// signsLocation says whether the text at a location is a part of what is signed.
func signsLocation(s *Scheme, at message.Location) bool {
	for _, q := range s.Signs {
		if SameLocation(q.Location, at) && q.Kind == "value" && q.Group == 0 {
			return true
		}
	}
	return false
}

// SignedNames returns the names that lead to the values that are signed, or are
// read beside these, in JSON documents.
func SignedNames(schemes []*Scheme) message.NameSet {
	names := message.NameSet{}
	for _, s := range schemes {
		if !s.SignsValues {
			continue
		}
		names = message.AddPath(names, 0, s.Items)
		below := message.DepthOf(s.Items)
		locations := []message.Location{s.Field, s.Timestamp, s.Sender, s.Certificate}
		for _, q := range s.Signs {
			locations = append(locations, q.Location)
		}
		for _, at := range locations {
			names = message.AddPath(names, below, at.Path)
		}
	}
	return names
}

// SchemeNames returns the names of the headers that one scheme reads.
func SchemeNames(s *Scheme) map[string]bool {
	names := map[string]bool{}
	for _, name := range s.Headers {
		names[name] = true
	}
	AddHeaders(names, []message.Location{s.Field, s.Timestamp, s.ID, s.Event, s.Sender, s.Certificate})
	for _, q := range s.Signs {
		AddHeaders(names, []message.Location{q.Location})
	}
	return names
}

func AddHeaders(names map[string]bool, locations []message.Location) {
	for _, p := range locations {
		if p.Kind == "header" {
			names[p.Name] = true
		}
	}
}

// SeparateForms notes on the schemes of signatures over the whole body that there
// is another for HTML forms. Else a JSON text with "&payload=..." in one of its
// strings could be sent again as a form.
func SeparateForms(schemes []*Scheme) {
	for _, s := range schemes {
		if SignsPart(s.Signs, "only") {
			for _, other := range schemes {
				other.skipsForms = SignsPart(other.Signs, "body")
			}
		}
	}
}
