//go:build gc
// +build gc

package hookward

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/jsonpath"
)

// writeSignature signs what the draft has by now, and writes the signature to its
// place. An item of a batch comes with its path.
func (s *Signer) writeSignature(w *draft, form *scheme, p *candidate, path []jsonpath.Step, item any) string {
	at := form.field
	if len(form.headers) > 0 {
		// Of several headers, each is of a secret of its own: the first is enough.
		at = place{kind: "header", name: form.headers[0]}
	}
	if at.kind == "json" {
		at.path = append(append([]jsonpath.Step{}, path...), at.path...)
	}
	if at.kind == "form" {
		w.put(&at, "example") // its field is one of those that there may be
	}
	m := w.message()
	m.item = item
	own := *p
	texts, reason := signedTexts(form, m, &own)
	if reason != textsReady {
		w.reason = reason
		return "the gate would refuse it: " + reason + hints[reason]
	}
	signature, problem := s.signatureOf(form, texts)
	if problem != "" {
		w.reason = signatureMismatch
		return problem
	}
	if w.forged {
		signature[0] ^= 1
	}
	text := s.formatted(form, signature, p)
	if !w.put(&at, text) {
		w.reason = signatureMissing
		return "the body has no place for the signature, " + at.kind + ":" + at.name
	}
	return ""
}

// signatureOf signs texts with the newest secret, or with the private key.
func (s *Signer) signatureOf(form *scheme, texts [][]byte) ([]byte, string) {
	a := &form.algorithm
	if !isPublic(a) {
		if a.family == "hash" {
			putSecret(form, texts, form.keys[0])
		}
		return computeMAC(a, form.keys[0], texts), ""
	}
	var how crypto.SignerOpts = crypto.Hash(0)
	switch a.family {
	case "ecdsa":
		how = crypto.SHA256
		if a.newHash().Size() == crypto.SHA1.Size() {
			how = crypto.SHA1
		}
	case "rsa":
		how = a.hash
	case "rsa-pss":
		how = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.hash}
	}
	signature, err := s.key.Sign(rand.Reader, signedMessage(a, texts), how)
	if err != nil {
		return nil, "the private key can't sign: " + err.Error()
	}
	return signature, ""
}

// formatted writes a signature as the format says. What stands in elements of its
// own comes before it, as all providers have it.
func (s *Signer) formatted(form *scheme, signature []byte, p *candidate) string {
	elements := []string{}
	last := ""
	for i := range form.format.elements {
		e := &form.format.elements[i]
		text := e.literals[0]
		for n, placeholder := range e.placeholders {
			switch placeholder {
			case "timestamp":
				text += p.timestamp
			case "headers":
				text += p.headers
			case "sender":
				text += s.options.Senders[0]
			default:
				text += encodeMAC(placeholder, signature)
			}
			text += e.literals[n+1]
		}
		if e.signatures > 0 {
			last = text
		} else {
			elements = append(elements, text)
		}
	}
	return strings.Join(append(elements, last), form.format.separator)
}

// encodeMAC is the inverse of decodeMAC.
func encodeMAC(encoding string, mac []byte) string {
	switch encoding {
	case "hex":
		return hex.EncodeToString(mac)
	case "base64":
		return base64.StdEncoding.EncodeToString(mac)
	case "base64url":
		return base64.RawURLEncoding.EncodeToString(mac)
	}
	name := strings.TrimPrefix(encoding, base64JSON)
	object, _ := json.Marshal(map[string]string{name: base64.StdEncoding.EncodeToString(mac)})
	return base64.StdEncoding.EncodeToString(object)
}

// formatTime writes a timestamp in a unit of the option signature.timestampUnit.
func formatTime(at time.Time, unit string) string {
	switch unit {
	case "ms":
		return strconv.FormatInt(at.UnixMilli(), 10)
	case "rfc3339":
		return at.UTC().Format("2006-01-02T15:04:05.000Z")
	case "http":
		return at.UTC().Format(http.TimeFormat)
	}
	return strconv.FormatInt(at.Unix(), 10)
}

// writeToken writes the token to the first of its places, and what the delivery
// says of itself.
func (s *Signer) writeToken(w *draft) string {
	t := s.policy.token
	form := false
	for i := range t.places {
		form = form || t.places[i].kind == "form"
	}
	w.beginBody(form, "")
	s.writeNames(w, &scheme{identity: t.identity})
	token := s.token
	if w.forged {
		token = otherEnding(token)
	}
	switch t.scheme {
	case "Basic ":
		w.header["Authorization"] = []string{t.scheme + base64.StdEncoding.EncodeToString([]byte(token))}
	case "Bearer ":
		w.header["Authorization"] = []string{t.scheme + token}
	default:
		if !w.put(&t.places[0], token) {
			w.reason = tokenMissing
			return "the body has no place for the token, " + t.places[0].kind + ":" + t.places[0].name
		}
	}
	return ""
}

// otherEnding changes the last character of a token.
func otherEnding(token string) string {
	end := len(token) - 1
	if token[end] == 'x' {
		return token[:end] + "y"
	}
	return token[:end] + "x"
}
