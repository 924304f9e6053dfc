package diagnosis

import (
	"bytes"
	"encoding/json"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/words"
)

// tryUnits reads a timestamp in other units, where in the one that is configured it is
// none, or of another age.
func (s *search) tryUnits() {
	if s.isPlausible(s.Verdict.Timestamp) {
		return
	}
	for _, scheme := range s.schemes {
		for _, unit := range []string{"s", "ms", "rfc3339", "http"} {
			if unit == scheme.TimestampUnit || unit == "s" && scheme.TimestampUnit == "" {
				continue
			}
			found := s.ask(trial{raw: with(schemeConfig(s.raw, scheme), "signature.timestampUnit", unit)})
			if found.Matched && s.isPlausible(found.Timestamp) {
				s.add(Cause{"timestamp-unit", "the timestamp is of the unit " + unit + ": " + found.Timestamp.UTC().Format(time.RFC3339), "signature.timestampUnit: " + unit})
			}
		}
	}
}

func (s *search) isPlausible(at time.Time) bool {
	return at.Year() >= 2005 && at.Before(s.Present.AddDate(1, 0, 0))
}

// noteClock says by how much a timestamp is off.
func (s *search) noteClock() {
	if s.Verdict.Timestamp.IsZero() {
		s.hint("the signature is right, but its timestamp is not written as signature.timestampUnit says")
		return
	}
	age := s.At.Sub(s.Verdict.Timestamp).Round(time.Second)
	if age > 0 {
		s.add(Cause{"clock", "the signature is right, and " + age.String() + " old", "if it arrived at once, set the clock of the gate's machine (NTP); if it was queued, a larger tolerance"})
		return
	}
	s.add(Cause{"clock", "the signature is right, and of " + (-age).String() + " later than the clock says", "set the clock of the gate's machine, or the sender's (NTP)"})
}

func (s *search) noteMethod() {
	s.add(Cause{"method", "requests of the method " + s.Request.Method + " carry no delivery here", "if the sender delivers so, methods: [" + s.Request.Method + "]; if it asks whether the address is yours, see handshakes, and verifyToken"})
}

func (s *search) noteSize() {
	s.add(Cause{"size", fmt.Sprintf("the body has %d bytes, more than maxBodyBytes", len(s.Body)), "maxBodyBytes: " + strconv.Itoa(len(s.Body)) + ", or more"})
}

// hintsOf are what to do about reasons that tell what is wrong by themselves.
var hintsOf = map[string]string{
	"client_not_allowed":    "if the address is a proxy's, set ipStrategy; if it is the sender's, it belongs into allowlist",
	"client_denied":         "the address is on the deny list",
	"client_undetermined":   "the proxy does not send what ipStrategy reads, or Traefik takes it away: forwardedHeaders.trustedIPs of the entry point",
	"sender_unknown":        "the delivery is genuine, but of a sender that is not in senders: add it if it is yours",
	"handshake_refused":     "verifyToken has to be the word that the provider was given",
	"signature_missing":     "set the secret at the sender, which signs nothing before; or another middleware removes the header",
	"signature_malformed":   "the header is there, but not as signature.format says: another scheme's, or changed on its way",
	"timestamp_missing":     "the scheme signs a timestamp, which is not in the request: something on its way removes it, or it is another provider's delivery",
	"token_malformed":       "the Authorization header is of another scheme",
	"token_duplicated":      "the token is there several times: which one counts is for nobody to guess",
	"signature_duplicated":  "the signature's header is there several times: something on its way adds another one",
	"signed_field_missing":  "a value that is signed is not in the request: something on its way removes it, or it is another provider's delivery",
	"signed_text_ambiguous": "a value that is signed could be read in two ways, so that bytes could be moved between it and its neighbour",
	"certificate_refused":   "the URL of the certificate is not one of Amazon's in the topic's region",
	"algorithm_refused":     "take the algorithm into jwt.algorithms if the sender documents it; never because a token says so",
	"key_unknown":           "the sender has a newer key: fetch it again, or let jwt.jwks do so",
	"issuer_mismatch":       "it is another issuer's token, or jwt.issuers is not written to the letter: a slash at the end counts",
	"audience_mismatch":     "it is a token for another service of the issuer's, or jwt.audiences is not written to the letter",
	"type_mismatch":         "it is a token for another purpose, such as an ID token; jwt.types takes those that are meant",
	"claim_mismatch":        "it is another sender's token, or one for another purpose",
	"body_mismatch":         "the token is genuine, and of another body: something on its way has changed it, or the capture has",
	"token_expired":         "the token is genuine, and over: it was sent late, or again",
	"token_not_yet_valid":   "the token is genuine: set the clock of the gate's machine, or the sender's (NTP)",
	"scope_missing":         "the token is genuine, and its holder may not do that: grant the scope at the authorization server",

	"token_lifetime_too_long": "the token is genuine, and good for longer than jwt.maxLifetime; a shorter life is better, a larger maxLifetime takes it",
	"token_missing":           "set the token at the sender; or another middleware removes it",
	"token_mismatch":          "the sender has another token than the gate",
}

