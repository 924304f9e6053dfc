package hooktest

import (
	"encoding/base64"
	"encoding/hex"
)

// The bytes of a signature in these tests, and its encodings.
var (
	testMAC    = []byte("\x00\x01\xfb\xff\xbe\x7f0123456789abcdefghijklmn\xf0")
	otherMAC   = []byte("\xff\x01\xfb\xff\xbe\x7f0123456789abcdefghijklmn\xf0")
	HexMAC     = hex.EncodeToString(testMAC)
	HexOther   = hex.EncodeToString(otherMAC)
	StdMAC     = base64.StdEncoding.EncodeToString(testMAC)
	UrlMAC     = base64.URLEncoding.EncodeToString(testMAC)
	RawURLMAC  = base64.RawURLEncoding.EncodeToString(testMAC)
	TestedSize = len(testMAC)
)
