// Package explain tells people why a gate would accept a request or refuse it: it has
// the gate decide, and words the outcome. It must not decide anything itself, and
// Traefik never loads it.
package explain

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// Outcomes of a check, as Explain tells of it.
const (
	CheckPassed     = "passed"
	CheckFailed     = "failed"
	CheckNotReached = "not reached"
	CheckNotJudged  = "not judged"
)

// Check is one of the gate's checks on a request.
type Check struct {
	Name   string   `json:"name"`
	State  string   `json:"state"`
	Reason string   `json:"reason,omitempty"` // the record's word, where it failed
	Seen   []string `json:"seen,omitempty"`   // what the gate saw there
}

// Explanation is what a gate decides on a request, and why.
type Explanation struct {
	// Problems are mistakes in the configuration, each with its option's path. A
	// gate that has one answers 503 to everything, and nothing else is said here.
	Problems []string `json:"problems,omitempty"`
	Warnings []string `json:"warnings,omitempty"`

	// Reason is the word that the record would have, such as "verified" or
	// "signature_mismatch".
	Reason string `json:"reason"`
	// Passes says whether the request would be forwarded as a verified one, and
	// Answered whether it is a handshake, which the gate answers itself.
	Passes   bool `json:"passes"`
	Answered bool `json:"answered,omitempty"`
	// Status is what the caller gets from the gate; 0 where the backend answers.
	Status int `json:"status,omitempty"`
	// Undecided says why nothing is decided without the network, or without the
	// client's address; Reason is then what would be so far.
	Undecided string `json:"undecided,omitempty"`

	// Matched says whether the signature, or the token, is a key's, whatever else
	// there is against the request.
	Matched   bool      `json:"matched"`
	Secret    int       `json:"secret,omitempty"`    // the position of the secret that matched, from 1
	PublicKey int       `json:"publicKey,omitempty"` // the position of the public key
	Timestamp time.Time `json:"-"`                   // as signed; the zero Time where there is none, or no key has signed it

	Checks []Check `json:"checks,omitempty"` // in the gate's order
	// NotJudged are checks of this configuration that need more than one request:
	// counters, what others send, and lists that stand elsewhere.
	NotJudged []string `json:"notJudged,omitempty"`
}

// Explain says what a gate with this configuration decides on one request, as of a
// moment, and what each of its checks saw. The decision is the gate's own: it comes
// out of the functions that decide in Traefik. Nothing is counted, remembered,
// recorded, fetched or reported. References (env:, file:) are read in this process.
//
// The request's Body is not read: body is taken in its place. RemoteAddr is the
// address that the connection came from, with or without a port; while it is empty,
// the client's address is not judged.
//
// What is returned has no secret in it, and nothing that is made with one: neither
// the signature that would be right, nor the one that was sent, which may be it.
func Explain(config *hookward.Config, r *http.Request, body []byte, at time.Time) Explanation {
	j := newJudgement(config, r, body)
	if len(j.Problems) > 0 {
		return j.Explanation
	}
	j.judge(at)
	j.describe(at)
	j.hideSecrets()
	return j.Explanation
}

// Judge is Explain without Checks, for those who only want to know what becomes of a
// request.
func Judge(config *hookward.Config, r *http.Request, body []byte, at time.Time) Explanation {
	j := newJudgement(config, r, body)
	if len(j.Problems) == 0 {
		j.judge(at)
	}
	return j.Explanation
}

// judgement is one explanation in the making.
type judgement struct {
	Explanation
	options  config.Options
	compiled *policy.Compilation
	policy   *policy.Policy // with what can be judged here
	request  *http.Request
	body     []byte
	trace    signature.Trace
	rule     string // the list that has denied the client
}

func newJudgement(configuration *hookward.Config, r *http.Request, body []byte) *judgement {
	j := &judgement{request: r, body: body}
	raw := map[string]any{}
	if configuration != nil && len(configuration.Raw) > 0 {
		raw = configuration.Raw
		// All of it, for its mistakes.
		_, j.Problems = config.Decode(raw)
	}
	j.compiled = policy.Compile(aboutRequests(raw))
	if len(j.Problems) == 0 {
		j.Problems = problemsElsewhere(raw)
	}
	if len(j.Problems) == 0 {
		j.Problems = config.Sentences(j.compiled.Problems)
	}
	j.Warnings = config.Sentences(j.compiled.Warnings)
	if len(j.Problems) > 0 {
		j.Reason = verdict.ConfigInvalid
		j.Status = verdict.Statuses[verdict.ConfigInvalid]
		return j
	}
	j.options, _ = config.Decode(aboutRequests(raw))
	j.restrictPolicy(raw)
	return j
}

