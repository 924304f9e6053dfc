// Package messagesignature knows HTTP Message Signatures, RFC 9421, the digests of RFC 9530
// that go with them, and the older draft-cavage-http-signatures-12: what a signature
// covers, what it is made over, and whether one of the keys made it. It must not know what
// becomes of a request that has a good one.
package messagesignature

import (
	"net/http"
	"time"

	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// Verifier is the compiled option messageSignature.
type Verifier struct {
	message.Identity
	Names      map[string]bool // of the headers that are read, canonical
	Components []string        // that must be covered
	IfPresent  []string        // that must be, where the request has them
	Keys       []jwk.Key
	secrets    int             // how many of them are secrets: those come first
	Sources    []keyset.Source // where the sender publishes its keys; who verifies has the set

	Cavage     bool   // the older dialect
	Base64URL  bool   // how signatures are written
	Label      string // of the one signature to look at; empty for any
	Parameters []string
	Algorithms []string // that may be used, the registry's names
	Tags       []string
	KeyIDs     []string
	Digests    map[string]bool // the algorithms that count
	Lifetime   time.Duration   // at most, from created to expires
	keyMembers map[string][]string
	minNonce   int
	Tolerance  time.Duration // how old a signature may be
	Skew       time.Duration // how far a clock may be off

	scheme      string
	authority   string
	pinned      bool // publicURL is the whole URL
	pinnedPath  string
	pinnedQuery string
	forceQuery  bool
}

// Result is what was found out about the signature that was meant: the one that verified,
// or that came furthest. Unless its reason is verified, it proves nothing.
type Result struct {
	Reason    string
	Detail    string // the component, the parameter, the name that the reason is about
	Label     string
	KeyID     string
	Algorithm string
	Covered   []string // components as they are serialised
	Base      string   // what must have been signed, as far as it could be put together
	Secret    int      // the position of the secret that matched, from 1
	PublicKey int      // the position of the public key
	Created   time.Time
	Expires   time.Time
	Once      string // by which replay tells deliveries apart
	Step      int    // how far it came
}

// candidate is one signature of a request, of either dialect.
type candidate struct {
	label     string
	covered   []*component
	texts     map[string]string // parameters that are strings
	numbers   map[string]int64  // created and expires
	line      string            // the last one of the base: the parameters
	signature []byte
}

// The steps that a signature goes through, cheap ones first. Whoever is late has signed with
// the key, and that is no reason to ban: so the time counts last.
const (
	stepRead = iota
	stepParameters
	stepAlgorithm
	stepCoverage
	// StepDigest and all behind it look at the request.
	StepDigest
	stepBase
	stepKey
	stepSignature
	// StepTime is the last one: a key has signed what it has to.
	StepTime
)

// Verify verifies a request's signatures. The key sets are those of v.Sources.
func Verify(v *Verifier, m *message.Message, sets []*keyset.Set, now time.Time) Result {
	candidates, refused := read(v, m.Request)
	if refused.Reason != "" {
		return refused
	}
	best := Result{}
	for i := range candidates {
		found := verifyCandidate(v, m, &candidates[i], sets, now)
		if found.Reason == verdict.Verified {
			return found
		}
		if i == 0 || found.Step > best.Step {
			best = found
		}
	}
	return best
}

// read returns the signatures that a request has, or why there are none to verify.
func read(v *Verifier, r *http.Request) ([]candidate, Result) {
	if v.Cavage {
		return readCavage(r)
	}
	return readSignatures(v, r.Header)
}

// verifyCandidate verifies one signature.
func verifyCandidate(v *Verifier, m *message.Message, c *candidate, sets []*keyset.Set, now time.Time) Result {
	r := Result{Label: c.label, KeyID: c.texts["keyid"], Algorithm: c.texts["alg"], Step: stepParameters}
	r.Covered = namesOf(c.covered)
	if v.Cavage && !checkCavage(m, c, &r) || !checkParameters(v, c, &r) {
		return r
	}
	r.Step = stepAlgorithm
	algorithms := algorithmsOf(v, c)
	if len(algorithms) == 0 {
		r.Reason = verdict.AlgorithmRefused
		r.Detail = c.texts["alg"]
		return r
	}
	r.Step = stepCoverage
	r.Detail = uncovered(v, m, c)
	if r.Detail != "" {
		r.Reason = verdict.ComponentMissing
		return r
	}
	r.Step = StepDigest
	checkDigests(v, m, c.covered, &r)
	if r.Reason != "" {
		return r
	}
	r.Step = stepBase
	putTogether(v, m, c, &r)
	if r.Reason != "" {
		return r
	}
	r.Step = stepKey
	keys, reason := keysFor(v, c.texts["keyid"], algorithms, sets, now)
	if reason != "" {
		r.Reason = reason
		r.Detail = c.texts["keyid"]
		return r
	}
	r.Step = stepSignature
	matchKey(v, c, algorithms, keys, &r)
	if r.Reason != "" {
		return r
	}
	r.Step = StepTime
	checkTime(v, c, &r, now)
	if r.Reason == verdict.Verified {
		r.Once = onceOf(c, r.Base)
	}
	return r
}

// onceOf returns what tells deliveries apart: the nonce of the key, else what was signed.
// It is never the signature's bytes: those of ECDSA can be changed by whoever sees them, and
// still be good.
func onceOf(c *candidate, base string) string {
	nonce := c.texts["nonce"]
	if nonce == "" {
		return "base:" + base
	}
	return "nonce:" + c.texts["keyid"] + "\n" + nonce
}

// matchKey finds the key that has made a signature.
func matchKey(v *Verifier, c *candidate, algorithms []string, keys []numberedKey, r *Result) {
	r.Reason = verdict.AlgorithmRefused
	r.Detail = c.texts["alg"]
	for _, name := range algorithms {
		for i := range keys {
			if !jwk.Allows(keys[i].key, jwsNames[name]) {
				continue
			}
			r.Reason = verdict.SignatureMismatch
			r.Detail = ""
			if verifies(keys[i].key, name, r.Base, c.signature) {
				r.Reason = ""
				r.Algorithm = name
				r.Secret = keys[i].secret
				r.PublicKey = keys[i].public
				return
			}
		}
	}
}
