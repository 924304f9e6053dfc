// Package sns knows Amazon SNS: which certificates and confirmations may be fetched,
// and how they are. It must not know how a signature is verified, nor whose topics are
// awaited.
package sns

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/fetch"
	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/verdict"
)

// This file is for one provider. An AWS SNS message names the certificate that
// it is signed with by a URL, and a subscription is confirmed by visiting
// another one. Whoever may choose what a gate fetches may choose its answer, so
// both URLs are held against Amazon's own form to the letter, and nothing else
// in the configuration can widen that.
// https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html

var (
	TopicOf        = regexp.MustCompile(`^arn:aws[a-z-]*:sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_.-]{1,256}$`)
	snsHost        = regexp.MustCompile(`^sns\.([a-z]{2}[a-z0-9-]{1,30})\.amazonaws\.com(\.cn)?$`)
	snsCertificate = regexp.MustCompile(`^https://(sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?)/SimpleNotificationService-[0-9a-f]{32}\.pem$`)
	snsName        = regexp.MustCompile(`^sns\.([a-z0-9-]+\.)?amazonaws\.com(\.cn)?$`)
)

const (
	snsTimeout    = 5 * time.Second
	snsRetry      = 30 * time.Second
	maxSNSBytes   = 64 << 10
	maxSNSEntries = 256
	// maxSNSFailures bounds the certificates that are asked for in vain in a
	// minute: strangers can think of as many names as they like.
	maxSNSFailures = 20
)

// cached is a certificate by its URL. Its lock is held while it is fetched, so
// that it is fetched once.
type cached struct {
	mu    sync.Mutex
	keys  []secrets.PublicKey
	asked time.Time // when it was asked for in vain
	good  bool      // whether there are keys; guarded by snsMu
}

// Certificates outlive the handlers, which Traefik builds anew at each reload.
var (
	snsMu       sync.Mutex
	snsEntries  = map[string]*cached{}
	snsFailures = 0
	snsMinute   time.Time // since when failures are counted

	snsRules = fetch.Rules{Timeout: snsTimeout, MaxBytes: maxSNSBytes, Hosts: snsHost, EndsItself: true}
)

// Redirect has certificates fetched by another transport, or by the usual one where that is
// nil, as if none had been fetched before. It is for tests.
func Redirect(transport http.RoundTripper) {
	snsMu.Lock()
	defer snsMu.Unlock()
	snsEntries = map[string]*cached{}
	snsFailures = 0
	snsRules.Transport = transport
}

// Keys returns the key of the certificate at an address, which a message of a topic
// names. The second result is KeysReady or the reason to refuse.
func Keys(topic, address string, offline bool, now time.Time) ([]secrets.PublicKey, string) {
	match := snsCertificate.FindStringSubmatch(address)
	if match == nil || !inRegionOf(topic, match[1]) {
		return nil, verdict.CertificateRefused
	}
	if offline {
		return nil, verdict.KeyUnavailable
	}
	entry := cachedOf(address)
	entry.mu.Lock()
	defer entry.mu.Unlock()
	if len(entry.keys) > 0 {
		return entry.keys, verdict.KeysReady
	}
	if now.Sub(entry.asked) < snsRetry && !entry.asked.After(now) || !mayAsk(now) {
		return nil, verdict.KeyUnavailable
	}
	key, problem := fetchCertificate(address)
	if problem != "" {
		entry.asked = now
		report.Write("error", "hookward", "the certificate "+address+" can't be used: it "+problem, now)
		return nil, verdict.KeyUnavailable
	}
	entry.keys = []secrets.PublicKey{key}
	noteGood(entry)
	return entry.keys, verdict.KeysReady
}

// inRegionOf says whether a host is SNS in the region of a topic.
func inRegionOf(topic, host string) bool {
	a, b := TopicOf.FindStringSubmatch(topic), snsHost.FindStringSubmatch(host)
	return a != nil && b != nil && a[1] == b[1]
}

// cachedOf returns the entry of a certificate.
func cachedOf(address string) *cached {
	snsMu.Lock()
	defer snsMu.Unlock()
	entry := snsEntries[address]
	if entry != nil {
		return entry
	}
	if len(snsEntries) >= maxSNSEntries {
		forgetFailures()
	}
	entry = &cached{}
	snsEntries[address] = entry
	return entry
}

// mayAsk counts a certificate that is asked for: as one in vain, until it is
// known to be good.
func mayAsk(now time.Time) bool {
	snsMu.Lock()
	defer snsMu.Unlock()
	since := now.Sub(snsMinute)
	if since < 0 || since > time.Minute {
		snsMinute = now
		snsFailures = 0
	}
	if snsFailures >= maxSNSFailures {
		return false
	}
	snsFailures++
	return true
}

func noteGood(entry *cached) {
	snsMu.Lock()
	entry.good = true
	snsFailures--
	snsMu.Unlock()
}

// forgetFailures makes room, with snsMu held. Amazon has few certificates, so
// those that were ever good stay.
func forgetFailures() {
	for address, entry := range snsEntries {
		if !entry.good {
			delete(snsEntries, address)
		}
	}
}

// fetchCertificate gets a certificate from Amazon and looks whose it is. The second result
// says what is wrong with it, in words that follow its name.
func fetchCertificate(address string) (secrets.PublicKey, string) {
	version, problem := fetch.Get(address, snsRules, fetch.Version{})
	if problem != "" {
		return secrets.PublicKey{}, problem
	}
	key, problem := secrets.ParsePublicKey(string(version.Content))
	if problem != "" {
		return secrets.PublicKey{}, problem
	}
	if key.Certificate == nil || key.Rsa == nil {
		return secrets.PublicKey{}, "is no certificate of an RSA key"
	}
	for _, name := range append([]string{key.Certificate.Subject.CommonName}, key.Certificate.DNSNames...) {
		if snsName.MatchString(name) {
			return key, ""
		}
	}
	return secrets.PublicKey{}, "is not of Amazon SNS"
}

// Confirm visits the URL of a verified subscription request to one of some
// topics. It returns HandshakeAnswered, or the reason to refuse; nothing where the message
// is no such request.
func Confirm(m *message.Message, topics map[string]bool) string {
	document := jsonpath.Object(message.DocumentOf(m))
	kind, _ := document["Type"].(string)
	if kind != "SubscriptionConfirmation" {
		return ""
	}
	topic, _ := document["TopicArn"].(string)
	address, _ := document["SubscribeURL"].(string)
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Path != "/" || u.Fragment != "" || !inRegionOf(topic, u.Host) {
		return verdict.CertificateRefused
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || strings.Count(u.RawQuery, "&") != 2 || len(query) != 3 || query.Get("Action") != "ConfirmSubscription" || query.Get("TopicArn") != topic || query.Get("Token") == "" {
		return verdict.CertificateRefused
	}
	if !topics[topic] {
		return verdict.SenderUnknown
	}
	_, problem := fetch.Get(address, snsRules, fetch.Version{})
	if problem != "" {
		return verdict.KeyUnavailable
	}
	return verdict.HandshakeAnswered
}
