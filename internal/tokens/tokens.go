// Package tokens knows how a delivery is verified by a token that it carries. It must
// not know what else a gate asks of it.
package tokens

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
)

// Token is the compiled option of that name.
type Token struct {
	message.Identity
	Locations []message.Location
	Scheme    string // of the Authorization header, with its space: "Bearer " or "Basic "
	Digests   [][]byte
	newest    string          // the token itself, of the first of secrets
	inJSON    bool            // a JSON field: no name may stand there twice
	names     message.NameSet // that lead to it
}

// Compile compiles the option token.
func Compile(n *config.Notes, resolver *secrets.Resolver, options config.Options) *Token {
	o := *options.Token
	t := &Token{}
	header := message.LocationOption(n, "token.header", o.Header, "", "")
	if header.Kind != "" {
		t.Locations = append(t.Locations, header)
	}
	if o.Query != "" {
		t.Locations = append(t.Locations, message.Location{Kind: "query", Name: o.Query})
	}
	field := message.LocationOption(n, "", "", "token.field", o.Field)
	if field.Kind != "" {
		t.Locations = append(t.Locations, field)
		t.inJSON = field.Kind == "json"
		t.names = message.AddPath(t.names, 0, field.Path)
	}
	basic := o.Basic || o.BasicUser != ""
	switch {
	case basic && (o.Bearer || len(t.Locations) > 0):
		config.AddProblem(n, "token.basic", config.KindContradiction, "contradicts the other locations of the token")
	case basic:
		t.Scheme = "Basic "
	case o.Bearer:
		t.Scheme = "Bearer "
	case len(t.Locations) == 0:
		config.AddProblem(n, "token.header", config.KindRequired, "is required, or one of query, field, bearer, basic: the location of the token, which the sender or you have chosen")
	}
	if strings.Contains(o.BasicUser, ":") {
		config.AddProblem(n, "token.basicUser", config.KindInvalid, "can't contain a colon, RFC 7617")
	}
	t.ID = message.LocationOption(n, "token.idHeader", o.IDHeader, "token.idField", o.IDField)
	t.Event = message.LocationOption(n, "token.eventHeader", o.EventHeader, "token.eventField", o.EventField)
	if len(options.Secrets) == 0 {
		config.AddProblem(n, "secrets", config.KindRequired, "is required; write env:NAME or file:/path")
	}
	encoding := "utf8"
	if basic && o.BasicUser == "" {
		encoding = secrets.PairEncoding
	}
	for i, key := range secrets.Keys(resolver, n, options.Secrets, encoding) {
		text := string(key)
		if o.BasicUser != "" {
			text = o.BasicUser + ":" + text
		}
		if o.Bearer && strings.HasPrefix(text, "Bearer ") {
			config.AddWarning(n, fmt.Sprintf("secrets[%d]", i), config.KindInvalid, "begins with \"Bearer \", which is not part of a bearer token")
		}
		if i == 0 {
			t.newest = text
		}
		sum := sha256.Sum256([]byte(text))
		t.Digests = append(t.Digests, sum[:])
	}
	if encoding == secrets.PairEncoding {
		checkPasswords(n, resolver, options.Secrets)
	}
	if len(options.Senders) > 0 {
		config.AddProblem(n, "senders", config.KindNoEffect, "has no effect, because a token names no sender")
	}
	if options.Tolerance != 0 {
		config.AddProblem(n, "tolerance", config.KindNoEffect, "has no effect, because a token has no timestamp")
	}
	return t
}

// Newest returns the header or the query's value that the newest of the tokens makes, as a
// sender would write it.
func Newest(t *Token) string {
	switch t.Scheme {
	case "Basic ":
		return t.Scheme + base64.StdEncoding.EncodeToString([]byte(t.newest))
	case "Bearer ":
		return t.Scheme + t.newest
	}
	return t.newest
}

