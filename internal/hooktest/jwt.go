package hooktest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
)

// HS256 makes a JSON Web Token with a shared secret, of a header and claims that are JSON
// texts, or values that become such.
func HS256(secret string, header, claims any) string {
	input := base64.RawURLEncoding.EncodeToString(jsonOf(header)) + "." + base64.RawURLEncoding.EncodeToString(jsonOf(claims))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(input))
	return input + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

func jsonOf(value any) []byte {
	text, isText := value.(string)
	if isText {
		return []byte(text)
	}
	b, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return b
}
