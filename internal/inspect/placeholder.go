package inspect

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"math/big"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/secrets"
)

// placeholderFor returns a good secret of the form that an option asks for, which is
// always the same for the same reference. Of public keys there are several kinds.
func placeholderFor(path, ref, encoding string, publicKind int) *secrets.Secret {
	sum := sha256.Sum256([]byte("stands in for " + ref))
	text := "stands-in:" + hex.EncodeToString(sum[:]) // with a colon, as a user and a password
	switch {
	case encoding == "hex":
		text = hex.EncodeToString(sum[:])
	case encoding == "base64" || encoding == "whsec":
		text = base64.StdEncoding.EncodeToString(sum[:])
	case path == "publicURL":
		text = "https://stands-in.example.com/in"
	case encoding == secrets.JWKEncoding:
		text = placeholderSet()
	case secrets.IsPublicKey(encoding):
		text = publicPlaceholder(publicKind)
	case isCertificate(path):
		text = placeholderPair().certificate
	case strings.HasSuffix(path, ".tls.key"):
		text = placeholderPair().key
	}
	s := secrets.Decode(text, encoding)
	return &s
}

// isCertificate says whether an option has a certificate, which is no secret.
func isCertificate(path string) bool {
	return strings.HasSuffix(path, ".tls.ca") || strings.HasSuffix(path, ".tls.cert") || strings.HasPrefix(path, "clientCertificate.ca[") || strings.Contains(path, ".certificates.roots[")
}

// publicKinds is how many kinds of public keys there are.
const publicKinds = 5

// publicPlaceholder returns a public key that nobody is to sign with.
func publicPlaceholder(kind int) string {
	switch kind {
	case 0:
		return "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a" // Ed25519, RFC 8032
	case 1:
		return placeholderPair().public
	case 2:
		return placeholderRSA()
	case 3:
		return placeholderPoint(elliptic.P384())
	default:
		return placeholderPoint(elliptic.P521())
	}
}

// placeholderPoint returns a point of a curve whose private half is 1.
func placeholderPoint(curve elliptic.Curve) string {
	parameters := curve.Params()
	public, _ := x509.MarshalPKIXPublicKey(&ecdsa.PublicKey{Curve: curve, X: parameters.Gx, Y: parameters.Gy})
	return base64.StdEncoding.EncodeToString(public)
}

type placeholders struct{ certificate, key, public string }

// They are made anew in each process, and only where they are needed, so that no
// key stands in the source.
var (
	pairOnce sync.Once
	pair     placeholders
	rsaOnce  sync.Once
	rsaText  string
	setOnce  sync.Once
	setText  string
)

func placeholderPair() placeholders {
	pairOnce.Do(func() {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return
		}
		template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now(), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
		certificate, _ := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
		private, _ := x509.MarshalECPrivateKey(key)
		public, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
		pair = placeholders{
			string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate})),
			string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: private})),
			base64.StdEncoding.EncodeToString(public),
		}
	})
	return pair
}

// placeholderSet returns a JWK set with a key of each family, one of which fits whatever is
// verified.
func placeholderSet() string {
	setOnce.Do(func() {
		keys := []string{`{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}`}
		for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384(), elliptic.P521()} {
			p := curve.Params()
			size := (p.BitSize + 7) / 8
			keys = append(keys, `{"kty":"EC","crv":"`+p.Name+`","x":"`+base64url(p.Gx.FillBytes(make([]byte, size)))+`","y":"`+base64url(p.Gy.FillBytes(make([]byte, size)))+`"}`)
		}
		key, err := rsa.GenerateKey(rand.Reader, jwk.MinRSABits)
		if err != nil {
			return
		}
		keys = append(keys, `{"kty":"RSA","e":"AQAB","n":"`+base64url(key.N.Bytes())+`"}`)
		setText = `{"keys":[` + strings.Join(keys, ",") + `]}`
	})
	return setText
}

func base64url(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

func placeholderRSA() string {
	rsaOnce.Do(func() {
		key, err := rsa.GenerateKey(rand.Reader, jwk.MinRSABits)
		if err != nil {
			return
		}
		public, _ := x509.MarshalPKIXPublicKey(&key.PublicKey)
		rsaText = base64.StdEncoding.EncodeToString(public)
	})
	return rsaText
}
