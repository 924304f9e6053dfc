package hookward

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// token is the compiled option of that name.
type token struct {
	identity
	places  []place
	scheme  string // of the Authorization header, with its space: "Bearer " or "Basic "
	digests [][]byte
	exact   bool    // a JSON field: no name may stand there twice
	names   nameSet // that lead to it
}

// compileToken compiles the option token.
func compileToken(n *notes, secrets *resolver, options Options) *token {
	o := *options.Token
	t := &token{}
	header := placeOption(n, "token.header", o.Header, "", "")
	if header.kind != "" {
		t.places = append(t.places, header)
	}
	if o.Query != "" {
		t.places = append(t.places, place{kind: "query", name: o.Query})
	}
	field := placeOption(n, "", "", "token.field", o.Field)
	if field.kind != "" {
		t.places = append(t.places, field)
		t.exact = field.kind == "json"
		t.names = addPath(t.names, 0, field.path)
	}
	basic := o.Basic || o.BasicUser != ""
	switch {
	case basic && (o.Bearer || len(t.places) > 0):
		addProblem(n, "token.basic", kindContradiction, "contradicts the other places of the token")
	case basic:
		t.scheme = "Basic "
	case o.Bearer:
		t.scheme = "Bearer "
	case len(t.places) == 0:
		addProblem(n, "token.header", kindRequired, "is required, or one of query, field, bearer, basic: the place of the token, which the sender or you have chosen")
	}
	if strings.Contains(o.BasicUser, ":") {
		addProblem(n, "token.basicUser", kindInvalid, "can't contain a colon, RFC 7617")
	}
	t.id = placeOption(n, "token.idHeader", o.IDHeader, "token.idField", o.IDField)
	t.event = placeOption(n, "token.eventHeader", o.EventHeader, "token.eventField", o.EventField)
	if len(options.Secrets) == 0 {
		addProblem(n, "secrets", kindRequired, "is required; write env:NAME or file:/path")
	}
	for i, key := range secretKeys(secrets, n, options.Secrets, "utf8") {
		text := string(key)
		if o.BasicUser != "" {
			text = o.BasicUser + ":" + text
		}
		if o.Bearer && strings.HasPrefix(text, "Bearer ") {
			addWarning(n, fmt.Sprintf("secrets[%d]", i), kindInvalid, "begins with \"Bearer \", which is not part of a bearer token")
		}
		sum := sha256.Sum256([]byte(text))
		t.digests = append(t.digests, sum[:])
	}
	if basic && o.BasicUser == "" {
		checkPasswords(n, secrets, options.Secrets)
	}
	if len(options.Senders) > 0 {
		addProblem(n, "senders", kindNoEffect, "has no effect, because a token names no sender")
	}
	if options.Tolerance != 0 {
		addProblem(n, "tolerance", kindNoEffect, "has no effect, because a token has no timestamp")
	}
	return t
}

// checkPasswords looks at the passwords of user:password, which nobody is to guess,
// whatever the user is called.
func checkPasswords(n *notes, secrets *resolver, refs []string) {
	keys := secretKeys(secrets, n, refs, "utf8")
	if len(keys) < len(refs) {
		return // which has been said
	}
	for i, key := range keys {
		path := fmt.Sprintf("secrets[%d]", i)
		_, password, ok := strings.Cut(string(key), ":")
		if !ok {
			addProblem(n, path, kindInvalid, "is not user:password, which token.basic says; or give token.basicUser")
			continue
		}
		s := decodeSecret(password, "utf8")
		mistaken := ""
		if string(key) == refs[i] {
			mistaken = mistakenSecret(password)
		}
		switch {
		case s.problem != "":
			addProblem(n, path, kindInvalid, "has a password behind the colon that "+s.problem+"; whoever knows the user would pass")
		case mistaken != "":
			addProblem(n, path, kindInvalid, "has a password behind the colon that "+mistaken)
		}
		for _, w := range s.warnings {
			if w.kind == kindWeakSecret && len(key) < minSecretBytes {
				continue // it has been said of the whole
			}
			addWarning(n, path, w.kind, "has a password behind the colon that "+w.text)
		}
	}
}

// verifyToken says which one of the tokens a request has, from 1, in one place. The
// second result is verified or the reason to refuse.
func verifyToken(t *token, m *message) (int, string) {
	texts := []string{}
	for i := range t.places {
		found := textsAt(&t.places[i], m)
		if t.places[i].kind != "json" && len(found) > 1 || len(found) > 0 && len(texts) > 0 {
			return 0, tokenDuplicated
		}
		texts = append(texts, found...)
	}
	if t.scheme != "" {
		text, reason := authorization(t.scheme, m.request.Header["Authorization"])
		if reason != tokenRead && reason != tokenMissing {
			return 0, reason
		}
		if reason == tokenRead {
			if len(texts) > 0 {
				return 0, tokenDuplicated
			}
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		return 0, tokenMissing
	}
	key := 0
	for _, text := range texts {
		if text == "" {
			return 0, tokenMissing
		}
		key = matchingToken(t, text)
		if key == 0 {
			return 0, tokenMismatch
		}
	}
	if t.exact && hasTwins(m.body, t.names) {
		return 0, bodyMalformed
	}
	return key, verified
}

// authorization returns the credentials of an Authorization header, RFC 9110,
// 11.6.2: those of basic authentication decoded.
func authorization(scheme string, lines []string) (string, string) {
	if len(lines) == 0 || len(lines) == 1 && lines[0] == "" {
		return "", tokenMissing
	}
	if len(lines) > 1 {
		return "", tokenDuplicated
	}
	line := lines[0]
	if len(line) <= len(scheme) || !strings.EqualFold(line[:len(scheme)], scheme) {
		return "", tokenMalformed
	}
	text := line[len(scheme):]
	if scheme == "Bearer " {
		return text, tokenRead
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", tokenMalformed
	}
	return string(b), tokenRead
}

// matchingToken returns the position, from 1, of the secret that a text is. It
// compares hashes, which takes the same time wherever two texts differ and
// however long they are.
func matchingToken(t *token, text string) int {
	sum := sha256.Sum256([]byte(text))
	key := 0
	for k := range t.digests {
		if hmac.Equal(t.digests[k], sum[:]) {
			key = k + 1
		}
	}
	return key
}