// addHints says where to look, if no cause was found.
func (s *search) addHints() {
	if len(s.result.Causes) > 0 {
		return
	}
	text := hintsOf[s.Verdict.Reason]
	if text != "" {
		s.hint(text)
	}
	switch s.Verdict.Reason {
	case "signature_mismatch":
		s.hintMismatch()
	case "body_malformed":
		s.hintMalformed()
	case "signature_missing", "signed_field_missing", "timestamp_missing", "token_missing":
		s.hintMultipart()
	}
}

// hintMismatch says what is left where nothing fits.
func (s *search) hintMismatch() {
	s.hint("another secret than the sender's, or the body is not what was sent; none of the usual mistakes explains it")
	for i, text := range s.texts {
		if looksLikeReference(text) {
			s.hint(fmt.Sprintf("secret %d looks like a reference that nothing has resolved", i+1))
		} else if text != strings.TrimSpace(text) {
			s.hint(fmt.Sprintf("secret %d has white space around it", i+1))
		}
	}
	if s.Declared > int64(len(s.Body)) {
		s.hint(fmt.Sprintf("the body is cut off: %d of %d bytes, as Content-Length says", len(s.Body), s.Declared))
	}
	if bytes.Contains(s.Body, []byte("\ufffd")) {
		s.hint("the body has U+FFFD in it, which is what is left of bytes that could not be read as text")
	}
	if len(s.Body) == 0 {
		s.hint("the body is empty: was it captured?")
	}
	if bytes.Contains(s.Body, []byte("\n  ")) && json.Valid(s.Body) {
		s.hint("the body is JSON over several lines: browsers and log viewers show it so, senders seldom send it so")
	}
	s.hint("copy the secret from the sender once more; look whether the sender has several webhooks, each with a secret of its own; capture the bytes as the gate gets them")
}

// hintMalformed says where a body is no JSON.
func (s *search) hintMalformed() {
	var document any
	err := json.Unmarshal(s.Body, &document)
	syntax, ok := err.(*json.SyntaxError)
	kind := strings.ToLower(s.Request.Header.Get("Content-Type"))
	switch {
	case strings.HasPrefix(kind, "multipart/"):
		s.hintMultipart()
	case ok:
		s.hint(fmt.Sprintf("the body is no JSON: at byte %d, %s", syntax.Offset, syntax.Error()))
	case err == nil:
		s.hint("the body has a name that is signed twice in one object, perhaps in other case, or bytes that are no UTF-8: parsers disagree on which of them counts")
	}
}

// hintMultipart says why no field is read from a multipart body.
func (s *search) hintMultipart() {
	if !strings.HasPrefix(strings.ToLower(s.Request.Header.Get("Content-Type")), "multipart/") {
		return
	}
	m := &message.Message{Request: s.Request, Body: s.Body}
	fields := message.MultipartOf(m)
	if m.NoMultipart {
		s.hint("the body is multipart, and no form that all backends read alike: docs/schemes.md says which are read")
		return
	}
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, words.Quote(name))
	}
	sort.Strings(names)
	s.hint("the body is a form in multipart/form-data with " + strings.Join(names, ", ") + "; a scheme reads a field of it at multipart:NAME, if it is there once and no file")
}