// checkPasswords looks at the passwords of user:password, which nobody is to guess,
// whatever the user is called.
func checkPasswords(n *config.Notes, resolver *secrets.Resolver, refs []string) {
	keys := secrets.Keys(resolver, n, refs, secrets.PairEncoding)
	if len(keys) < len(refs) {
		return // which has been said
	}
	for i, key := range keys {
		path := fmt.Sprintf("secrets[%d]", i)
		_, password, ok := strings.Cut(string(key), ":")
		if !ok {
			config.AddProblem(n, path, config.KindInvalid, "is not user:password, which token.basic says; or give token.basicUser")
			continue
		}
		s := secrets.Decode(password, "utf8")
		mistaken := ""
		if string(key) == refs[i] {
			mistaken = secrets.Mistaken(password)
		}
		switch {
		case s.Problem != "":
			config.AddProblem(n, path, config.KindInvalid, "has a password behind the colon that "+s.Problem+"; whoever knows the user would pass")
		case mistaken != "":
			config.AddProblem(n, path, config.KindInvalid, "has a password behind the colon that "+mistaken)
		}
		for _, w := range s.Warnings {
			if w.Kind == config.KindWeakSecret && len(key) < secrets.MinBytes {
				continue // it has been said of the whole
			}
			config.AddWarning(n, path, w.Kind, "has a password behind the colon that "+w.Text)
		}
	}
}

// Verify says which one of the tokens a request has, from 1, in one place. The
// second result is verified or the reason to refuse.
func Verify(t *Token, m *message.Message) (int, string) {
	texts := []string{}
	for i := range t.Locations {
		found := message.TextsAt(&t.Locations[i], m)
		if t.Locations[i].Kind != "json" && len(found) > 1 || len(found) > 0 && len(texts) > 0 {
			return 0, verdict.TokenDuplicated
		}
		texts = append(texts, found...)
	}
	if t.Scheme != "" {
		text, reason := authorization(t.Scheme, m.Request.Header["Authorization"])
		if reason != verdict.TokenRead && reason != verdict.TokenMissing {
			return 0, reason
		}
		if reason == verdict.TokenRead {
			if len(texts) > 0 {
				return 0, verdict.TokenDuplicated
			}
			texts = append(texts, text)
		}
	}
	if len(texts) == 0 {
		return 0, verdict.TokenMissing
	}
	key := 0
	for _, text := range texts {
		if text == "" {
			return 0, verdict.TokenMissing
		}
		key = matchingToken(t, text)
		if key == 0 {
			return 0, verdict.TokenMismatch
		}
	}
	if t.inJSON && message.HasDuplicateNames(m.Body, t.names) {
		return 0, verdict.BodyMalformed
	}
	return key, verdict.Verified
}

// authorization returns the credentials of an Authorization header, RFC 9110,
// 11.6.2: those of basic authentication decoded.
func authorization(scheme string, lines []string) (string, string) {
	if len(lines) == 0 || len(lines) == 1 && lines[0] == "" {
		return "", verdict.TokenMissing
	}
	if len(lines) > 1 {
		return "", verdict.TokenDuplicated
	}
	line := lines[0]
	if len(line) <= len(scheme) || !strings.EqualFold(line[:len(scheme)], scheme) {
		return "", verdict.TokenMalformed
	}
	text := line[len(scheme):]
	if scheme == "Bearer " {
		return text, verdict.TokenRead
	}
	b, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return "", verdict.TokenMalformed
	}
	return string(b), verdict.TokenRead
}

// matchingToken returns the position, from 1, of the secret that a text is. It
// compares hashes, which takes the same time wherever two texts differ and
// however long they are.
func matchingToken(t *Token, text string) int {
	sum := sha256.Sum256([]byte(text))
	key := 0
	for k := range t.Digests {
		if hmac.Equal(t.Digests[k], sum[:]) {
			key = k + 1
		}
	}
	return key
}
