package diagnosis

import (
	"regexp"
	"strings"
)

var (
	// lowered is a value that is signed in small letters, and plainValue one that is signed
	// as it stands.
	lowered    = regexp.MustCompile(`\{lower:([^{}]+)\}`)
	plainValue = regexp.MustCompile(`\{((?:header|query|form|multipart|json):[^{}=]+)\}`)
)

// tryLetters signs values as they stand where the scheme has small letters, and the reverse:
// senders change that, as Mercado Pago has (mercadopago/sdk-php #621). First one value, then
// all of them.
func (s *search) tryLetters() {
	for _, scheme := range s.schemes {
		for _, way := range []struct {
			from         *regexp.Regexp
			to, how, but string
		}{
			{lowered, "{$1}", "as it stands", "in small letters"},
			{plainValue, "{lower:$1}", "in small letters", "as it stands"},
		} {
			found := way.from.FindAllStringSubmatch(scheme.Signs, -1)
			names := []string{}
			for _, place := range found {
				names = append(names, place[1])
				changed := scheme
				changed.Signs = strings.Replace(scheme.Signs, place[0], way.from.ReplaceAllString(place[0], way.to), 1)
				text := "the sender signs " + place[1] + " " + way.how + ", where the scheme has it " + way.but
				s.try(trial{raw: schemeConfig(s.raw, changed)}, Cause{"letter-case", text, "signature.signs: " + quoted(changed.Signs)})
			}
			if len(found) > 1 {
				changed := scheme
				changed.Signs = way.from.ReplaceAllString(scheme.Signs, way.to)
				text := "the sender signs " + strings.Join(names, ", ") + " " + way.how + ", where the scheme has them " + way.but
				s.try(trial{raw: schemeConfig(s.raw, changed)}, Cause{"letter-case", text, "signature.signs: " + quoted(changed.Signs)})
			}
		}
	}
}

// quoted writes a text as YAML has it in quotes.
func quoted(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}
