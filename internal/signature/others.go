package signature

import "net/http"

// RemoveOthers takes out the headers of schemes that did not verify: a backend could take
// them for those that did. Names are those of all schemes.
func RemoveOthers(h http.Header, schemes []*Scheme, verified *Scheme, names map[string]bool) {
	for name := range names {
		if !verified.Names[name] && !repeatsVerified(h, schemes, verified, name) {
			delete(h, name)
		}
	}
}

// repeatsVerified says whether a header of another scheme has what its counterpart
// has in the scheme that verified: newer Svix sends each header by two names.
func repeatsVerified(h http.Header, schemes []*Scheme, v *Scheme, name string) bool {
	for _, s := range schemes {
		counterpart := ""
		switch {
		case s.ID.Kind == "header" && s.ID.Name == name && v.ID.Kind == "header":
			counterpart = v.ID.Name
		case s.Timestamp.Kind == "header" && s.Timestamp.Name == name && v.Timestamp.Kind == "header":
			counterpart = v.Timestamp.Name
		case len(s.Headers) == 1 && s.Headers[0] == name && len(v.Headers) == 1:
			counterpart = v.Headers[0]
		}
		if counterpart != "" && len(h[name]) == 1 && len(h[counterpart]) == 1 && h[name][0] == h[counterpart][0] {
			return true
		}
	}
	return false
}
