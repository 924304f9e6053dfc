package messagesignature

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"hash"
	"strings"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/structured"
	"github.com/hookward/hookward/internal/verdict"
)

// digestFields have a digest of the body: of RFC 9530, and of the older RFC 3230. What is
// sent whole, and without ranges, is its own representation, so that both of the former are
// of the same bytes.
var digestFields = map[string]bool{"content-digest": true, "repr-digest": true, "digest": true}

// digestHashes are the algorithms that a digest counts in. The others of RFC 9530's registry
// are for accidents, and not for attackers.
var digestHashes = map[string]func() hash.Hash{"sha-256": sha256.New, "sha-512": sha512.New}

// checkDigests holds each digest that is covered against the body: a signature over the
// field alone lets any body pass, RFC 9421, 7.2.8.
func checkDigests(v *Verifier, m *message.Message, covered []*component, r *Result) {
	for _, one := range covered {
		if !digestFields[one.name] {
			continue
		}
		lines := m.Request.Header[one.header]
		r.Detail = one.name
		digests := readDigests(v, one.name, lines)
		if len(digests) == 0 {
			r.Reason = verdict.DigestMissing
			return
		}
		for _, d := range digests {
			if !isDigestOf(d, m.Body) {
				r.Reason = verdict.DigestMismatch
				return
			}
		}
		r.Detail = ""
	}
}

// bodyDigest is one digest as it was sent.
type bodyDigest struct {
	algorithm string
	sum       []byte
}

func isDigestOf(d bodyDigest, body []byte) bool {
	h := digestHashes[d.algorithm]()
	h.Write(body)
	return string(h.Sum(nil)) == string(d.sum)
}

// readDigests returns the digests of a field's one line that count, or none where it is
// malformed.
func readDigests(v *Verifier, name string, lines []string) []bodyDigest {
	if len(lines) != 1 {
		return nil
	}
	if name == "digest" {
		return readOldDigests(v, lines[0])
	}
	members, ok := structured.ParseDictionary(lines[0])
	if !ok {
		return nil
	}
	digests := []bodyDigest{}
	for i := range members {
		if !v.Digests[members[i].Key] {
			continue
		}
		if members[i].IsList {
			return nil
		}
		sum, ok := structured.Decode(members[i].Value)
		if !ok {
			sum = decodeSignature(v, members[i].Value) // AdCP's text has the digest in base64url, too
		}
		if sum == nil {
			return nil
		}
		digests = append(digests, bodyDigest{members[i].Key, sum})
	}
	return digests
}

// maxOldDigests bounds the elements of the header Digest.
const maxOldDigests = 8

// readOldDigests reads the header Digest, RFC 3230 and RFC 5843: SHA-256=BASE64.
func readOldDigests(v *Verifier, text string) []bodyDigest {
	digests := []bodyDigest{}
	seen := map[string]bool{}
	elements := strings.Split(text, ",")
	if len(elements) > maxOldDigests {
		return nil
	}
	for _, element := range elements {
		name, value, ok := strings.Cut(strings.Trim(element, " \t"), "=")
		name = strings.ToLower(name)
		if !ok || seen[name] {
			return nil
		}
		seen[name] = true
		if !v.Digests[name] {
			continue
		}
		sum, err := base64.StdEncoding.Strict().DecodeString(value)
		if err != nil {
			return nil
		}
		digests = append(digests, bodyDigest{name, sum})
	}
	return digests
}
