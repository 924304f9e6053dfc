package e2e

import (
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

const (
	topic         = "arn:aws:sns:eu-central-1:123456789012:deploys"
	snsHost       = "sns.eu-central-1.amazonaws.com"
	certificate   = "https://" + snsHost + "/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"
	subscribeURL  = "https://" + snsHost + "/?Action=ConfirmSubscription&TopicArn=" + topic + "&Token=2336412f37"
	snsDialsPlace = "func Keys(topic, address string, offline bool, now time.Time) ([]secrets.PublicKey, string) {\n"
)

// amazon is what the gate finds in the place of Amazon's hosts.
type amazon struct {
	mu    sync.Mutex
	asked []string
	pem   []byte
	key   *rsa.PrivateKey
}

func (a *amazon) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.asked = append(a.asked, "https://"+r.Host+r.URL.String())
	if r.URL.Path != "/" {
		_, _ = rw.Write(a.pem)
	}
}

func (a *amazon) requests() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.asked
}

func newAmazon(t *testing.T) (*amazon, string) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "sns.amazonaws.com"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	a := &amazon{key: key, pem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})}
	server := httptest.NewTLSServer(a)
	t.Cleanup(server.Close)
	return a, server.Listener.Addr().String()
}

// sign returns a message with its signature.
func (a *amazon) sign(t *testing.T, m map[string]string) string {
	t.Helper()
	text := ""
	for _, name := range []string{"Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"} {
		if m[name] != "" {
			text += name + "\n" + m[name] + "\n"
		}
	}
	sum := sha256.Sum256([]byte(text))
	signature, err := rsa.SignPKCS1v15(rand.Reader, a.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	m["Signature"] = base64.StdEncoding.EncodeToString(signature)
	body, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestSNS has the gate fetch a certificate and visit a subscription. The one
// thing that is not real is where Amazon's hosts are: a copy of the plugin dials
// this machine instead, and trusts it.
func TestSNS(t *testing.T) {
	a, address := newAmazon(t)
	dials := fmt.Sprintf(`
	snsRules.Transport = &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, %q)
		},
	}
`, address)
	plugin := patched(t, []patch{
		{snsDialsPlace, dials},
		{"import (\n\t\"net/http\"\n\t\"net/url\"\n\t\"regexp\"\n\t\"strings\"\n\t\"sync\"\n", "\t\"context\"\n\t\"crypto/tls\"\n\t\"net\"\n"},
	})
	options := fmt.Sprintf("{provider: aws-sns, senders: [%q]}", topic)
	confirming := fmt.Sprintf("{provider: aws-sns, senders: [%q], confirmSubscriptions: true}", topic)
	s := start(t, nil, []gate{{name: "sns", options: options}, {name: "confirms", options: confirming}}, gateway.Settings{Plugin: plugin})
	message := func(pairs ...string) map[string]string {
		m := map[string]string{
			"Type": "Notification", "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324", "TopicArn": topic, "Message": "deployed",
			"Timestamp": time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), "SignatureVersion": "2", "SigningCertURL": certificate,
		}
		for i := 0; i < len(pairs); i += 2 {
			m[pairs[i]] = pairs[i+1]
		}
		return m
	}
	// Nothing goes out for what is not Amazon's, or not from a sender of ours.
	for reason, m := range map[string]map[string]string{
		"certificate_refused": message("SigningCertURL", "https://"+snsHost+".evil.example/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem"),
		"sender_unknown":      message("TopicArn", strings.Replace(topic, "1234", "4321", 1)),
	} {
		s.refused(t, s.post(t, "sns", a.sign(t, m)), http.StatusUnauthorized, reason)
	}
	if asked := a.requests(); len(asked) != 0 {
		t.Fatalf("VULNERABLE: the gate asked for %q", asked)
	}
	body := a.sign(t, message())
	arrived, r := s.passed(t, s.post(t, "sns", body))
	unchanged(t, arrived, body)
	if r.DeliveryID != "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324" || r.EventType != "Notification" {
		t.Errorf("the record is %+v", r)
	}
	s.passed(t, s.post(t, "confirms", a.sign(t, message("Subject", "x"))))
	s.refused(t, s.post(t, "sns", strings.Replace(body, "deployed", "destroyed", 1)), http.StatusUnauthorized, "signature_mismatch")
	if asked := a.requests(); len(asked) != 1 || asked[0] != certificate {
		t.Errorf("asked for %q, want the certificate, once for both gates", asked)
	}
	// A reload builds new gates, and the certificate stays.
	s.configure(t, "other", []gate{{name: "later", options: options}})
	s.passed(t, s.post(t, "later", a.sign(t, message())))

	subscription := message("Type", "SubscriptionConfirmation", "Token", "2336412f37", "SubscribeURL", subscribeURL)
	s.passed(t, s.post(t, "sns", a.sign(t, subscription)))
	answer := s.post(t, "confirms", a.sign(t, subscription))
	if r := s.record(t, answer.path); answer.StatusCode != http.StatusOK || r.Decision != "handshake" || len(s.backend.at(answer.path)) != 0 {
		t.Errorf("a subscription: %d, %+v", answer.StatusCode, r)
	}
	if asked := a.requests(); len(asked) != 2 || asked[1] != subscribeURL {
		t.Errorf("asked for %q", asked)
	}
	forged := message("Type", "SubscriptionConfirmation", "Token", "x", "SubscribeURL", "https://"+snsHost+"/?Action=DeleteTopic&TopicArn="+topic+"&Token=x")
	s.refused(t, s.post(t, "confirms", a.sign(t, forged)), http.StatusUnauthorized, "certificate_refused")
	if asked := a.requests(); len(asked) != 2 {
		t.Errorf("VULNERABLE: asked for %q", asked)
	}
}
