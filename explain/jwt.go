package explain

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/jwt"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// seenJWT tells of a token: where it stands, what it says, and what of that is not as it
// must be. The token itself is never shown, because whoever has it can use it.
func (j *judgement) seenJWT(at time.Time) []string {
	v := j.policy.JWT
	m := j.message()
	lines := j.placesOfJWT(m)
	texts, _ := jwt.Collect(v, m)
	if len(texts) == 0 || v.Introspection != nil {
		return lines
	}
	text := texts[0]
	if len(texts) > 1 {
		lines = append(lines, fmt.Sprintf("there are %d tokens; here the first one", len(texts)))
	}
	header, claims := jwt.Peek(text)
	if header != nil {
		lines = append(lines, "its header: "+valuesOf(header, "alg", "kid", "typ"))
	}
	if claims != nil && !v.Detached {
		lines = append(lines, j.claimLines(claims)...)
	}
	return append(lines, j.failedJWT(text, header, claims, m, at)...)
}

// placesOfJWT tells where the token is.
func (j *judgement) placesOfJWT(m *message.Message) []string {
	v := j.policy.JWT
	if v.Body {
		return []string{"the body is the token: " + bytesText(int64(len(m.Body)))}
	}
	lines := []string{}
	for i := range v.Locations {
		p := &v.Locations[i]
		found := message.TextsAt(p, m)
		line := locationName(p) + ": " + times(len(found))
		if len(found) == 1 && p.Kind == "header" && v.Scheme != "" && (len(found[0]) < len(v.Scheme) || !strings.EqualFold(found[0][:len(v.Scheme)], v.Scheme)) {
			line += ", not as \"" + v.Scheme + "...\""
		}
		lines = append(lines, line)
		if len(found) == 0 && p.Kind == "header" {
			lines = append(lines, nearHeaders(p.Name, m.Request.Header)...)
		}
	}
	return lines
}

// claimLines tells what a token claims, in the words of its sender: the claims that say
// whose it is and how long it is good, and the names of the others.
func (j *judgement) claimLines(claims map[string]any) []string {
	whose := "it claims"
	if !j.Matched {
		whose = "it claims, which nothing has verified"
	}
	usual := []string{"iss", "sub", "aud", "azp", "jti", "scope"}
	lines := []string{whose + ": " + valuesOf(claims, usual...)}
	dates := []string{}
	for _, name := range []string{"iat", "nbf", "exp"} {
		when, ok := jwt.Date(claims[name])
		if ok {
			dates = append(dates, name+" "+when.UTC().Format(time.RFC3339))
		} else if claims[name] != nil {
			dates = append(dates, name+" "+shown(fmt.Sprint(claims[name]))+", which is no time")
		}
	}
	if len(dates) > 0 {
		lines = append(lines, "its times: "+strings.Join(dates, ", "))
	}
	others := []string{}
	for name := range claims {
		if !words.Contains(append(usual, "iat", "nbf", "exp"), name) {
			others = append(others, shown(name))
		}
	}
	sort.Strings(others)
	if len(others) > 0 {
		lines = append(lines, "other claims: "+strings.Join(others, ", "))
	}
	return lines
}

// valuesOf writes values by their names, as far as they are there.
func valuesOf(object map[string]any, names ...string) string {
	texts := []string{}
	for _, name := range names {
		if object[name] != nil {
			texts = append(texts, name+" "+shown(fmt.Sprint(object[name])))
		}
	}
	if len(texts) == 0 {
		return "none of " + strings.Join(names, ", ")
	}
	return strings.Join(texts, ", ")
}

