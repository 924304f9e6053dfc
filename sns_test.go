package hookward

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/sns"
	"github.com/hookward/hookward/internal/verdict"
)

const (
	snsTestTopic = "arn:aws:sns:us-east-1:123456789012:deploys"
	snsTestURL   = "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
)

// amazon stands in for Amazon's SNS hosts: whatever the gate dials ends there.
type amazon struct {
	mu       sync.Mutex
	requests []string // what was asked of it
	key      *rsa.PrivateKey
	pem      []byte
	answer   func(rw http.ResponseWriter, r *http.Request)
}

// newAmazon sends the gate's requests to a server of the test's, and forgets
// all certificates.
func newAmazon(t *testing.T, name string, until time.Time) *amazon {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, NotBefore: hooktest.TestTime.Add(-time.Hour), NotAfter: until}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &amazon{key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
	server := httptest.NewTLSServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		a.requests = append(a.requests, r.Host+r.URL.String())
		answer := a.answer
		a.mu.Unlock()
		if answer != nil {
			answer(rw, r)
			return
		}
		_, _ = rw.Write(a.pem)
	}))
	dialer := &net.Dialer{}
	address := server.Listener.Addr().String()
	sns.Redirect(&http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
	})
	t.Cleanup(func() {
		sns.Redirect(nil)
		server.Close()
	})
	return a
}

func (a *amazon) asked() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.requests
}

// message returns a signed SNS message; pairs override its fields before it is
// signed.
func snsMessage(t *testing.T, key *rsa.PrivateKey, pairs ...string) map[string]string {
	t.Helper()
	m := map[string]string{
		"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": snsTestTopic, "Subject": "My First Message",
		"Message": "Hello world!\nMessage", "Timestamp": hooktest.TestTime.Format("2006-01-02T15:04:05.000Z"), "SignatureVersion": "2", "SigningCertURL": snsTestURL,
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		m[pairs[i]] = pairs[i+1]
		if pairs[i+1] == "" {
			delete(m, pairs[i])
		}
	}
	text := ""
	for _, name := range []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"} {
		if m[name] != "" {
			text += name + "\n" + m[name] + "\n"
		}
	}
	sum, hash := sha256.Sum256([]byte(text)), crypto.SHA256
	digest := sum[:]
	if m["SignatureVersion"] == "1" {
		old := sha1.Sum([]byte(text))
		digest, hash = old[:], crypto.SHA1
	}
	signature, err := rsa.SignPKCS1v15(rand.Reader, key, hash, digest)
	if err != nil {
		t.Fatal(err)
	}
	m["Signature"] = base64.StdEncoding.EncodeToString(signature)
	return m
}

func snsReason(t *testing.T, m map[string]string, now time.Time, more ...string) string {
	t.Helper()
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return snsBodyReason(t, string(body), now, more...)
}

func snsBodyReason(t *testing.T, body string, now time.Time, more ...string) string {
	t.Helper()
	options := map[string]any{"provider": "aws-sns", "senders": snsTestTopic}
	for i := 0; i+1 < len(more); i += 2 {
		options[more[i]] = more[i+1]
	}
	capture(t)
	g := newTestGate(t.Name(), options, now)
	if g.Fixed.Policy == nil {
		t.Fatalf("%q", policy.Compile(options).Problems)
	}
	x := decide(g, hooktest.NewPost(body), now)
	if x.forward != (x.reason == verdict.Verified) {
		t.Errorf("%s, forwarded: %v", x.reason, x.forward)
	}
	return x.reason
}

