package signer

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/jwt"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// lifetime is how long a token is good for, where the gate takes one of that length.
const lifetime = 5 * time.Minute

// writeJWT makes a token that says what the gate asks for, and puts it into its place. A
// body that is a token is made of the caller's, which has the claims then.
func (s *Signer) writeJWT(w *draft) string {
	v, o := s.policy.JWT, s.options.JWT
	claims := []byte("{}")
	if v.Body && w.given {
		claims = w.body
		var object map[string]any
		if json.Unmarshal(claims, &object) != nil || object == nil {
			w.reason = verdict.BodyMalformed
			return "the body must be a JSON object: the claims of the token that is sent in its place"
		}
	}
	if !v.Body {
		w.beginBody(false, "")
		s.writeNames(w, &signature.Scheme{Identity: inRequest(v.Identity)})
	}
	name, problem := s.algorithmOf(v)
	if problem != "" {
		return problem
	}
	header := s.jwtHeader(v, name)
	payload := ""
	if !o.Detached {
		claims, ok := s.claimsFor(w, v, claims)
		if !ok {
			w.reason = verdict.ClaimMismatch
			return "the claims have no place for what the gate asks for"
		}
		payload = encodeSegment(claims)
	}
	return s.placeToken(w, header, payload, name)
}

// placeToken signs, and puts the token where the gate looks for it.
func (s *Signer) placeToken(w *draft, header, payload, name string) string {
	v, o := s.policy.JWT, s.options.JWT
	input := []byte(header + "." + payload)
	if o.UnencodedPayload {
		input = append(input, w.body...)
	} else if o.Detached {
		input = append(input, encodeSegment(w.body)...)
	}
	made, problem := s.signJWS(name, input)
	if problem != "" {
		w.reason = verdict.SignatureMismatch
		return problem
	}
	if w.forged {
		made[0] ^= 1
	}
	token := header + "." + payload + "." + encodeSegment(made)
	if v.Body {
		w.body = []byte(token)
		w.header["Content-Type"] = []string{mediaTypeOf(o)}
		return ""
	}
	at := v.Locations[0]
	at.Path = append([]jsonpath.Step{}, at.Path...)
	for i := range at.Path {
		if at.Path[i].Name == "" && at.Path[i].Item == jsonpath.Every {
			at.Path[i].Item = 0
		}
	}
	if at.Kind == "header" {
		token = v.Scheme + token
	}
	if !w.put(&at, token) {
		w.reason = verdict.TokenMissing
		return "the body has no place for the token, " + at.Kind + ":" + at.Name
	}
	return ""
}

// mediaTypeOf is what a body that is a token is sent as.
func mediaTypeOf(o *config.JWTOptions) string {
	for _, name := range o.Types {
		if name == "secevent+jwt" {
			return "application/secevent+jwt"
		}
	}
	return "application/jwt"
}

// inRequest returns the locations of an identity that are not in the token.
func inRequest(i message.Identity) message.Identity {
	if i.ID.Kind == "jwt" {
		i.ID = message.Location{}
	}
	if i.Event.Kind == "jwt" {
		i.Event = message.Location{}
	}
	return i
}

// algorithmOf returns the first of the gate's algorithms that there is a key for.
func (s *Signer) algorithmOf(v *jwt.Verifier) (string, string) {
	for _, name := range s.options.JWT.Algorithms {
		if jwk.FamilyOf(name) == jwk.HMAC && jwt.UsesSecrets(v) {
			return name, ""
		}
		if s.key == nil {
			continue
		}
		k, problem := jwk.FromPublic(s.key.Public())
		if problem == "" && jwk.Allows(&k, name) {
			return name, ""
		}
	}
	if s.key == nil {
		return "", needsKey
	}
	return "", "the private key is for none of jwt.algorithms, " + strings.Join(s.options.JWT.Algorithms, ", ")
}

// jwtHeader writes the header of a token.
func (s *Signer) jwtHeader(v *jwt.Verifier, name string) string {
	header := map[string]any{"alg": name}
	types := s.options.JWT.Types
	if len(types) > 0 && types[0] != "none" {
		header["typ"] = types[0]
	} else if len(types) == 0 && !s.options.JWT.Detached {
		header["typ"] = "JWT"
	}
	if s.options.JWT.UnencodedPayload {
		header["b64"] = false
		header["crit"] = []string{"b64"}
	}
	if s.key != nil && jwk.FamilyOf(name) != jwk.HMAC {
		id := jwt.KeyID(v, s.key.Public())
		if id != "" {
			header["kid"] = id
		}
	}
	b, _ := json.Marshal(header) // of texts and a flag
	return encodeSegment(b)
}

