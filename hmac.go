package hookward

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"hash"
)

// macAlgorithms are the message authentication codes of RFC 2104, by the value
// of the option signature.algorithm. HMAC needs no collision resistance of its
// hash, so MD5 and SHA-1 are weak but not broken here; they are used only where
// a configuration names them, never because a request does.
var macAlgorithms = map[string]macAlgorithm{
	"hmac-md5":    {newHash: md5.New, size: md5.Size},
	"hmac-sha1":   {newHash: sha1.New, size: sha1.Size},
	"hmac-sha256": {newHash: sha256.New, size: sha256.Size},
	"hmac-sha384": {newHash: sha512.New384, size: sha512.Size384},
	"hmac-sha512": {newHash: sha512.New, size: sha512.Size},
}

type macAlgorithm struct {
	newHash func() hash.Hash
	size    int // bytes of the code
}

// computeMAC returns the code over the concatenated texts.
func computeMAC(a *macAlgorithm, key []byte, texts [][]byte) []byte {
	mac := hmac.New(a.newHash, key)
	for _, text := range texts {
		mac.Write(text)
	}
	return mac.Sum(nil)
}