func TestSNS(t *testing.T) {
	a := newAmazon(t, "sns.us-east-1.amazonaws.com", hooktest.TestTime.Add(24*time.Hour))
	for _, pairs := range [][]string{
		{}, {"SignatureVersion", "1"}, {"Subject", ""},
		{"Type", "SubscriptionConfirmation", "Token", "2336412f37", "SubscribeURL", "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription", "Subject", ""},
	} {
		if got := snsReason(t, snsMessage(t, a.key, pairs...), hooktest.TestTime); got != verdict.Verified {
			t.Errorf("%v: %s", pairs, got)
		}
	}
	if n := len(a.asked()); n != 1 {
		t.Errorf("the certificate was fetched %d times, by %d gates; want once", n, 4)
	}
	// One change after signing.
	for name, value := range map[string]string{
		"Message": "Hello world?", "MessageId": "x", "Subject": "", "Timestamp": hooktest.TestTime.Add(time.Second).Format(time.RFC3339), "Type": "UnsubscribeConfirmation",
		"SubscribeURL": "https://sns.us-east-1.amazonaws.com/", "Token": "x", "SignatureVersion": "1",
	} {
		m := snsMessage(t, a.key)
		m[name] = value
		if got := snsReason(t, m, hooktest.TestTime); got != verdict.SignatureMismatch {
			t.Errorf("VULNERABLE: %s changed: %s", name, got)
		}
	}
	for reason, m := range map[string]map[string]string{
		verdict.SignatureMissing:    {"Signature": ""},
		verdict.SignatureMalformed:  {"Signature": "AAAA"},
		verdict.SignedFieldMissing:  {"SignatureVersion": "3"},
		verdict.TimestampMissing:    {"Timestamp": ""},
		verdict.SenderUnknown:       {"TopicArn": "arn:aws:sns:us-east-1:210987654321:deploys"},
		verdict.SignedTextAmbiguous: {"MessageId": "x\nSubject\ny"},
	} {
		changed := snsMessage(t, a.key)
		for name, value := range m {
			changed[name] = value
		}
		got := snsReason(t, changed, hooktest.TestTime)
		if got != reason && !(reason == verdict.SignatureMalformed && got == verdict.SignatureMismatch) {
			t.Errorf("%v: %s, want %s", m, got, reason)
		}
	}
	// What is absent where it was signed, and added in a way that only some parsers
	// understand.
	plain, err := json.Marshal(snsMessage(t, a.key, "Subject", ""))
	if err != nil {
		t.Fatal(err)
	}
	for added, want := range map[string]string{
		`"Unsigned":"x"`: verdict.Verified, `"Subject":null`: verdict.Verified, `"Subject":["EVIL"]`: verdict.SignedFieldMissing, `"Subject":{"a":1}`: verdict.SignedFieldMissing, `"Subject":""`: verdict.SignatureMismatch,
		`"subject":"EVIL"`: verdict.BodyMalformed, `"SUBJECT":"EVIL"`: verdict.BodyMalformed, `"SubscribeURL":["https://evil"]`: verdict.SignedFieldMissing, `"Message":"EVIL"`: verdict.BodyMalformed,
		`"token":"x"`: verdict.BodyMalformed, `"x":"` + "\xff" + `"`: verdict.BodyMalformed, `"Subject":"\ud800"`: verdict.SignatureMismatch,
	} {
		if got := snsBodyReason(t, `{`+added+`,`+string(plain[1:]), hooktest.TestTime); got != want {
			t.Errorf("VULNERABLE: with %s: %s, want %s", added, got, want)
		}
	}
	// Another's topic, though Amazon has signed it.
	if got := snsReason(t, snsMessage(t, a.key, "TopicArn", "arn:aws:sns:us-east-1:210987654321:deploys"), hooktest.TestTime); got != verdict.SenderUnknown {
		t.Errorf("VULNERABLE: another's topic: %s", got)
	}
	if got := snsReason(t, snsMessage(t, a.key), hooktest.TestTime.Add(2*time.Hour)); got != verdict.TimestampTooOld {
		t.Errorf("two hours later: %s", got)
	}
	if got := snsReason(t, snsMessage(t, a.key), hooktest.TestTime.Add(-2*time.Hour)); got != verdict.TimestampTooNew && got != verdict.SignatureMismatch {
		t.Errorf("two hours earlier: %s", got)
	}
}

