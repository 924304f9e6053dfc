package e2e

import (
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// marked is a certificate's template with the extension by which Apple tells its own.
func marked(name string, isCA bool, oid ...int) x509.Certificate {
	template := x509.Certificate{Subject: pkix.Name{CommonName: name}, IsCA: isCA}
	if len(oid) > 0 {
		template.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier(oid), Value: []byte{5, 0}}}
	}
	if isCA {
		template.KeyUsage = x509.KeyUsageCertSign
	}
	return template
}

// signedPayload is a notification's body: a token that has its certificates with it.
func signedPayload(t *testing.T, claims any, chain ...*tls.Certificate) string {
	t.Helper()
	x5c := []string{}
	for _, one := range chain {
		x5c = append(x5c, base64.StdEncoding.EncodeToString(one.Leaf.Raw))
	}
	input := b64([]byte(jsonText(map[string]any{"alg": "ES256", "x5c": x5c}))) + "." + b64([]byte(jsonText(claims)))
	digest := sha256.Sum256([]byte(input))
	one, two, err := ecdsa.Sign(rand.Reader, chain[0].PrivateKey.(*ecdsa.PrivateKey), digest[:])
	must(t, err)
	made := append(one.FillBytes(make([]byte, 32)), two.FillBytes(make([]byte, 32))...)
	return fmt.Sprintf(`{"signedPayload":%q}`, input+"."+b64(made))
}

// Apple's notifications: J29. What its own library lets pass for tests, a gate refuses.
func TestAppStore(t *testing.T) {
	leafOID, middleOID := []int{1, 2, 840, 113635, 100, 6, 11, 1}, []int{1, 2, 840, 113635, 100, 6, 2, 1}
	root := issue(t, nil, marked("root", true))
	middle := issue(t, root, marked("middle", true, middleOID...))
	leaf := issue(t, middle, marked("leaf", false, leafOID...))
	otherRoot := issue(t, nil, marked("root", true))
	otherMiddle := issue(t, otherRoot, marked("middle", true, middleOID...))
	otherLeaf := issue(t, otherMiddle, marked("leaf", false, leafOID...))
	bareMiddle := issue(t, root, marked("middle", true))
	options := fmt.Sprintf(`{provider: apple-appstore, jwt: {certificates: {roots: [%q]}, claims: ["data.bundleId=com.example.app", "data.environment=Production"]}, replay: {by: delivery, window: 340h, onDuplicate: reject}}`, "file:"+writePEM(t, root))
	s := start(t, nil, []gate{{name: "apple", options: options}}, gateway.Settings{})
	claims := func(id string, at time.Time, bundle, environment string) map[string]any {
		return map[string]any{"notificationType": "SUBSCRIBED", "notificationUUID": id, "signedDate": at.UnixMilli(), "version": "2.0", "data": map[string]any{"bundleId": bundle, "environment": environment}}
	}
	now := time.Now()
	good := claims("1", now, "com.example.app", "Production")
	body := signedPayload(t, good, leaf, middle, root)
	arrived, r := s.passed(t, s.post(t, "apple", body))
	unchanged(t, arrived, body)
	if r.DeliveryID != "1" || r.EventType != "SUBSCRIBED" {
		t.Errorf("the record is %+v", r)
	}
	if status := s.statusOf(t, s.request("apple", signedPayload(t, good, leaf, middle, root))); status != http.StatusConflict {
		t.Errorf("the same notification, signed anew: %d", status)
	}
	// Apple goes on with a notification for days.
	s.passed(t, s.post(t, "apple", signedPayload(t, claims("2", now.Add(-50*time.Minute), "com.example.app", "Production"), leaf, middle, root)))
	for _, c := range []struct{ name, body, reason string }{
		{"two certificates", signedPayload(t, good, leaf, middle), "certificate_refused"},
		{"four", signedPayload(t, good, leaf, middle, root, root), "certificate_refused"},
		{"another root", signedPayload(t, good, otherLeaf, otherMiddle, otherRoot), "certificate_refused"},
		{"another root, with ours at the end", signedPayload(t, good, otherLeaf, otherMiddle, root), "certificate_refused"},
		{"a leaf without Apple's mark", signedPayload(t, good, issue(t, middle, marked("leaf", false)), middle, root), "certificate_refused"},
		{"an authority without it", signedPayload(t, good, issue(t, bareMiddle, marked("leaf", false, leafOID...)), bareMiddle, root), "certificate_refused"},
		{"the authority as a signer", signedPayload(t, good, middle, root, root), "certificate_refused"},
		{"a leaf that is over", signedPayload(t, good, issue(t, middle, x509.Certificate{NotBefore: now.Add(-3 * time.Hour), NotAfter: now.Add(-2 * time.Hour), ExtraExtensions: marked("", false, leafOID...).ExtraExtensions}), middle, root), "certificate_refused"},
		{"another bundle", signedPayload(t, claims("3", now, "com.example.other", "Production"), leaf, middle, root), "claim_mismatch"},
		{"Xcode", signedPayload(t, claims("3", now, "com.example.app", "Xcode"), leaf, middle, root), "claim_mismatch"},
		{"LocalTesting", signedPayload(t, claims("3", now, "com.example.app", "LocalTesting"), leaf, middle, root), "claim_mismatch"},
		{"the sandbox", signedPayload(t, claims("3", now, "com.example.app", "Sandbox"), leaf, middle, root), "claim_mismatch"},
		{"too old", signedPayload(t, claims("3", now.Add(-169*time.Hour), "com.example.app", "Production"), leaf, middle, root), "certificate_refused"},
		{"of tomorrow", signedPayload(t, claims("3", now.Add(time.Hour), "com.example.app", "Production"), leaf, middle, root), "token_not_yet_valid"},
		{"twice in the body", `{"signedPayload":"x",` + body[1:], "body_malformed"},
		{"no token", `{}`, "token_missing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := s.post(t, "apple", c.body)
			s.refused(t, a, http.StatusUnauthorized, c.reason)
		})
	}
}
