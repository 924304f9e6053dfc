// Package signer signs deliveries as providers do, by the gate's own configuration:
// for tests, of the gate and of others. It must not verify anything, and Traefik never
// loads it.
package signer

import (
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/jwt"
	"github.com/hookward/hookward/internal/messagesignature"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// Delivery is a request of a sender's, before and after it is signed.
type Delivery struct {
	// Method is the request method. Default: POST.
	Method string
	// URL is where the delivery goes, http or https. Where the scheme signs the URL,
	// that is what publicURL says: path and query are those of this one if it is
	// scheme and host alone.
	URL string
	// Header is what the sender sends beside what the scheme needs.
	Header http.Header
	// Body is the payload. Default: a small one that has what the scheme signs, and an
	// id, so that no two are alike.
	Body []byte
	// ID is the delivery's own. Default: the one that Header or Body has, or else a
	// random one.
	ID string
	// Event is the type of the event. Default: what Header or Body says.
	Event string
	// Time is when the delivery is signed. Default: now.
	Time time.Time
	// Forged changes a bit of the signature, or a letter of the token, so that a
	// gate has to refuse it.
	Forged bool
}

// Signer signs deliveries for the gates of one configuration, as the sender would:
// it is made of the same rows as the gate, and holds what it has signed against
// the gate's own check before it hands it on. It is for tests and for trying a
// gate out, and it is not there in Traefik. Goroutines may share it.
type Signer struct {
	policy  *policy.Policy
	options config.Options
	key     crypto.Signer // of algorithms with a public key; may be nil
	token   string
}

// NewSigner compiles a configuration as New does. The first of secrets signs, or
// for schemes with a public key the private key, whose public key the gate has
// under publicKeys; it may be missing in this configuration, and is nil for all
// other schemes. Of the configuration only what describes the scheme counts.
//
// The error names the options that are wrong; none of its text is a secret's.
func NewSigner(configuration *hookward.Config, key crypto.Signer) (*Signer, error) {
	raw := map[string]any{}
	if configuration != nil {
		for name, value := range configuration.Raw {
			raw[name] = value
		}
	}
	if key == nil && needsPrivateKey(raw) {
		return nil, errors.New(needsKey)
	}
	if key != nil {
		dropKeysElsewhere(raw)
	}
	added := key != nil && !hasOption(raw, "publicKeys")
	if added {
		der, err := x509.MarshalPKIXPublicKey(key.Public())
		if err != nil {
			return nil, errors.New("the private key: is no key of Ed25519, ECDSA or RSA")
		}
		raw["publicKeys"] = []any{string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))}
	}
	c := policy.Compile(raw)
	if c.Policy == nil {
		said := c.Problems
		for i := range said {
			if added && strings.HasPrefix(said[i].Path, "publicKeys") {
				said[i].Path = "the private key" // the public one is nobody's option here
			}
		}
		return nil, errors.New(strings.Join(config.Sentences(said), "; "))
	}
	options, _ := config.Decode(raw) // which compile has done before
	s := &Signer{policy: c.Policy, options: options, key: key}
	if c.Policy.AddressOnly {
		return nil, errors.New("allowlist.alone: the gate looks at the address alone, so there is nothing to sign")
	}
	if c.Policy.CertificateAlone {
		return nil, errors.New("clientCertificate: the gate looks at the client's certificate alone, so there is nothing to sign")
	}
	if c.Policy.Token != nil {
		tokens := append(c.Secrets.Keys["utf8"], c.Secrets.Keys[secrets.PairEncoding]...) // of which it has one kind
		s.token = string(tokens[0])
		if options.Token.BasicUser != "" {
			s.token = options.Token.BasicUser + ":" + s.token
		}
		return s, nil
	}
	if options.OAuth2 != nil {
		return nil, errors.New("oauth2: access tokens are made by the authorization server, and can't be made here; have one from there, and send it with curl")
	}
	if c.Policy.JWT != nil {
		return s, nil
	}
	if c.Policy.MessageSignature != nil {
		if _, problem := s.messageAlgorithm(); problem != "" {
			if key == nil {
				problem = needsKey
			}
			return nil, errors.New(problem)
		}
		return s, nil
	}
	if len(s.schemes()) == 0 {
		return nil, errors.New(needsKey) // the secrets are missing, and there are publicKeys
	}
	return s, nil
}

// needsKey is said of schemes whose signatures nobody but the provider can make.
const needsKey = "a private key is required: the sender signs with one of its own, which nobody else has; give one of yours, and the gate its public key under publicKeys"

// Timestamped reports whether the scheme signs a timestamp, without which a
// delivery has no age.
func (s *Signer) Timestamped() bool {
	if s.policy.JWT != nil {
		return jwt.Life(s.policy.JWT) > 0
	}
	// A message signature says when it is made, asked or not.
	return s.policy.MessageSignature != nil || s.policy.Token == nil && s.schemes()[0].Timestamped
}

