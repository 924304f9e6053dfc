package lease

import (
	"crypto/sha256"
	"encoding/hex"
)

// Tag returns what is the same in all keys of a middleware that one script may need
// together: in braces, it has a cluster keep them in one place.
func Tag(middleware string) string {
	sum := sha256.Sum256([]byte(middleware))
	return "{" + hex.EncodeToString(sum[:8]) + "}"
}

// KeyOf returns the key of a claim, by the tag of its middleware: of one length, and with
// nothing of a stranger's in it.
func KeyOf(tag, claim string) string {
	sum := sha256.Sum256([]byte(tag + "\x00" + claim))
	return "hookward:delivery:" + tag + ":" + hex.EncodeToString(sum[:20])
}