// No request goes out for a URL that is not Amazon's to the letter.
func TestSNSCertificateURL(t *testing.T) {
	a := newAmazon(t, "sns.amazonaws.com", hooktest.TestTime.Add(24*time.Hour))
	const path = "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
	for _, address := range []string{
		"http://sns.us-east-1.amazonaws.com" + path,
		"https://sns.us-east-1.amazonaws.com.evil.com" + path,
		"https://evil.com/sns.us-east-1.amazonaws.com" + path,
		"https://sns.s3-ap-southeast-2.amazonaws.com" + path,
		"https://s3.amazonaws.com/bucket" + path,
		"https://sns.us-east-1.amazonaws.com@evil.com" + path,
		"https://evil@sns.us-east-1.amazonaws.com" + path,
		"https://sns.us-east-1.amazonaws.com:443" + path,
		"https://sns.us-east-1.amazonaws.com:8443" + path,
		"https://sns.us-east-1.amazonaws.com/x/.." + path,
		"https://SNS.us-east-1.amazonaws.com" + path,
		"https://sns.us-east-1.amazonaws.com" + path + "?x=y",
		"https://sns.us-east-1.amazonaws.com" + path + "#x",
		"https://sns.us-east-1.amazonaws.com" + path + "\n",
		"https://sns.us-east-1.amazonaws.com/evil.pem",
		"https://sns.us-east-1.amazonaws.com/",
		"https://sns.eu-west-1.amazonaws.com" + path, // not the topic's region
		"https://snsXus-east-1.amazonaws.com" + path,
		"https://sns.us-east-1.amazonaws.com.cn.evil.com" + path,
		"//sns.us-east-1.amazonaws.com" + path,
		"file:///etc/passwd", "https://169.254.169.254/latest/meta-data", "https://localhost" + path, "x", "",
	} {
		if got := snsReason(t, snsMessage(t, a.key, "SigningCertURL", address), hooktest.TestTime); got != verdict.CertificateRefused {
			t.Errorf("VULNERABLE: %q: %s", address, got)
		}
	}
	if asked := a.asked(); len(asked) != 0 {
		t.Errorf("VULNERABLE: the gate asked for %q", asked)
	}
}

// What Amazon's host answers is not believed blindly, and never for long.
func TestSNSCertificateAnswers(t *testing.T) {
	for name, answer := range map[string]func(rw http.ResponseWriter, r *http.Request){
		"redirect": func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "https://evil.com/x.pem", http.StatusFound)
		},
		"not found": func(rw http.ResponseWriter, r *http.Request) { http.NotFound(rw, r) },
		"html":      func(rw http.ResponseWriter, r *http.Request) { _, _ = rw.Write([]byte("<html>")) },
		"empty":     func(rw http.ResponseWriter, r *http.Request) {},
		"too long":  func(rw http.ResponseWriter, r *http.Request) { _, _ = rw.Write([]byte(strings.Repeat("x", 1<<20))) },
		"a key": func(rw http.ResponseWriter, r *http.Request) {
			der, _ := base64.StdEncoding.DecodeString(hooktest.TestRSAKey)
			_ = pem.Encode(rw, &pem.Block{Type: "PUBLIC KEY", Bytes: der})
		},
	} {
		a := newAmazon(t, "sns.amazonaws.com", hooktest.TestTime.Add(24*time.Hour))
		a.answer = answer
		m := snsMessage(t, a.key)
		for i := 0; i < 3; i++ {
			if got := snsReason(t, m, hooktest.TestTime); got != verdict.KeyUnavailable {
				t.Errorf("VULNERABLE: %s: %s", name, got)
			}
		}
		if n := len(a.asked()); n != 1 {
			t.Errorf("%s: asked %d times within a moment", name, n)
		}
		a.answer = nil
		if got := snsReason(t, m, hooktest.TestTime.Add(31*time.Second)); got != verdict.Verified {
			t.Errorf("%s: does not heal: %s", name, got)
		}
	}
	a := newAmazon(t, "evil.example.com", hooktest.TestTime.Add(24*time.Hour))
	if got := snsReason(t, snsMessage(t, a.key), hooktest.TestTime); got != verdict.KeyUnavailable {
		t.Errorf("VULNERABLE: a certificate of another name: %s", got)
	}
	a = newAmazon(t, "sns.amazonaws.com", hooktest.TestTime.Add(-time.Minute))
	if got := snsReason(t, snsMessage(t, a.key), hooktest.TestTime); got != verdict.SignatureMismatch {
		t.Errorf("VULNERABLE: an expired certificate: %s", got)
	}
}