// claimsFor adds to claims what the gate asks for, as far as it is missing. It returns
// false where something else stands in the way.
func (s *Signer) claimsFor(w *draft, v *jwt.Verifier, claims []byte) ([]byte, bool) {
	o := s.options.JWT
	c := &claimWriter{document: claims, ok: true}
	if v.Body && !w.given {
		c.add("jti", w.unique(), false) // else two would be alike
	}
	if len(o.Issuers) > 0 {
		c.add("iss", o.Issuers[0], false)
	}
	if len(o.Audiences) > 0 {
		c.add("aud", o.Audiences[0], false)
	}
	c.add("iat", unix(w.time), true)
	if o.AgeClaim != "" {
		c.add(o.AgeClaim, unix(w.time), true)
	}
	life := lifetime
	if o.MaxLifetime > 0 && o.MaxLifetime < life {
		life = o.MaxLifetime
	}
	if jwt.AsksExpiry(v) {
		c.add("exp", unix(w.time.Add(life)), true)
	}
	for _, text := range o.Claims {
		name, value, _ := strings.Cut(text, "=")
		c.add(name, value, value == "true" || value == "false")
	}
	if len(o.Scopes) > 0 {
		c.add("scope", strings.Join(o.Scopes, " "), false)
	}
	if o.SenderField != "" {
		c.add(strings.TrimPrefix(o.SenderField, "jwt:"), s.options.Senders[0], false)
	}
	s.writeIdentity(w, v, c)
	name, digest := jwt.Digest(v, w.body)
	if name != "" {
		c.set(name, digest)
	}
	name, address := jwt.Address(v, w.message().Request)
	if name != "" {
		c.set(name, address)
	}
	for _, name := range o.RequiredClaims {
		if name == "nbf" {
			c.add(name, unix(w.time), true)
		} else {
			c.add(name, NewID(), false)
		}
	}
	return c.document, c.ok
}

// writeIdentity writes what the token says of the delivery.
func (s *Signer) writeIdentity(w *draft, v *jwt.Verifier, c *claimWriter) {
	if v.ID.Kind == "jwt" {
		if w.id != "" {
			c.set(v.ID.Name, w.id)
		} else {
			c.add(v.ID.Name, NewID(), false)
		}
	}
	if v.Event.Kind == "jwt" && w.event != "" {
		c.set(v.Event.Name, w.event)
	}
	if mediaTypeOf(s.options.JWT) == "application/secevent+jwt" {
		c.add("jti", NewID(), false)
		if len(jsonpath.Values(c.object(), []jsonpath.Step{{Name: "events"}}, 1)) == 0 || c.object()["events"] == nil {
			c.document, c.ok = putJSON(c.document, []jsonpath.Step{{Name: "events"}, {Name: "https://schemas.openid.net/secevent/ssf/event-type/verification"}, {Name: "state"}}, scalar{text: "a test"})
		}
	}
}

func unix(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) }

func encodeSegment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// signJWS signs by an algorithm of RFC 7518, with the newest secret or the private key.
func (s *Signer) signJWS(name string, input []byte) ([]byte, string) {
	hash := map[string]crypto.Hash{"256": crypto.SHA256, "384": crypto.SHA384, "512": crypto.SHA512}[name[2:]]
	if jwk.FamilyOf(name) == jwk.HMAC {
		mac := hmac.New(hash.New, jwt.NewestSecret(s.policy.JWT))
		mac.Write(input)
		return mac.Sum(nil), ""
	}
	sum := input
	var how crypto.SignerOpts = crypto.Hash(0)
	if name != "EdDSA" {
		h := hash.New()
		h.Write(input)
		sum = h.Sum(nil)
		how = hash
	}
	if name[0] == 'P' {
		how = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: hash}
	}
	made, err := s.key.Sign(rand.Reader, sum, how)
	if err != nil {
		return nil, "the private key can't sign: " + err.Error()
	}
	public, isPoint := s.key.Public().(*ecdsa.PublicKey)
	if !isPoint {
		return made, ""
	}
	var point struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(made, &point); err != nil {
		return nil, "the private key makes signatures that can't be read"
	}
	size := (public.Curve.Params().BitSize + 7) / 8
	return append(point.R.FillBytes(make([]byte, size)), point.S.FillBytes(make([]byte, size))...), ""
}
