package jwt

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/verdict"
)

// issued is a certificate with its key.
type issued struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// issue makes a certificate below another, or a root.
func issue(name string, above *issued, isCA bool, oid []int, from, to time.Time) *issued {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to, BasicConstraintsValid: true, IsCA: isCA}
	if oid != nil {
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier(oid), Value: []byte{5, 0}}}
	}
	parent, signer := template, key
	if above != nil {
		parent, signer = above.certificate, above.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		panic(err)
	}
	one, err := x509.ParseCertificate(der)
	if err != nil {
		panic(err)
	}
	return &issued{one, key}
}

// chainOf writes certificates as x5c has them.
func chainOf(chain ...*issued) []string {
	texts := []string{}
	for _, one := range chain {
		texts = append(texts, base64.StdEncoding.EncodeToString(one.certificate.Raw))
	}
	return texts
}

// A token's own certificates verify it if they lead to our root, with the extensions that
// are asked for, and were good when it was made.
func TestCertificates(t *testing.T) {
	leafOID, middleOID := []int{1, 2, 840, 113635, 100, 6, 11, 1}, []int{1, 2, 840, 113635, 100, 6, 2, 1}
	from, to := present.AddDate(-1, 0, 0), present.AddDate(1, 0, 0)
	root := issue("root", nil, true, nil, from, to)
	middle := issue("middle", root, true, middleOID, from, to)
	leaf := issue("leaf", middle, false, leafOID, from, to)
	otherRoot := issue("root", nil, true, nil, from, to)
	otherMiddle := issue("middle", otherRoot, true, middleOID, from, to)
	otherLeaf := issue("leaf", otherMiddle, false, leafOID, from, to)
	bareMiddle := issue("bare", root, true, nil, from, to)
	underBare := issue("leaf", bareMiddle, false, leafOID, from, to)
	bareLeaf := issue("leaf", middle, false, nil, from, to)
	noCA := issue("no CA", root, false, middleOID, from, to)
	underNoCA := issue("leaf", noCA, false, leafOID, from, to)
	late := issue("leaf", middle, false, leafOID, from, present.Add(-time.Minute))
	old := issue("leaf", middle, false, leafOID, from, present.Add(-time.Hour))
	unwritten := issue("leaf", middle, false, leafOID, present.Add(time.Hour), to)

	v := mustCompile(t, map[string]any{"jwt": map[string]any{"field": "json:signedPayload", "algorithms": "ES256", "claims": []any{"data.bundleId=com.example.app", "data.environment=Production"}, "maxAge": "10m", "ageClaim": "signedDate",
		"certificates": map[string]any{"roots": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: root.certificate.Raw})), "leafOID": "1.2.840.113635.100.6.11.1", "intermediateOID": "1.2.840.113635.100.6.2.1"}}})
	claims := map[string]any{"signedDate": present.Add(-5 * time.Minute).UnixMilli(), "data": map[string]any{"bundleId": "com.example.app", "environment": "Production"}}
	for name, c := range map[string]struct {
		x5c  any
		key  crypto.Signer
		want string
	}{
		"good":                    {chainOf(leaf, middle, root), leaf.key, verdict.Verified},
		"good then":               {chainOf(late, middle, root), late.key, verdict.Verified},
		"another root behind it":  {chainOf(leaf, middle, otherRoot), leaf.key, verdict.Verified}, // ours counts
		"over then":               {chainOf(old, middle, root), old.key, verdict.CertificateRefused},
		"not yet good":            {chainOf(unwritten, middle, root), unwritten.key, verdict.CertificateRefused},
		"another root":            {chainOf(otherLeaf, otherMiddle, otherRoot), otherLeaf.key, verdict.CertificateRefused},
		"another root, ours last": {chainOf(otherLeaf, otherMiddle, root), otherLeaf.key, verdict.CertificateRefused},
		"two":                     {chainOf(leaf, middle), leaf.key, verdict.CertificateRefused},
		"four":                    {chainOf(leaf, middle, root, root), leaf.key, verdict.CertificateRefused},
		"none":                    {nil, leaf.key, verdict.CertificateRefused},
		"no list":                 {"x", leaf.key, verdict.CertificateRefused},
		"no certificates":         {[]any{1, "x", nil}, leaf.key, verdict.CertificateRefused},
		"leaf without OID":        {chainOf(bareLeaf, middle, root), bareLeaf.key, verdict.CertificateRefused},
		"middle without OID":      {chainOf(underBare, bareMiddle, root), underBare.key, verdict.CertificateRefused},
		"middle beside":           {chainOf(underBare, middle, bareMiddle), underBare.key, verdict.CertificateRefused},
		"middle without CA":       {chainOf(underNoCA, noCA, root), underNoCA.key, verdict.CertificateRefused},
		"key of another":          {chainOf(leaf, middle, root), bareLeaf.key, verdict.SignatureMismatch},
	} {
		header := map[string]any{"alg": "ES256"}
		if c.x5c != nil {
			header["x5c"] = c.x5c
		}
		token := signedBy(c.key, "ES256", inputOf(header, claims))
		if got := Verify(v, post(`{"signedPayload":"`+token+`"}`, "", ""), nil, present).Reason; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	for name, c := range map[string]struct {
		claims map[string]any
		want   string
	}{
		"other bundle": {map[string]any{"signedDate": present.UnixMilli(), "data": map[string]any{"bundleId": "com.example.other", "environment": "Production"}}, verdict.ClaimMismatch},
		"Xcode":        {map[string]any{"signedDate": present.UnixMilli(), "data": map[string]any{"bundleId": "com.example.app", "environment": "Xcode"}}, verdict.ClaimMismatch},
		"an old token": {map[string]any{"signedDate": present.Add(-time.Hour).UnixMilli(), "data": claims["data"]}, verdict.TimestampTooOld},
		"no date":      {map[string]any{"data": claims["data"]}, verdict.ClaimMismatch},
	} {
		token := signedBy(leaf.key, "ES256", inputOf(map[string]any{"alg": "ES256", "x5c": chainOf(leaf, middle, root)}, c.claims))
		if got := Verify(v, post(`{"signedPayload":"`+token+`"}`, "", ""), nil, present).Reason; got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
