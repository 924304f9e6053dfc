package messagesignature

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/words"
)

// compileURL compiles the option publicURL.
func compileURL(n *config.Notes, v *Verifier, text string) {
	if text == "" {
		return
	}
	origin, whole, problem := signature.SplitPublicURL(text)
	if problem != "" {
		config.AddProblem(n, "publicURL", config.KindInvalid, problem)
		return
	}
	u, err := url.Parse(words.OrDefault(whole, origin))
	if err != nil {
		config.AddProblem(n, "publicURL", config.KindInvalid, "is no URL")
		return
	}
	v.scheme = strings.ToLower(u.Scheme)
	v.authority = canonicalAuthority(u.Host, v.scheme)
	if whole != "" {
		v.pinned = true
		v.pinnedPath = canonicalPath(u.EscapedPath())
		v.pinnedQuery = u.RawQuery
		v.forceQuery = u.ForceQuery
	}
}

// namesRead returns the headers that a request is verified by.
func namesRead(v *Verifier) map[string]bool {
	names := map[string]bool{signatureHeader: true}
	if v.Cavage {
		names["Authorization"] = true
	} else {
		names[inputHeader] = true
	}
	for _, list := range [][]string{v.Components, v.IfPresent} {
		for _, name := range list {
			if strings.Trim(name, "@(") == name && name != "host" {
				names[http.CanonicalHeaderKey(name)] = true
			}
		}
	}
	signature.AddHeaders(names, []message.Location{v.ID, v.Event})
	return names
}

// Signs says whether a location of a request can't be changed by whoever has seen one: it is a
// header that has to be covered, or it is in the body.
func Signs(v *Verifier, at *message.Location) bool {
	name := strings.ToLower(at.Name)
	if at.Kind == "header" {
		return words.Contains(v.Components, name) || words.Contains(v.IfPresent, name)
	}
	return at.Kind == "json" && BindsBody(v)
}

// BindsBody says whether a body's digest has to be covered.
func BindsBody(v *Verifier) bool {
	for _, component := range v.Components {
		if digestFields[component] {
			return true
		}
	}
	return false
}