// BindsBody reports whether each of the schemes signs the whole body.
// Where one doesn't, a gate lets a changed body pass.
func (s *Signer) BindsBody() bool {
	if s.policy.JWT != nil {
		return s.policy.JWT.Bound
	}
	if v := s.policy.MessageSignature; v != nil {
		return messagesignature.BindsBody(v)
	}
	for _, scheme := range s.schemes() {
		if !signature.BindsBody(scheme) {
			return false
		}
	}
	return s.policy.Token == nil
}

// SendsSecret reports whether the secret itself is what is sent, as a token or a
// password, so that who sees a delivery has it.
func (s *Signer) SendsSecret() bool {
	return s.policy.Token != nil
}

// schemes returns those that there is a key for.
func (s *Signer) schemes() []*signature.Scheme {
	usable := []*signature.Scheme{}
	for _, scheme := range s.policy.Schemes {
		if !signature.IsPublic(&scheme.Algorithm) || s.key != nil {
			usable = append(usable, scheme)
		}
	}
	return usable
}

// Sign returns the delivery as the sender would send it: with its id, timestamp and
// event where the scheme has them, and signed. Values that are signed and missing
// are made up. Single values of a JSON body or a form are written in their place,
// and the rest of it stays as it is. Of several schemes, the first that fits the
// delivery is used.
//
// The error says why the gate would not let pass what came of it.
func (s *Signer) Sign(d Delivery) (Delivery, error) {
	if d.Time.IsZero() {
		d.Time = time.Now()
	}
	if d.Method == "" {
		d.Method = http.MethodPost
	}
	u, err := url.Parse(d.URL)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
		return d, errors.New("the URL must have scheme and host, such as https://hooks.example.com/in, and no password")
	}
	if s.policy.Token != nil {
		w := newDraft(d, u)
		return s.finish(w, d, s.writeToken(w))
	}
	if s.policy.JWT != nil {
		w := newDraft(d, u)
		return s.finish(w, d, s.writeJWT(w))
	}
	if s.policy.MessageSignature != nil {
		w := newDraft(d, u)
		return s.finish(w, d, s.writeMessage(w))
	}
	// The scheme that came furthest is the one that was meant, as for the gate.
	var best error
	stage := -1
	for _, scheme := range s.schemes() {
		w := newDraft(d, u)
		signed, err := s.finish(w, d, s.writeScheme(w, scheme))
		if err == nil {
			return signed, nil
		}
		came := verdict.Depths[w.reason]
		if w.whole {
			came += len(verdict.Depths)
		}
		if came > stage {
			best = err
			stage = came
		}
	}
	return d, best
}

// Repeats reports whether a gate with replay takes two signed deliveries for one: all
// that the scheme signs of them is the same (replay.by: signature, the default).
func (s *Signer) Repeats(a, b Delivery) bool {
	one, ok := s.remembered(a)
	other, too := s.remembered(b)
	return ok && too && one == other
}

// remembered returns what a gate with replay would remember a delivery by, if it could
// have replay, and would let it pass.
func (s *Signer) remembered(d Delivery) (string, bool) {
	u, err := url.Parse(d.URL)
	if err != nil || s.policy.Token != nil || s.policy.JWT == nil && s.policy.MessageSignature == nil && s.schemes()[0].Items != nil || s.policy.JWT != nil && !s.policy.JWT.PerDelivery {
		return "", false
	}
	found := policy.Prove(s.policy, newDraft(d, u).message(), nil, d.Time)
	if found.Reason != verdict.Verified {
		return "", false
	}
	return signature.DigestSigned(&found, d.Body), true
}

// finish holds a draft against the gate's check.
func (s *Signer) finish(w *draft, d Delivery, problem string) (Delivery, error) {
	if problem != "" {
		return d, errors.New(problem)
	}
	w.whole = true
	if wrong := w.unsendable(); wrong != "" {
		return d, errors.New(wrong)
	}
	if !d.Forged {
		w.reason = policy.Prove(s.policy, w.message(), nil, d.Time).Reason
		if w.reason != verdict.Verified {
			return d, fmt.Errorf("the gate would refuse it: %s%s", w.reason, hints[w.reason])
		}
	}
	d.Method = w.method
	d.URL = w.url.String()
	d.Header = w.header
	d.Body = w.body
	return d, nil
}

// hints say what a sender can do about a reason to refuse.
var hints = map[string]string{
	verdict.SignedFieldMissing:  " (a value that is signed is missing, or the body is of another type than the one that is signed)",
	verdict.SignedTextAmbiguous: " (a value that is signed contains what separates it from its neighbour)",
	verdict.URLMismatch:         " (publicURL has another path or query)",
	verdict.BodyMalformed:       " (the body must be a JSON document without a name that stands there twice)",
	verdict.SignatureMissing:    " (the body has no list of items that could be signed)",
}

// hasOption reports whether an option is given, in whatever case it is written.
func hasOption(raw map[string]any, name string) bool {
	for key := range raw {
		if strings.EqualFold(key, name) {
			return true
		}
	}
	return false
}
