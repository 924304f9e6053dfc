package hooktest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"sync"
)

// Keys of our own, made once with openssl; nobody has their private halves any
// more, but for Ed25519's: it is that of RFC 8032, 7.1, test 1.
const (
	TestEdwardsKey = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
	TestCurveKey   = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
	TestRSAKey     = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAo/fVYgzf7eodvxgU5vse8IO3FtoYf8iObP1NGe5nnKXFACsKUC+zgoNMnY2XQHRjUgRQklntqTy15KcZj6UOxyAEXPsalrNV7J7XwVmBXyVt4kFWQdO4nR5GYdwmA4tLf9IbnBNRYHdDviKNj3okhC4VtNHhjMC3hhmZ3wKk0/lU8UnPUv/79WeFcflxHpBymZYBV6NQfzfsylM8SD1Rj5uwbxBRIiOJDvhCdzwUD92lyFJxHQJ8SvtmGt/y5NGOSyAuJKiwhTYGc+Ws7FemYpZB2qmO3nhFJ3ElnxdfwKciaOaKf0sYw03X+WyR5gYAI9b3YQmIWxoYJtkadGKaGwIDAQAB"
)

// TestRoot is a certificate of our own, whose key nobody has any more.
const TestRoot = `-----BEGIN CERTIFICATE-----
MIIBijCCAS+gAwIBAgIUSCM79o0awQVm0p/Gb5rDvBOKOU4wCgYIKoZIzj0EAwIw
GTEXMBUGA1UEAwwOaG9va3dhcmQgdGVzdHMwIBcNMjYxMTMwMTIyMDEyWhgPMjEy
NjExMDYxMjIwMTJaMBkxFzAVBgNVBAMMDmhvb2t3YXJkIHRlc3RzMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEPwoYldaecrsZZ/vSn2/ztaEXbxpkR9Q3jWHoi7ow
B3RjXpeDsZF9phBiEzu6Jp+AMpVxgvnsy1+Hwysme9jNSqNTMFEwHQYDVR0OBBYE
FBKQMaj3OQ6jEGK/fnZmQnLhBUSvMB8GA1UdIwQYMBaAFBKQMaj3OQ6jEGK/fnZm
QnLhBUSvMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDSQAwRgIhAIaZp/ms
VlKCTzpqGSqn8pAXaWo5vHbMYw3IoTtYnBNgAiEAgeX4DB72/0Dp696/6FltrTu7
cLgETdrWSPK/LXeCkDw=
-----END CERTIFICATE-----
`

// TestPrivateKeys are keys of each family, made once: RSA's take their time.
func TestPrivateKeys() map[string]crypto.Signer {
	privateKeysOnce.Do(makePrivateKeys)
	return privateKeys
}

var (
	privateKeysOnce sync.Once
	privateKeys     map[string]crypto.Signer
)

func makePrivateKeys() {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	privateKeys = map[string]crypto.Signer{"ed25519": edwards, "ecdsa": curve, "rsa": modulus, "rsa-pss": modulus}
}
