package hookward

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"regexp"
	"strings"
)

// handshake is a compiled section of the option handshakes.
type handshake struct {
	method      string
	conditions  []condition
	fields      map[string]bool // that a form has, for which strangers are answered
	hint        []byte          // a text of the body, without which it need not be read; may be empty
	unsigned    bool
	tokenAt     place // of the verify token
	token       []byte
	challenge   place
	pattern     *regexp.Regexp
	digest      algorithm
	digestOf    []piece
	key         []byte
	answer      []piece
	headers     []answerHeader
	contentType string
	status      int
	fixed       map[string]string // what placeholders stand for in every answer
}

// challengePatterns are the values of the option handshakes[].pattern. None has
// a sign that HTML, JSON or a header's syntax is made of. All but text may be
// answered with their MAC: they are no JSON object, and no text of a scheme that
// signs a timestamp and a colon.
var challengePatterns = map[string]*regexp.Regexp{
	"token":  regexp.MustCompile(`^[A-Za-z0-9._~+/=-]{1,512}$`),
	"hex":    regexp.MustCompile(`^[0-9A-Fa-f]{1,512}$`),
	"digits": regexp.MustCompile(`^[0-9]{1,32}$`),
	"uuid":   regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`),
	"text":   regexp.MustCompile(`^[A-Za-z0-9 ._~+/=:,;!?@#$*()|-]{1,512}$`),
}

// handshakes are what the option of that name compiles to.
type handshakes struct {
	all        []*handshake
	challenges []*regexp.Regexp // what strangers may have signed with the deliveries' key
	unsigned   []*handshake
	signed     []*handshake
	methods    []string        // of those that carry no delivery
	greets     map[string]bool // the same
}

// compileHandshakes compiles the handshakes, which may be answered with the key of the
// deliveries. The methods are those of deliveries.
func compileHandshakes(n *notes, secrets *resolver, options Options, schemes []*scheme, methods map[string]bool) handshakes {
	made := handshakes{greets: map[string]bool{}}
	usesToken := false
	for i, o := range options.Handshakes {
		path := fmt.Sprintf("handshakes[%d]", i)
		usesToken = usesToken || o.VerifyTokenField != "" || strings.Contains(o.DigestOf, "{verifyToken}")
		h := compileHandshake(n, secrets, options, *o, path)
		if h == nil {
			continue
		}
		if h.digest.family == "hmac" || h.digest.family == "hash" && strings.Contains(o.DigestOf, "{secret}") {
			h.key = handshakeKey(n, schemes, path)
			if h.unsigned {
				checkOracle(n, *o, path)
				made.challenges = append(made.challenges, h.pattern)
			}
		}
		if len(h.conditions) == 0 && h.challenge.kind == "" && (h.method == http.MethodPost || methods[h.method]) {
			addProblem(n, path+".when", kindRequired, "is required, or challenge, to tell the handshake from a delivery")
		}
		made.all = append(made.all, h)
		if h.unsigned {
			made.unsigned = append(made.unsigned, h)
		} else {
			made.signed = append(made.signed, h)
		}
		if !methods[h.method] {
			made.greets[h.method] = true
			made.methods = append(made.methods, h.method)
		}
	}
	if options.VerifyToken != "" && !usesToken {
		addProblem(n, "verifyToken", kindNoEffect, "has no effect, because there is no handshake with one")
	}
	return made
}

// checkOracle bounds what strangers may have signed with a secret.
func checkOracle(n *notes, o HandshakeOptions, path string) {
	if o.Pattern == "text" {
		addProblem(n, path+".pattern", kindInvalid, "can't be text, because the answer to strangers is made with a secret")
	}
	if o.DigestOf != "" && o.DigestOf != "{challenge}" {
		addProblem(n, path+".digestOf", kindInvalid, "must be {challenge} alone, because the answer to strangers is made with a secret")
	}
}

// compileHandshake compiles one section. It returns nil for a handshake that
// has no verify token to ask for, and is not answered then.
func compileHandshake(n *notes, secrets *resolver, options Options, o HandshakeOptions, path string) *handshake {
	h := &handshake{method: orDefault(o.Method, http.MethodPost), unsigned: o.Unsigned, status: int(o.Status), fixed: map[string]string{}}
	wrong := func(option, kind, text string) { addProblem(n, path+"."+option, kind, text) }
	if !contains([]string{"GET", "HEAD", "OPTIONS", "POST"}, h.method) {
		wrong("method", kindInvalid, quote(o.Method)+" is not one of GET, HEAD, OPTIONS, POST")
	}
	if h.method != http.MethodPost && !h.unsigned {
		wrong("unsigned", kindInvalid, "must be true for other methods than POST; nobody signs a request without a body")
	}
	compileConditions(n, h, o, path)
	h.challenge = placeOption(n, "", "", path+".challenge", o.Challenge)
	pattern, known := challengePatterns[orDefault(o.Pattern, "token")]
	if !known {
		wrong("pattern", kindInvalid, quote(o.Pattern)+" is not known; allowed: token, hex, digits, uuid, text")
	}
	h.pattern = pattern
	compileAnswer(n, h, o, path)
	if o.Challenge == "" && usesChallenge(h, o) {
		wrong("challenge", kindRequired, "is required, because {challenge} stands in the answer or is what is digested")
	}
	if o.Digest != "" {
		a, known := algorithms[o.Digest]
		if !known || isPublic(&a) {
			wrong("digest", kindInvalid, quote(o.Digest)+" is not known; allowed: hmac-... and hash-... of signature.algorithm")
		}
		h.digest = a
		h.digestOf = answerTemplate(n, orDefault(o.DigestOf, "{challenge}"), path+".digestOf", []string{"challenge", "verifyToken", "url"})
	}
	if len(options.Senders) > 0 {
		h.fixed["sender"] = options.Senders[0]
	}
	h.fixed["url"] = options.PublicURL
	h.tokenAt = placeOption(n, "", "", path+".verifyTokenField", o.VerifyTokenField)
	if h.tokenAt.kind != "" || strings.Contains(o.DigestOf, "{verifyToken}") {
		if options.VerifyToken == "" {
			addWarning(n, "verifyToken", kindRequired, "is not given, so the handshake that asks for it ("+h.method+") is not answered")
			return nil
		}
		key := resolveOption(secrets, n, "verifyToken", options.VerifyToken, "utf8")
		if isSecret(secrets, key) {
			addProblem(n, "verifyToken", kindInvalid, "is one of secrets too; it is shown in URLs, so it must be another word")
		}
		sum := sha256.Sum256(key)
		h.token = sum[:]
		h.fixed["verifyToken"] = string(key)
	}
	compileFields(h)
	if strings.Contains(o.DigestOf, "{url}") && options.PublicURL == "" {
		addProblem(n, "publicURL", kindRequired, "is required, because "+path+".digestOf contains {url}")
	}
	return h
}

// answerHeader is a header of an answer.
type answerHeader struct {
	name  string
	value []piece
}

// compileAnswer compiles what is said.
func compileAnswer(n *notes, h *handshake, o HandshakeOptions, path string) {
	names := []string{"challenge", "sender"}
	if o.Digest != "" {
		names = append(names, "hex", "base64")
	}
	h.answer = answerTemplate(n, o.Answer, path+".answer", names)
	for i, line := range o.AnswerHeaders {
		at := fmt.Sprintf("%s.answerHeaders[%d]", path, i)
		name, value, ok := strings.Cut(line, ": ")
		if !ok || !isHeaderName(name) {
			addProblem(n, at, kindInvalid, quote(line)+" is not a header, as Name: value")
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
		addProblem(n, path+".status", kindInvalid, "must be from 200 to 299")
	}
}

// answerTemplate compiles a text with placeholders of some names.
func answerTemplate(n *notes, text, path string, names []string) []piece {
	pieces, problem := splitTemplate(text)
	if problem != "" {
		addProblem(n, path, kindInvalid, problem)
	}
	for _, p := range pieces {
		if p.placeholder != "" && !contains(names, p.placeholder) {
			addProblem(n, path, kindInvalid, "{"+p.placeholder+"} can't stand here; allowed: {"+strings.Join(names, "}, {")+"}")
		}
	}
	return pieces
}

// usesChallenge says whether an answer is made of the challenge. Without one, a
// digest for strangers would be that of an empty body.
func usesChallenge(h *handshake, o HandshakeOptions) bool {
	templates := [][]piece{h.answer}
	for _, header := range h.headers {
		templates = append(templates, header.value)
	}
	for _, template := range templates {
		for _, p := range template {
			if p.placeholder == "challenge" {
				return true
			}
		}
	}
	return o.Digest != "" && (o.DigestOf == "" || strings.Contains(o.DigestOf, "{challenge}"))
}

// digestsURL says whether handshakes have a use for the option publicURL.
func digestsURL(all []*handshake) bool {
	for _, h := range all {
		for _, q := range h.digestOf {
			if q.placeholder == "url" {
				return true
			}
		}
	}
	return false
}

// handshakeKey returns the newest secret that deliveries are signed with.
func handshakeKey(n *notes, schemes []*scheme, path string) []byte {
	for _, s := range schemes {
		if len(s.keys) > 0 {
			return s.keys[0]
		}
	}
	if len(n.problems) == 0 {
		addProblem(n, path+".digest", kindRequired, "needs a secret, and the scheme has none")
	}
	return nil
}
