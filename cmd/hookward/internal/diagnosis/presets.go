package diagnosis

import (
	"fmt"
	"strings"

	"github.com/hookward/hookward/explain"
)

// kept are the options that a sender's row may need beside its name. The catalogue's
// rows refuse those that have no effect.
var kept = []string{"secrets", "publicKeys", "publicURL", "senders"}

// wellKnown are named first: many senders have their schemes.
var wellKnown = []string{"github", "standard-webhooks", "svix", "stripe"}

// maxNames bounds the providers that are named.
const maxNames = 5

// tryPresets asks the gates of all other providers of the catalogue.
func (s *search) tryPresets() {
	present, _ := option(s.raw, "provider").(string)
	right, readable := []string{}, []string{}
	for _, slug := range onces(append(wellKnown, explain.Providers()...)...) {
		if slug == present {
			continue
		}
		found := s.askProvider(slug)
		switch {
		case found.Matched:
			right = append(right, slug)
		case found.Reason == "signature_mismatch" || strings.HasPrefix(found.Reason, "timestamp_t"):
			readable = append(readable, slug)
		}
	}
	if len(right) > 0 {
		text := "it is signed as a delivery of " + names(right)
		if present != "" {
			text += ", and not of " + present
		}
		cure := "provider: " + right[0]
		if len(right) > 1 {
			cure = "provider: whichever of these the sender is"
		}
		if option(s.raw, "signature") != nil || option(s.raw, "token") != nil {
			cure += ", without signature and token"
		}
		s.add(Cause{"provider", text, cure})
	} else if s.Verdict.Reason != "signature_mismatch" && len(readable) > 0 {
		s.hint("the request has a signature as " + names(readable) + " sends it, but of another secret, or over another body")
	}
}

// askProvider asks the gate of a provider, with what that needs of the configuration.
func (s *search) askProvider(slug string) explain.Explanation {
	raw := map[string]any{"provider": slug}
	for _, name := range kept {
		value := option(s.raw, name)
		if value != nil {
			raw[name] = value
		}
	}
	found := explain.Explanation{}
	for turn := 0; turn <= len(kept); turn++ {
		found = s.ask(trial{raw: raw})
		dropped := false
		for _, problem := range found.Problems {
			name, _, needless := strings.Cut(problem, ": has no effect")
			if needless && raw[name] != nil {
				delete(raw, name)
				dropped = true
			}
		}
		if !dropped {
			break
		}
	}
	return found
}

func names(slugs []string) string {
	if len(slugs) > maxNames {
		return strings.Join(slugs[:maxNames], ", ") + fmt.Sprintf(" or %d more", len(slugs)-maxNames)
	}
	if len(slugs) == 1 {
		return slugs[0]
	}
	return strings.Join(slugs[:len(slugs)-1], ", ") + " or " + slugs[len(slugs)-1]
}
