// Package jwt knows how a delivery is verified by a JSON Web Token that it carries, or by
// a detached signature of that form. It must not know where keys are fetched, nor what
// else a gate asks of a request.
package jwt

import (
	"time"

	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/introspect"
	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/keyset"
	"github.com/hookward/hookward/internal/message"
)

// Verifier is the compiled option jwt.
type Verifier struct {
	message.Identity
	Locations []message.Location
	Scheme    string // the word before the token in a header, with its space; or empty

	// Keys are what verifies, in words that change when they do.
	Keys   []string
	shared []*jwk.Key // in the order of the option secrets
	public []*jwk.Key
	table  *keyset.Table // of the public ones

	// Sources are where keys are that their owners replace. Who verifies has the sets.
	Sources []keyset.Source

	// Introspection is how a server is asked about tokens; nil where keys verify them.
	Introspection *introspect.Options

	certificates *certificates // nil where a token's own are not looked at

	Body       bool // the token is the whole body
	Detached   bool // the body is what is signed
	unencoded  bool
	sloppy     bool            // crit need not name b64
	inJSON     bool            // a JSON field: no name may stand there twice
	names      message.NameSet // that lead to it
	algorithms map[string]bool

	// What a token must say. Nil says nothing.
	issuers   map[string]bool
	audiences map[string]bool
	types     map[string]bool
	required  []string
	scopes    []string

	certificateBound bool // it must be bound to the connection's client certificate

	asksMore bool // one of those below is there
	events   bool // it must be a security event
	claims   []wantedClaim
	sender   claimPath
	senders  map[string]bool
	bodyHash *bodyHash
	url      *urlClaim

	Tolerance   time.Duration
	MaxAge      time.Duration // of a token; 0: whatever its age is
	ageClaim    claimPath
	maxLifetime time.Duration

	Bound       bool // the token is about the body, or is it
	PerDelivery bool // no two deliveries have the same token
	Forwards    bool // the backend gets the token
	SecEvent    bool // transmitters are answered as RFC 8935 says
	ForwardTo   []ForwardClaim
}

// wantedClaim is a claim that must have one of some values.
type wantedClaim struct {
	claimPath
	values map[string]bool
}

// ForwardClaim is a header that the backend gets, with a claim in it.
type ForwardClaim struct {
	Header string // canonical
	Claim  string
}

// Life returns how long a token is good for at most, from when it is made, or 0 where
// nothing bounds that.
func Life(v *Verifier) time.Duration {
	if v.MaxAge > 0 {
		return v.MaxAge + 2*v.Tolerance
	}
	if AsksExpiry(v) {
		return v.maxLifetime + 2*v.Tolerance
	}
	return 0
}

// UsesSecrets says whether a secret may verify, and UsesPublicKeys whether a public key may.
func UsesSecrets(v *Verifier) bool { return v != nil && len(v.shared) > 0 }

// UsesPublicKeys is described at UsesSecrets.
func UsesPublicKeys(v *Verifier) bool { return v != nil && len(v.public) > 0 }

// UsesURL says whether there is a use for the option publicURL.
func UsesURL(v *Verifier) bool { return v != nil && v.url != nil }

// AddSpoofs adds to the names that are taken out of requests those of the headers that the
// backend gets claims in, in all spellings.
func AddSpoofs(v *Verifier, spoofs map[string]bool) {
	names := map[string]bool{}
	for _, f := range v.ForwardTo {
		names[f.Header] = true
		spoofs[f.Header] = true
	}
	for name := range header.Spoofs(names) {
		spoofs[name] = true
	}
}
