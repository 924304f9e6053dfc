package messagesignature

import (
	"crypto"
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

const cavageDate = "Sun, 01 Mar 2026 12:00:00 GMT"

func oldDigestOf(text string) string {
	return "SHA-256=" + strings.Trim(strings.TrimPrefix(digestOf(text), "sha-256="), ":")
}

// cavageLines are what Mastodon signs.
func cavageLines() string {
	return "(request-target): post /in?a=1\nhost: example.com\ndate: " + cavageDate + "\ndigest: " + oldDigestOf(body)
}

// cavageRequest returns a request with parameters, and a signature over a text.
func cavageRequest(parameters, base string, headers ...string) *http.Request {
	signature := base64.StdEncoding.EncodeToString(ed25519.Sign(private, []byte(base)))
	r := hooktest.NewRequest(http.MethodPost, "/in?a=1", body, append(headers, "Date: "+cavageDate, "Digest: "+oldDigestOf(body))...)
	r.Header["Signature"] = []string{parameters + `,signature="` + signature + `"`}
	return r
}

// S26.
func TestCavage(t *testing.T) {
	v := compiled(t, config.MessageSignatureOptions{Dialect: "cavage"}, config.Options{})
	usual := `keyId="k",headers="(request-target) host date digest"`
	created := "(request-target): post /in?a=1\nhost: example.com\n(created): 1772366400\ndigest: " + oldDigestOf(body)
	for _, c := range []struct{ parameters, base, want string }{
		{usual, cavageLines(), verdict.Verified},
		{usual + `,algorithm="hs2019"`, cavageLines(), verdict.Verified},
		{usual + `,algorithm="ed25519"`, cavageLines(), verdict.Verified},
		{usual + `,algorithm="rsa-sha256"`, cavageLines(), verdict.AlgorithmRefused},
		{usual + `,algorithm="hmac-sha256"`, cavageLines(), verdict.AlgorithmRefused},
		{usual + `,algorithm="rsa-pss-sha512"`, cavageLines(), verdict.AlgorithmRefused},
		{usual + `,other="x", more=1`, cavageLines(), verdict.Verified},
		{usual + `,created=1`, cavageLines(), verdict.Verified}, // not signed, so it says nothing
		{`keyId="k",algorithm="hs2019",created=1772366400,headers="(request-target) host (created) digest"`, created, verdict.Verified},
		{`keyId="k",created=1772366400,headers="(request-target) host (created) digest"`, created, verdict.Verified},
		{`keyId="k",created="1772366400",headers="(request-target) host (created) digest"`, created, verdict.SignatureMalformed},
		{`keyId="k",headers="(request-target) host (created) digest"`, created, verdict.SignatureMalformed},
		{`keyId="k",algorithm="rsa-sha256",created=1772366400,headers="(request-target) host (created) digest"`, created, verdict.SignatureMalformed},
		{`keyId="k",created=1772360000,headers="(request-target) host (created) digest"`, strings.Replace(created, "1772366400", "1772360000", 1), verdict.TimestampTooOld},
		{`keyId="k",created=1772366400,expires=1772366300,headers="(request-target) host (created) (expires) digest"`, strings.Replace(created, "\ndigest", "\n(expires): 1772366300\ndigest", 1), verdict.TimestampMalformed},
		{`keyId="k",headers="(request-target) host digest"`, strings.Replace(cavageLines(), "date: "+cavageDate+"\n", "", 1), verdict.ParameterMissing},
		{`keyId="k",headers="(request-target) host date"`, cavageLines(), verdict.ComponentMissing},
		{`keyId="k",headers="host date digest"`, cavageLines(), verdict.ComponentMissing},
		{`keyId="k",headers="date"`, cavageLines(), verdict.ComponentMissing},
		{`keyId="k"`, cavageLines(), verdict.SignatureMalformed}, // (created) alone, and there is none
		{`keyId="k",headers="(request-target) host date digest x-absent"`, cavageLines(), verdict.ComponentMissing},
		{`keyId="k",headers="(request-target) host date digest date"`, cavageLines(), verdict.SignatureMalformed},
		{`keyId="k",headers="(request-target) Host date digest"`, cavageLines(), verdict.SignatureMalformed},
		{`keyId="k",headers="(request-target)  host date digest"`, cavageLines(), verdict.SignatureMalformed},
		{`keyId="k",headers="(request-target) host date digest (other)"`, cavageLines(), verdict.SignatureMalformed},
		{`keyId="k",keyId="k",headers="(request-target) host date digest"`, cavageLines(), verdict.SignatureMalformed},
		{`headers="(request-target) host date digest"`, cavageLines(), verdict.SignatureMalformed},
		{`keyId="",headers="(request-target) host date digest"`, cavageLines(), verdict.SignatureMalformed},
		{`keyId="k\"",headers="(request-target) host date digest"`, cavageLines(), verdict.SignatureMalformed},
		{`keyId=k,headers="(request-target) host date digest"`, cavageLines(), verdict.SignatureMalformed},
		{`keyId="k" headers="(request-target) host date digest"`, cavageLines(), verdict.SignatureMalformed},
	} {
		expect(t, c.parameters, v, cavageRequest(c.parameters, c.base), c.want)
	}
	found := Verify(v, &message.Message{Request: cavageRequest(usual, cavageLines()), Body: []byte(`{"id":2}`)}, nil, hooktest.TestTime)
	if found.Reason != verdict.DigestMismatch {
		t.Errorf("another body: %s", found.Reason)
	}
	found = Verify(v, &message.Message{Request: cavageRequest(usual, cavageLines()), Body: []byte(body)}, nil, hooktest.TestTime.Add(config.DefaultTolerance+1))
	if found.Reason != verdict.TimestampTooOld {
		t.Errorf("an old date: %s", found.Reason)
	}
}

func TestCavageHeaders(t *testing.T) {
	v := compiled(t, config.MessageSignatureOptions{Dialect: "cavage"}, config.Options{})
	usual := `keyId="k",headers="(request-target) host date digest"`
	good := cavageRequest(usual, cavageLines()).Header["Signature"][0]
	for name, c := range map[string]struct {
		signature, authorization []string
		want                     string
	}{
		"Signature":           {[]string{good}, nil, verdict.Verified},
		"Authorization":       {nil, []string{"Signature " + good}, verdict.Verified},
		"of Traefik Hub":      {nil, []string{"Hmac " + good}, verdict.Verified},
		"of another scheme":   {nil, []string{"Bearer " + good}, verdict.SignatureMissing},
		"beside a token":      {[]string{good}, []string{"Bearer x"}, verdict.Verified},
		"both":                {[]string{good}, []string{"Signature " + good}, verdict.SignatureDuplicated},
		"two lines":           {[]string{good, good}, nil, verdict.SignatureDuplicated},
		"none":                {nil, nil, verdict.SignatureMissing},
		"comma at the end":    {[]string{good + ","}, nil, verdict.SignatureMalformed},
		"text at the end":     {[]string{good + " x"}, nil, verdict.SignatureMalformed},
		"no signature":        {[]string{usual}, nil, verdict.SignatureMalformed},
		"no padding":          {[]string{strings.Replace(good, `=="`, `"`, 1)}, nil, verdict.SignatureMalformed},
		"of RFC 9421":         {[]string{"sig1=:AAAA:"}, nil, verdict.SignatureMalformed},
		"too long":            {[]string{good + `,x="` + strings.Repeat("x", maxCavageBytes) + `"`}, nil, verdict.SignatureMalformed},
		"too many components": {[]string{strings.Replace(good, "digest", "digest"+manyNames(), 1)}, nil, verdict.SignatureMalformed},
	} {
		r := cavageRequest(usual, cavageLines())
		r.Header["Signature"] = c.signature
		r.Header["Authorization"] = c.authorization
		expect(t, name, v, r, c.want)
	}
	for digest, want := range map[string]string{
		oldDigestOf(body): verdict.Verified,
		strings.ToLower(oldDigestOf("")[:7]) + oldDigestOf(body)[7:]: verdict.Verified,
		"MD5=AAAA," + oldDigestOf(body):                              verdict.Verified,
		"MD5=AAAA":                                                   verdict.DigestMissing,
		oldDigestOf("other"):                                         verdict.DigestMismatch,
		oldDigestOf(body) + ",SHA-512=AAAA":                          verdict.DigestMismatch,
		oldDigestOf(body) + "," + oldDigestOf(body):                  verdict.DigestMissing,
		strings.TrimSuffix(oldDigestOf(body), "="):                   verdict.DigestMissing,
		"": verdict.DigestMissing,
	} {
		r := cavageRequest(usual, strings.Replace(cavageLines(), oldDigestOf(body), digest, 1))
		r.Header["Digest"] = []string{digest}
		expect(t, digest, v, r, want)
	}
}

func manyNames() string {
	names := ""
	for i := 0; i < maxComponents; i++ {
		names += " x" + strings.Repeat("y", i)
	}
	return names
}

// The keys of the draft's senders: RSA, and secrets.
func TestCavageKeys(t *testing.T) {
	usual := `keyId="k",headers="(request-target) host date digest"`
	key := hooktest.TestPrivateKeys()["rsa"].(*rsa.PrivateKey)
	sum := sha256.Sum256([]byte(cavageLines()))
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	r := cavageRequest(usual, "")
	write := func(more string, signature []byte) {
		r.Header["Signature"] = []string{usual + more + `,signature="` + base64.StdEncoding.EncodeToString(signature) + `"`}
	}
	v := compiled(t, config.MessageSignatureOptions{Dialect: "cavage"}, config.Options{PublicKeys: []string{pemOf(t, &key.PublicKey)}})
	for more, want := range map[string]string{"": verdict.Verified, `,algorithm="rsa-sha256"`: verdict.Verified, `,algorithm="hs2019"`: verdict.Verified, `,algorithm="rsa-sha512"`: verdict.SignatureMismatch} {
		write(more, signature)
		expect(t, "RSA"+more, v, r, want)
	}
	secret := strings.Repeat("a secret ", 4)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(cavageLines()))
	write(`,algorithm="hmac-sha256"`, mac.Sum(nil))
	expect(t, "HMAC", compiled(t, config.MessageSignatureOptions{Dialect: "cavage"}, config.Options{Secrets: []string{secret}}), r, verdict.Verified)
	expect(t, "HMAC without a secret", v, r, verdict.AlgorithmRefused)
}

// S27: what is configured counts, and nothing else.
func TestBothDialects(t *testing.T) {
	r := requestWith(usual, baseOf(usual, usualLines...))
	r.Header.Add("Signature", cavageRequest(`keyId="k",headers="(request-target) host date digest"`, cavageLines()).Header["Signature"][0])
	expect(t, "rfc9421", compiled(t, config.MessageSignatureOptions{}, config.Options{}), r, verdict.SignatureMalformed)
	expect(t, "cavage", compiled(t, config.MessageSignatureOptions{Dialect: "cavage"}, config.Options{}), r, verdict.SignatureDuplicated)
}
