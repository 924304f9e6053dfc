// Package handshakes knows how providers ask whether an address is ours, and what they
// are answered. It must not know when in the order of checks they are.
package handshakes

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/words"
)

// Handshake is a compiled section of the option handshakes.
type Handshake struct {
	Method      string
	Conditions  []condition
	Fields      map[string]bool // that a form has, for which strangers are answered
	hint        []byte          // a text of the body, without which it need not be read; may be empty
	form        bool            // a condition is about a form
	Unsigned    bool
	TokenAt     message.Location // of the verify token
	Token       []byte
	Challenge   message.Location
	pattern     *regexp.Regexp
	digest      signature.Algorithm
	digestOf    []signature.Piece
	key         []byte
	answer      []signature.Piece
	headers     []answerHeader
	contentType string
	status      int
	fixed       map[string]string // what placeholders stand for in every answer
}

// challengePatterns are the values of the option handshakes[].pattern. None has
// a character that HTML, JSON or a header's syntax is made of. All but text may be
// answered with their MAC: they are no JSON object, and no text of a scheme that
// signs a timestamp and a colon. A bound of 512 bytes in the expressions would make each of
// them 65 KiB large, so signature.MaxChallenge is one beside them.
var challengePatterns = map[string]*regexp.Regexp{
	"token":  regexp.MustCompile(`^[A-Za-z0-9._~+/=-]+$`),
	"hex":    regexp.MustCompile(`^[0-9A-Fa-f]+$`),
	"digits": regexp.MustCompile(`^[0-9]{1,32}$`),
	"uuid":   regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`),
	"text":   regexp.MustCompile(`^[A-Za-z0-9 ._~+/=:,;!?@#$*()|-]+$`),
}

// Set are what the option of that name compiles to.
type Set struct {
	All        []*Handshake
	Challenges []*regexp.Regexp // what strangers may have signed with the deliveries' key
	Unsigned   []*Handshake
	Signed     []*Handshake
	Methods    map[string]bool // of those that carry no delivery
}

// Compile compiles the handshakes, which may be answered with the key of the
// deliveries. The methods are those of deliveries.
func Compile(n *config.Notes, resolver *secrets.Resolver, options config.Options, schemes []*signature.Scheme, methods map[string]bool) Set {
	made := Set{Methods: map[string]bool{}}
	usesToken := false
	for i, o := range options.Handshakes {
		path := fmt.Sprintf("handshakes[%d]", i)
		usesToken = usesToken || o.VerifyTokenField != "" || strings.Contains(o.DigestOf, "{verifyToken}")
		h := compileHandshake(n, resolver, options, *o, path)
		if h == nil {
			continue
		}
		if h.digest.Family == "hmac" || h.digest.Family == "hash" && strings.Contains(o.DigestOf, "{secret}") {
			h.key = handshakeKey(n, schemes, path)
			if h.Unsigned {
				checkOracle(n, *o, path)
				made.Challenges = append(made.Challenges, h.pattern)
			}
		}
		if len(h.Conditions) == 0 && h.Challenge.Kind == "" && (h.Method == http.MethodPost || methods[h.Method]) {
			config.AddProblem(n, path+".when", config.KindRequired, "is required, or challenge, to tell the handshake from a delivery")
		}
		made.All = append(made.All, h)
		if h.Unsigned {
			made.Unsigned = append(made.Unsigned, h)
		} else {
			made.Signed = append(made.Signed, h)
		}
		if !methods[h.Method] {
			made.Methods[h.Method] = true
		}
	}
	if options.VerifyToken != "" && !usesToken {
		config.AddProblem(n, "verifyToken", config.KindNoEffect, "has no effect, because there is no handshake with one")
	}
	return made
}

// checkOracle bounds what strangers may have signed with a secret.
func checkOracle(n *config.Notes, o config.HandshakeOptions, path string) {
	if o.Pattern == "text" {
		config.AddProblem(n, path+".pattern", config.KindInvalid, "can't be text, because the answer to strangers is made with a secret")
	}
	if o.DigestOf != "" && o.DigestOf != "{challenge}" {
		config.AddProblem(n, path+".digestOf", config.KindInvalid, "must be {challenge} alone, because the answer to strangers is made with a secret")
	}
}

// compileHandshake compiles one section. It returns nil for a handshake that
// has no verify token to ask for, and is not answered then.
func compileHandshake(n *config.Notes, resolver *secrets.Resolver, options config.Options, o config.HandshakeOptions, path string) *Handshake {
	h := &Handshake{Method: words.OrDefault(o.Method, http.MethodPost), Unsigned: o.Unsigned, status: int(o.Status), fixed: map[string]string{}}
	wrong := func(option, kind, text string) { config.AddProblem(n, path+"."+option, kind, text) }
	if !words.Contains([]string{"GET", "HEAD", "OPTIONS", "POST"}, h.Method) {
		wrong("method", config.KindInvalid, words.Quote(o.Method)+" is not one of GET, HEAD, OPTIONS, POST")
	}
	if h.Method != http.MethodPost && !h.Unsigned {
		wrong("unsigned", config.KindInvalid, "must be true for other methods than POST; nobody signs a request without a body")
	}
	compileConditions(n, h, o, path)
	h.Challenge = message.LocationOption(n, "", "", path+".challenge", o.Challenge)
	pattern, known := challengePatterns[words.OrDefault(o.Pattern, "token")]
	if !known {
		wrong("pattern", config.KindInvalid, words.Quote(o.Pattern)+" is not known; allowed: token, hex, digits, uuid, text")
	}
	h.pattern = pattern
	compileAnswer(n, h, o, path)
	if o.Challenge == "" && usesChallenge(h, o) {
		wrong("challenge", config.KindRequired, "is required, because {challenge} stands in the answer or is what is digested")
	}
	if o.Digest != "" {
		a, known := signature.Algorithms[o.Digest]
		if !known || signature.IsPublic(&a) {
			wrong("digest", config.KindInvalid, words.Quote(o.Digest)+" is not known; allowed: hmac-... and hash-... of signature.algorithm")
		}
		h.digest = a
		h.digestOf = answerTemplate(n, words.OrDefault(o.DigestOf, "{challenge}"), path+".digestOf", []string{"challenge", "verifyToken", "url"})
	}
	if len(options.Senders) > 0 {
		h.fixed["sender"] = options.Senders[0]
	}
	h.fixed["url"] = options.PublicURL
	h.TokenAt = message.LocationOption(n, "", "", path+".verifyTokenField", o.VerifyTokenField)
	if h.TokenAt.Kind != "" || strings.Contains(o.DigestOf, "{verifyToken}") {
		if options.VerifyToken == "" {
			config.AddWarning(n, "verifyToken", config.KindRequired, "is not given, so the handshake that asks for it ("+h.Method+") is not answered")
			return nil
		}
		key := secrets.ResolveOption(resolver, n, "verifyToken", options.VerifyToken, "utf8")
		if secrets.IsSecret(resolver, key) {
			config.AddProblem(n, "verifyToken", config.KindInvalid, "is one of secrets too; it is shown in URLs, so it must be another word")
		}
		sum := sha256.Sum256(key)
		h.Token = sum[:]
		h.fixed["verifyToken"] = string(key)
	}
	compileFields(h)
	if strings.Contains(o.DigestOf, "{url}") && options.PublicURL == "" {
		config.AddProblem(n, "publicURL", config.KindRequired, "is required, because "+path+".digestOf contains {url}")
	}
	return h
}

// answerHeader is a header of an answer.
type answerHeader struct {
	name  string
	value []signature.Piece
}

// compileAnswer compiles what is said.
func compileAnswer(n *config.Notes, h *Handshake, o config.HandshakeOptions, path string) {
	names := []string{"challenge", "sender"}
	if o.Digest != "" {
		names = append(names, "hex", "base64")
	}
	h.answer = answerTemplate(n, o.Answer, path+".answer", names)
	for i, line := range o.AnswerHeaders {
		at := fmt.Sprintf("%s.answerHeaders[%d]", path, i)
		name, value, ok := strings.Cut(line, ": ")
		if !ok || !header.IsName(name) {
			config.AddProblem(n, at, config.KindInvalid, words.Quote(line)+" is not a header, as Name: value")
		}
		h.headers = append(h.headers, answerHeader{name: name, value: answerTemplate(n, value, at, names)})
	}
	h.contentType = o.ContentType
	if h.contentType == "" && o.Answer != "" {
		h.contentType = "text/plain; charset=utf-8"
		if strings.HasPrefix(o.Answer, "{{") {
			h.contentType = "application/json"
		}
	}
	if h.status == 0 {
		h.status = http.StatusOK
	}
	if h.status < 200 || h.status > 299 {
		config.AddProblem(n, path+".status", config.KindInvalid, "must be from 200 to 299")
	}
}

// answerTemplate compiles a text with placeholders of some names.
func answerTemplate(n *config.Notes, text, path string, names []string) []signature.Piece {
	pieces, problem := signature.SplitTemplate(text)
	if problem != "" {
		config.AddProblem(n, path, config.KindInvalid, problem)
	}
	for _, p := range pieces {
		if p.Placeholder != "" && !words.Contains(names, p.Placeholder) {
			config.AddProblem(n, path, config.KindInvalid, "{"+p.Placeholder+"} can't stand here; allowed: {"+strings.Join(names, "}, {")+"}")
		}
	}
	return pieces
}

// usesChallenge says whether an answer is made of the challenge. Without one, a
// digest for strangers would be that of an empty body.
func usesChallenge(h *Handshake, o config.HandshakeOptions) bool {
	templates := [][]signature.Piece{h.answer}
	for _, header := range h.headers {
		templates = append(templates, header.value)
	}
	for _, template := range templates {
		for _, p := range template {
			if p.Placeholder == "challenge" {
				return true
			}
		}
	}
	return o.Digest != "" && (o.DigestOf == "" || strings.Contains(o.DigestOf, "{challenge}"))
}

// DigestsURL says whether handshakes have a use for the option publicURL.
func DigestsURL(all []*Handshake) bool {
	for _, h := range all {
		for _, q := range h.digestOf {
			if q.Placeholder == "url" {
				return true
			}
		}
	}
	return false
}

// handshakeKey returns the newest secret that deliveries are signed with.
func handshakeKey(n *config.Notes, schemes []*signature.Scheme, path string) []byte {
	for _, s := range schemes {
		if len(s.Keys) > 0 {
			return s.Keys[0]
		}
	}
	if len(n.Problems) == 0 {
		config.AddProblem(n, path+".digest", config.KindRequired, "needs a secret, and the scheme has none")
	}
	return nil
}