// judge has the gate decide.
func (j *judgement) judge(at time.Time) {
	o := hookward.Judge(j.policy, j.arriving(), at)
	j.Reason = o.Reason
	j.Passes = o.Passes
	j.Answered = o.Reason == verdict.HandshakeAnswered
	j.Secret = o.Proof.Secret
	j.PublicKey = o.Proof.PublicKey
	j.Timestamp = o.Proof.Timestamp
	j.Matched = o.Proof.Secret > 0 || o.Proof.PublicKey > 0 || !o.Proof.Timestamp.IsZero() || isAbout(o.Reason, "timestamp") && o.Reason != verdict.TimestampMissing ||
		o.Reason == verdict.SenderUnknown && !j.fetches() || o.Proof.JWT != nil && o.Proof.JWT.Claims != nil
	j.Status = o.Status
	j.rule = o.Rule
	switch {
	case o.Reason == verdict.IntrospectionUnavailable:
		j.Undecided = "the authorization server would have to be asked about the token, and nobody is asked here"
	case o.Reason == verdict.KeyUnavailable && j.policy.JWT != nil:
		j.Undecided = "the keys of jwks would have to be fetched, and nothing is fetched here; give the key in publicKeys (--public-key), and take jwks out"
	case o.Reason == verdict.KeyUnavailable && j.policy.MessageSignature != nil:
		j.Undecided = "the key that signs would have to be read from messageSignature.jwks, and nothing is fetched here; give the set in publicKeys"
	case o.Reason == verdict.KeyUnavailable && j.fetches():
		j.Undecided = "the certificate that signs would have to be fetched from Amazon, and nothing is fetched here; give it in publicKeys"
	case o.Reason == verdict.ClientCertificateMissing && j.policy.CertificateAlone:
		j.Undecided = "this gate looks at the client's certificate alone, and that is not known here"
	case o.Reason == verdict.AddressAllowed && j.request.RemoteAddr == "":
		j.Undecided = "this gate looks at the client's address alone, and that is not known here"
		j.Passes = false
	}
}

// arriving returns the request as the server would hand it to the gate, which may
// change it.
func (j *judgement) arriving() *http.Request {
	r := j.request.Clone(j.request.Context())
	r.Body = io.NopCloser(bytes.NewReader(j.body))
	r.ContentLength = int64(len(j.body))
	if r.RemoteAddr == "" {
		r.RemoteAddr = "client unknown"
	}
	return r
}

// message returns the request as the checks on its content read it.
func (j *judgement) message() *message.Message {
	m := &message.Message{Request: j.arriving(), Body: j.body}
	if j.policy.Uncompresses {
		signature.Uncompress(j.policy.Schemes, m, j.policy.MaxBodyBytes, unlimited)
	}
	return m
}

// fetches says whether one of the schemes needs a certificate that stands elsewhere.
func (j *judgement) fetches() bool {
	for _, s := range j.policy.Schemes {
		if s.Certificate.Kind != "" && len(s.PublicKeys) == 0 {
			return true
		}
	}
	return false
}

// hideSecrets takes out of what was seen whatever has a secret in it: a value that
// is signed may have one, too.
func (j *judgement) hideSecrets() {
	hider := &audit.Settings{Secrets: secrets.Forms(j.compiled.Secrets)}
	for i := range j.Checks {
		for n, text := range j.Checks[i].Seen {
			if audit.HasSecret(hider, text) {
				j.Checks[i].Seen[n] = "not shown, because there is a secret in it"
			}
		}
	}
	for i, text := range j.Warnings {
		if audit.HasSecret(hider, text) {
			j.Warnings[i] = "not shown, because there is a secret in it"
		}
	}
}

// isAbout says whether a reason is of a check.
func isAbout(reason, check string) bool {
	return strings.HasPrefix(reason, check+"_")
}

// plural writes a number with what it counts.
func plural(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	if strings.HasSuffix(one, "y") {
		one = strings.TrimSuffix(one, "y") + "ie"
	}
	return fmt.Sprintf("%d %ss", n, one)
}
