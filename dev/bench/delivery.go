package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// secret is what deliveries are signed with, and wrongSecret what those are that
// have to be refused.
const (
	secret      = "It's a Secret to Everybody"
	wrongSecret = "It's a Secret to Nobody"
)

// What stands at the end of each body makes it another delivery: a gate with
// replay protection would not let it pass twice.
const (
	bodyStart  = `{"ref":"refs/heads/main","data":"`
	bodyMiddle = `","nonce":"`
	nonceSize  = 32
	bodyEnd    = `"}`
	minBody    = len(bodyStart) + len(bodyMiddle) + nonceSize + len(bodyEnd)
)

// request is one of GitHub's deliveries, as the bytes of an HTTP request that
// are sent again and again with another number in them. Signing it costs the
// same at any size: the state of the MAC over all but the body's end is kept.
type request struct {
	bytes                      []byte
	path, id, signature, nonce int // where they stand in bytes
	end                        int // where the part of the body begins that changes
	mac                        hash.Cloner
	paths                      []string
}

// newRequest returns a request whose body has so many bytes. The paths have one
// length. Run makes its nonces different from another run's.
func newRequest(host string, paths []string, size int, key, run string) (*request, error) {
	if size < minBody {
		return nil, fmt.Errorf("a body of %d bytes is too short; the shortest has %d", size, minBody)
	}
	for _, path := range paths {
		if len(path) != len(paths[0]) {
			return nil, fmt.Errorf("paths differ in length: %s, %s", paths[0], path)
		}
	}
	if len(run) != nonceSize/2 {
		return nil, fmt.Errorf("the name of the run, %q, must have %d characters", run, nonceSize/2)
	}
	r := &request{paths: paths}
	text := "POST "
	r.path = len(text)
	text += paths[0] + " HTTP/1.1\r\nHost: " + host + "\r\nUser-Agent: GitHub-Hookshot/044aadd\r\nAccept: */*\r\n" +
		"Content-Type: application/json\r\nX-GitHub-Event: push\r\nX-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-"
	r.id = len(text)
	text += strings.Repeat("0", 12) + "\r\nX-Hub-Signature-256: sha256="
	r.signature = len(text)
	text += strings.Repeat("0", hex.EncodedLen(sha256.Size)) + fmt.Sprintf("\r\nContent-Length: %d\r\n\r\n", size)
	body := len(text)
	text += bodyStart + strings.Repeat("x", size-minBody) + bodyMiddle
	r.end = len(text)
	text += run
	r.nonce = len(text)
	text += strings.Repeat("0", nonceSize/2) + bodyEnd
	r.bytes = []byte(text)

	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(r.bytes[body:r.end])
	var ok bool
	if r.mac, ok = mac.(hash.Cloner); !ok {
		return nil, fmt.Errorf("this Go can't copy the state of a MAC")
	}
	return r, nil
}

// number makes the request the delivery of this number, and signs it.
func (r *request) number(n uint64) error {
	copy(r.bytes[r.path:], r.paths[n%uint64(len(r.paths))])
	digits(r.bytes[r.id:r.id+12], n)
	digits(r.bytes[r.nonce:r.nonce+nonceSize/2], n)
	mac, err := r.mac.Clone()
	if err != nil {
		return err
	}
	mac.Write(r.bytes[r.end:])
	var sum [sha256.Size]byte
	hex.Encode(r.bytes[r.signature:], mac.Sum(sum[:0]))
	return nil
}

// digits writes a number in hexadecimal digits that fill the place.
func digits(place []byte, n uint64) {
	for i := len(place) - 1; i >= 0; i-- {
		place[i] = "0123456789abcdef"[n&15]
		n >>= 4
	}
}
