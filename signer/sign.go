package signer

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
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// writeSignature signs what the draft has by now, and writes the signature to its
// location. An item of a batch comes with its path.
func (s *Signer) writeSignature(w *draft, scheme *signature.Scheme, p *signature.Candidate, path []jsonpath.Step, item any) string {
	at := scheme.Field
	if len(scheme.Headers) > 0 {
		// Of several headers, each is of a secret of its own: the first is enough.
		at = message.Location{Kind: "header", Name: scheme.Headers[0]}
	}
	if at.Kind == "json" {
		at.Path = append(append([]jsonpath.Step{}, path...), at.Path...)
	}
	if at.Kind == "form" {
		w.put(&at, "example") // its field is one of those that there may be
	}
	m := w.message()
	m.Item = item
	own := *p
	texts, reason := signature.SignedTexts(scheme, m, &own)
	if reason != verdict.TextsReady {
		w.reason = reason
		return "the gate would refuse it: " + reason + hints[reason]
	}
	signature, problem := s.signatureOf(scheme, texts)
	if problem != "" {
		w.reason = verdict.SignatureMismatch
		return problem
	}
	if w.forged {
		signature[0] ^= 1
	}
	text := s.formatted(scheme, signature, p)
	if !w.put(&at, text) {
		w.reason = verdict.SignatureMissing
		return "the body has no place for the signature, " + at.Kind + ":" + at.Name
	}
	return ""
}

// signatureOf signs texts with the newest secret, or with the private key.
func (s *Signer) signatureOf(scheme *signature.Scheme, texts [][]byte) ([]byte, string) {
	a := &scheme.Algorithm
	if !signature.IsPublic(a) {
		if a.Family == "hash" {
			signature.PutSecret(scheme, texts, scheme.Keys[0])
		}
		return signature.ComputeMAC(a, scheme.Keys[0], texts), ""
	}
	var how crypto.SignerOpts = crypto.Hash(0)
	switch a.Family {
	case "ecdsa":
		how = crypto.SHA256
		if a.NewHash().Size() == crypto.SHA1.Size() {
			how = crypto.SHA1
		}
	case "rsa":
		how = a.Hash
	case "rsa-pss":
		how = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: a.Hash}
	}
	signature, err := s.key.Sign(rand.Reader, signature.SignedMessage(a, texts), how)
	if err != nil {
		return nil, "the private key can't sign: " + err.Error()
	}
	return signature, ""
}

// formatted writes a signature as the format says. What stands in elements of its
// own comes before it, as all providers have it.
func (s *Signer) formatted(scheme *signature.Scheme, signature []byte, p *signature.Candidate) string {
	elements := []string{}
	last := ""
	for i := range scheme.Format.Elements {
		e := &scheme.Format.Elements[i]
		text := e.Literals[0]
		for n, placeholder := range e.Placeholders {
			switch placeholder {
			case "timestamp":
				text += p.Timestamp
			case "headers":
				text += p.Headers
			case "sender":
				text += s.options.Senders[0]
			default:
				text += encodeMAC(placeholder, signature)
			}
			text += e.Literals[n+1]
		}
		if e.Signatures > 0 {
			last = text
		} else {
			elements = append(elements, text)
		}
	}
	return strings.Join(append(elements, last), scheme.Format.Separator)
}

// encodeMAC is the inverse of DecodeMAC.
func encodeMAC(encoding string, mac []byte) string {
	switch encoding {
	case "hex":
		return hex.EncodeToString(mac)
	case "base64":
		return base64.StdEncoding.EncodeToString(mac)
	case "base64url":
		return base64.RawURLEncoding.EncodeToString(mac)
	}
	name := strings.TrimPrefix(encoding, signature.Base64JSON)
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
	t := s.policy.Token
	form := false
	for i := range t.Locations {
		form = form || t.Locations[i].Kind == "form"
		w.multipart = w.multipart || t.Locations[0].Kind == "multipart"
	}
	w.beginBody(form, "")
	s.writeNames(w, &signature.Scheme{Identity: t.Identity})
	token := s.token
	if w.forged {
		token = otherEnding(token)
	}
	switch t.Scheme {
	case "Basic ":
		w.header["Authorization"] = []string{t.Scheme + base64.StdEncoding.EncodeToString([]byte(token))}
	case "Bearer ":
		w.header["Authorization"] = []string{t.Scheme + token}
	default:
		if !w.put(&t.Locations[0], token) {
			w.reason = verdict.TokenMissing
			return "the body has no place for the token, " + t.Locations[0].Kind + ":" + t.Locations[0].Name
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
