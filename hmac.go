package hookward

import (
	"crypto/hmac"
	"encoding/hex"
	"hash"
	"time"

	"github.com/hookward/hookward/internal/jwt"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/signature"
	"github.com/hookward/hookward/internal/verdict"
)

// checkAnyProof is checkProof for every case.
func checkAnyProof(p *policy.Policy, x *exchange) string {
	if p.Uncompresses {
		reason := uncompress(p, x)
		if reason != "" {
			return reason
		}
	}
	if x.state.Introspection != nil {
		x.proof = jwt.VerifyByAsking(p.JWT, &x.Message, x.state.Introspection, x.start)
	} else {
		x.proof = policy.Prove(p, &x.Message, x.state.KeySets, x.start)
	}
	return x.proof.Reason
}

// uncompress puts what the body was before it was compressed in its place. The request
// holds memory for both until it is over.
func uncompress(p *policy.Policy, x *exchange) string {
	take := func(bytes int64) bool { return takeMemory(x, bytes) }
	return signature.Uncompress(p.Schemes, &x.Message, p.MaxBodyBytes, take)
}

// macState is what a worker keeps of the first key of the scheme that it had last.
type macState struct {
	of   *signature.Usual
	hash hash.Hash
}

// checkProof says whether one of the policy's keys vouches for the request: the reason
// that passes, or why not. Usually it is one HMAC in one header.
//
//inline:hot
func checkProof(p *policy.Policy, x *exchange, own *scratch) string {
	f := p.Fast
	if f == nil || len(x.Request.Header[f.Header]) != 1 {
		return checkAnyProof(p, x)
	}
	text := x.Request.Header[f.Header][0]
	head := f.Literals[0]
	stamp := int64(0)
	if f.Timestamped {
		text, head, stamp = signature.ReadHead(f, text, x.Request, x.start)
	}
	var mac []byte
	err := signature.ErrNoMAC
	if len(text) == f.Length && text[:f.Start] == f.Prefix {
		if f.Encoding == nil {
			mac, err = hex.DecodeString(text[f.Start:])
		} else {
			mac, err = f.Encoding.DecodeString(text[f.Start:])
		}
	}
	if err != nil || len(mac) != f.Size {
		return checkAnyProof(p, x)
	}
	for k := range f.Keys {
		h := own.mac.hash
		if k == 0 && own.mac.of == f {
			h.Reset()
		} else {
			h = hmac.New(f.NewHash, f.Keys[k])
		}
		if k == 0 {
			own.mac.of = f
			own.mac.hash = h
		}
		if head != "" {
			h.Write([]byte(head))
		}
		h.Write(x.Body)
		if hmac.Equal(h.Sum(nil), mac) {
			x.proof.Secret = k + 1
			x.proof.Scheme = p.Schemes[0]
			x.proof.SignedHead = head
			if f.Timestamped {
				x.proof.Timestamp = time.Unix(stamp, 0)
			}
			return verdict.Verified
		}
	}
	if f.Otherwise != "" {
		return f.Otherwise
	}
	return checkAnyProof(p, x)
}
