package hookward

// bindsBody says whether the body is signed from its first to its last byte, or
// by all of its fields, or by a digest in a place that is signed.
func bindsBody(s *scheme) bool {
	for _, q := range s.signs {
		if isBody(q.kind) || q.kind == "digest" || q.kind == "fields" && q.place.kind == "form" {
			return true
		}
		if q.kind == "check" && q.want == "" && (signsPlace(s, q.place) || q.place.kind == "query" && signsQuery(s)) {
			return true
		}
	}
	return false
}

// signsQuery says whether the whole query is signed.
func signsQuery(s *scheme) bool {
	for _, q := range s.signs {
		if q.kind == "query" || q.kind == "uri" || contains(urlKinds, q.kind) || q.kind == "fields" && q.place.kind == "query" {
			return true
		}
	}
	return s.digestField != ""
}

// readsBody says whether single values of a JSON body are signed, or are the
// signature.
func readsBody(s *scheme) bool {
	for _, q := range s.signs {
		if q.place.kind == "json" {
			return true
		}
	}
	return s.field.kind == "json"
}

// signsPlace says whether the text at a place is a part of what is signed.
func signsPlace(s *scheme, at place) bool {
	for _, q := range s.signs {
		if samePlace(q.place, at) && q.kind == "value" && q.group == 0 {
			return true
		}
	}
	return false
}

// signedNames returns the names that lead to the values that are signed, or are
// read beside these, in JSON documents.
func signedNames(schemes []*scheme) nameSet {
	names := nameSet{}
	for _, s := range schemes {
		if !s.exact {
			continue
		}
		names = addPath(names, 0, s.items)
		below := depthOf(s.items)
		places := []place{s.field, s.timestamp, s.sender, s.certificate}
		for _, q := range s.signs {
			places = append(places, q.place)
		}
		for _, at := range places {
			names = addPath(names, below, at.path)
		}
	}
	return names
}

// schemeNames returns the names of the headers that one form reads.
func schemeNames(s *scheme) map[string]bool {
	names := map[string]bool{}
	for _, name := range s.headers {
		names[name] = true
	}
	addHeaders(names, []place{s.field, s.timestamp, s.id, s.event, s.sender, s.certificate})
	for _, q := range s.signs {
		addHeaders(names, []place{q.place})
	}
	return names
}

func addHeaders(names map[string]bool, places []place) {
	for _, p := range places {
		if p.kind == "header" {
			names[p.name] = true
		}
	}
}

// separateForms notes on the forms of signatures over the whole body that there
// is another for HTML forms. Else a JSON text with "&payload=..." in one of its
// strings could be sent again as a form.
func separateForms(schemes []*scheme) {
	for _, s := range schemes {
		if signsPart(s.signs, "only") {
			for _, other := range schemes {
				other.formless = signsPart(other.signs, "body")
			}
		}
	}
}