// failedJWT tells what is not as it must be.
func (j *judgement) failedJWT(text string, header, claims map[string]any, m *message.Message, at time.Time) []string {
	v := j.policy.JWT
	o, section := jwt.OptionsOf(j.options)
	is := func(name string, wanted []string, option string) []string {
		return []string{fmt.Sprintf("%s is %s; %s.%s has %s", name, orNothing(claims[name]), section, option, strings.Join(wanted, ", "))}
	}
	switch j.Reason {
	case verdict.TokenMalformed:
		problem := jwt.Malformed(v, text)
		if problem != "" {
			return []string{problem}
		}
	case verdict.AlgorithmRefused:
		return []string{fmt.Sprintf("it is made by %s; %s.algorithms has %s, and the key must be for that one", orNothing(header["alg"]), section, strings.Join(o.Algorithms, ", "))}
	case verdict.KeyUnknown:
		return []string{"no key has the id " + orNothing(header["kid"])}
	case verdict.SignatureMismatch:
		return []string{"the signature is of none of " + plural(jwt.KeyCount(v, fmt.Sprint(header["alg"])), "key")}
	case verdict.CertificateRefused:
		return []string{"its x5c is no chain of certificates to jwt.certificates.roots, of the length and with the extensions that jwt.certificates says"}
	case verdict.TypeMismatch:
		if len(o.Types) == 0 {
			return []string{fmt.Sprintf("typ is %s, which is taken only where jwt.types asks for it", orNothing(header["typ"]))}
		}
		return []string{fmt.Sprintf("typ is %s; it must be %s", orNothing(header["typ"]), strings.Join(o.Types, ", "))}
	case verdict.IssuerMismatch:
		return is("iss", o.Issuers, "issuers")
	case verdict.AudienceMismatch:
		return is("aud", o.Audiences, "audiences")
	case verdict.ScopeMissing:
		return []string{fmt.Sprintf("scope is %s, scp is %s; %s.scopes has %s", orNothing(claims["scope"]), orNothing(claims["scp"]), section, strings.Join(o.Scopes, ", "))}
	}
	return j.failedClaim(claims, m, at)
}

// failedClaim is failedJWT for what a token claims.
func (j *judgement) failedClaim(claims map[string]any, m *message.Message, at time.Time) []string {
	v := j.policy.JWT
	_, section := jwt.OptionsOf(j.options)
	switch j.Reason {
	case verdict.ClaimMismatch:
		if claims["cnf"] != nil || j.options.OAuth2 != nil && j.options.OAuth2.CertificateBound {
			return []string{"cnf is " + orNothing(claims["cnf"]) + ": a token with one is good only together with that key of the sender's, and with oauth2.certificateBound it must be the sender's client certificate"}
		}
		name, wanted := jwt.Unmet(v, claims)
		if name == "" {
			return []string{"it is no security event: it needs events, an object, and iat and jti"}
		}
		if wanted == nil {
			return []string{"it has no " + shown(name)}
		}
		return []string{fmt.Sprintf("%s is %s; %s.claims has %s", shown(name), orNothing(jwt.Claim(claims, name)), section, strings.Join(wanted, ", "))}
	case verdict.BodyMismatch:
		name, want := jwt.Digest(v, m.Body)
		return []string{fmt.Sprintf("%s is %s; the body's digest is %s", name, orNothing(jwt.Claim(claims, name)), want)}
	case verdict.URLMismatch:
		name, want := jwt.Address(v, m.Request)
		return []string{fmt.Sprintf("%s is %s; by publicURL and the request, it should be %s", name, orNothing(claims[name]), shown(want))}
	case verdict.TokenExpired:
		when, _ := jwt.Date(claims["exp"])
		return []string{fmt.Sprintf("it was over %s before; judged as of %s, %s allowed", at.Sub(when).Round(time.Second), at.UTC().Format(time.RFC3339), v.Tolerance)}
	case verdict.TokenNotYetValid:
		return []string{fmt.Sprintf("it is not good yet; judged as of %s, %s allowed", at.UTC().Format(time.RFC3339), v.Tolerance)}
	case verdict.TokenLifetimeTooLong:
		return []string{"it is good for longer than " + section + ".maxLifetime (default 24h)"}
	}
	return nil
}

// orNothing writes a value, or says that there is none.
func orNothing(value any) string {
	if value == nil || value == "" {
		return "not there"
	}
	return shown(fmt.Sprint(value))
}