// Strangers may invent certificates; those that are known stay.
func TestSNSFlood(t *testing.T) {
	a := newAmazon(t, "sns.amazonaws.com", hooktest.TestTime.Add(24*time.Hour))
	good := snsMessage(t, a.key)
	if got := snsReason(t, good, hooktest.TestTime); got != verdict.Verified {
		t.Fatal(got)
	}
	a.answer = http.NotFound
	for i := 0; i < 100; i++ {
		m := snsMessage(t, a.key, "SigningCertURL", strings.Replace(snsTestURL, "0123", string("0123456789abcdef"[i%16])+string("0123456789abcdef"[i/16])+"ff", 1))
		if got := snsReason(t, m, hooktest.TestTime); got != verdict.KeyUnavailable {
			t.Errorf("an invented certificate: %s", got)
		}
	}
	if n := len(a.asked()); n != 1+20 {
		t.Errorf("asked %d times, want %d", n, 1+20)
	}
	// Those that were asked for in vain are not asked for beside that.
	for i := 0; i < 100; i++ {
		m := snsMessage(t, a.key, "SigningCertURL", strings.Replace(snsTestURL, "0123", string("0123456789abcdef"[i%16])+string("0123456789abcdef"[i/16])+"ff", 1))
		_ = snsReason(t, m, hooktest.TestTime.Add(40*time.Second))
	}
	if n := len(a.asked()); n != 1+20 {
		t.Errorf("asked %d times within a minute, want %d", n, 1+20)
	}
	if got := snsReason(t, good, hooktest.TestTime); got != verdict.Verified {
		t.Errorf("the known certificate is gone: %s", got)
	}
}

func TestSNSConfirmation(t *testing.T) {
	const address = "https://sns.us-east-1.amazonaws.com/?Action=ConfirmSubscription&TopicArn=" + snsTestTopic + "&Token=2336412f37"
	for url, want := range map[string]string{
		address: verdict.HandshakeAnswered,
		"http" + strings.TrimPrefix(address, "https"):                        verdict.CertificateRefused,
		strings.Replace(address, "us-east-1.amazonaws", "us-east-1.evil", 1): verdict.CertificateRefused,
		strings.Replace(address, "sns.us-east-1", "sns.eu-west-1", 1):        verdict.CertificateRefused,
		strings.Replace(address, "amazonaws.com/", "amazonaws.com:8443/", 1): verdict.CertificateRefused,
		strings.Replace(address, "sns.us", "x@sns.us", 1):                    verdict.CertificateRefused,
		strings.Replace(address, ":deploys", ":others", 1):                   verdict.CertificateRefused,
		strings.Replace(address, "ConfirmSubscription", "Unsubscribe", 1):    verdict.CertificateRefused,
		strings.Replace(address, "&Token=2336412f37", "", 1):                 verdict.CertificateRefused,
		address + "&Action=DeleteTopic":                                      verdict.CertificateRefused,
		strings.Replace(address, "/?", "/x?", 1):                             verdict.CertificateRefused,
		"":                                                                   verdict.CertificateRefused,
	} {
		a := newAmazon(t, "sns.amazonaws.com", hooktest.TestTime.Add(24*time.Hour))
		m := snsMessage(t, a.key, "Type", "SubscriptionConfirmation", "Token", "2336412f37", "SubscribeURL", url, "Subject", "")
		if got := snsReason(t, m, hooktest.TestTime, "confirmSubscriptions", "true"); got != want {
			t.Errorf("VULNERABLE: %q: %s, want %s", url, got, want)
		}
		visited := len(a.asked()) - 1
		if visited != map[string]int{verdict.HandshakeAnswered: 1}[want] {
			t.Errorf("VULNERABLE: %q was visited %d times", url, visited)
		}
		if got := snsReason(t, m, hooktest.TestTime); got != verdict.Verified {
			t.Errorf("without the option: %s", got)
		}
	}
	a := newAmazon(t, "sns.amazonaws.com", hooktest.TestTime.Add(24*time.Hour))
	m := snsMessage(t, a.key, "Type", "SubscriptionConfirmation", "Token", "2336412f37", "SubscribeURL", address, "Subject", "")
	m["Token"] = "x"
	if got := snsReason(t, m, hooktest.TestTime, "confirmSubscriptions", "true"); got != verdict.SignatureMismatch || len(a.asked()) != 1 {
		t.Errorf("VULNERABLE: a forged confirmation: %s, %q", got, a.asked())
	}
}

func TestSNSNeedsSenders(t *testing.T) {
	if c := policy.Compile(map[string]any{"provider": "aws-sns"}); c.Policy != nil || !strings.HasPrefix(config.Sentence(c.Problems[0]), "senders: is required") {
		t.Errorf("VULNERABLE: anybody's topic: %q", c.Problems)
	}
}
