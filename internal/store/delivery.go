// Package store knows how deliveries outlive the process: one file for each, in a
// directory for each state. It must not know when one is tried, nor how.
//
// A file is written aside, synced and renamed to its place, whose directory is synced
// before anybody is told that it is there. Whatever changes about a delivery stands in
// the name of its file, so that a change is one rename, which is there whole or not at
// all, and a start reads names alone. Names are made here: see Entry.
package store

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"time"
)

// Delivery is what is needed to hand a request on once more, as the backend was to get it
// the first time. Its tokens are left out: Tokens says which ones belong where.
type Delivery struct {
	ID         string // the same at each attempt; see NewID
	Received   time.Time
	Middleware string
	Router     string
	Provider   string
	DeliveryID string // the sender's own id, and its event
	EventType  string
	Claim      string // by which the sender's repeat is known; empty where nobody asks
	Method     string
	RequestURI string
	URL        string // as the handlers behind the gate are to see it
	Host       string
	Peer       string // RemoteAddr, whose address the proxy appends to X-Forwarded-For
	TLS        bool
	Tokens     []string // locations whose token is to be put in anew, such as header:NAME
	Headers    map[string][]string
	Trailers   map[string][]string
	Body       []byte
	Replayed   bool // an operator has it tried again; not stored, as the name of its file tells
}

// Key encrypts what is stored.
type Key struct {
	ID   string // says which one it was
	aead cipher.AEAD
}

// KeyBytes is how long a key is: AES-256.
const KeyBytes = 32

var errKeyLength = errors.New("is not 32 bytes long")

// NewKey returns the key of 32 bytes.
func NewKey(secret []byte) (*Key, error) {
	if len(secret) != KeyBytes {
		return nil, errKeyLength
	}
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, err
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(append([]byte("hookward store key "), secret...))
	return &Key{ID: hex.EncodeToString(sum[:8]), aead: aead}, nil
}
