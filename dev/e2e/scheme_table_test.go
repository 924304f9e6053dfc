package e2e

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"net/http"
	"strings"
	"testing"
	"time"
)

const (
	deliveryID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"
	query      = "a=b%20c&d=%2F&a=&e"
	publicHost = "hooks.example.com"
)

// scheme is a way of signing, told twice: to the gate in its words, and here in
// Go.
type scheme struct {
	name      string
	options   string // what stands under signature
	beside    string // options next to it
	encoding  *base64.Encoding
	hash      func() hash.Hash
	text      func(m *message) string
	headers   func(m *message, signatures ...string) []string
	unit      string // of the timestamp, where there is one
	tolerance time.Duration
	list      bool
}

// message is a request that is about to be signed.
type message struct {
	*http.Request
	id, timestamp, body string
}

var schemes = []scheme{
	{
		name:    "stripe",
		options: `header: Stripe-Signature, format: "t={timestamp},v1={hex},...", signs: "{timestamp}.{body}"`,
		hash:    sha256.New, unit: "s", tolerance: 5 * time.Minute, list: true,
		text: func(m *message) string { return m.timestamp + "." + m.body },
		headers: func(m *message, signatures ...string) []string {
			return []string{"Stripe-Signature: t=" + m.timestamp + ",v1=" + strings.Join(signatures, ",v1=") + ",v0=" + strings.Repeat("6", 64)}
		},
	},
	{
		name: "standard",
		options: `header: webhook-signature, format: "v1,{base64} ...", signs: "{id}.{timestamp}.{body}", secretEncoding: whsec,
			idHeader: webhook-id, timestampHeader: webhook-timestamp`,
		hash: sha256.New, encoding: base64.StdEncoding, unit: "s", tolerance: 5 * time.Minute, list: true,
		text: func(m *message) string { return m.id + "." + m.timestamp + "." + m.body },
		headers: func(m *message, signatures ...string) []string {
			return []string{"webhook-id: " + m.id, "webhook-timestamp: " + m.timestamp, "webhook-signature: v1a,AAAA v1," + strings.Join(signatures, " v1,")}
		},
	},
	{
		name:    "semicolons",
		options: `algorithm: hmac-sha384, header: X-Sig, format: "sig={hex};at={timestamp};...", signs: "{header:X-Topic}|{timestamp}|{body}", timestampUnit: ms`,
		beside:  `, tolerance: 90s`,
		hash:    sha512.New384, unit: "ms", tolerance: 90 * time.Second, list: true,
		text: func(m *message) string { return "orders/paid|" + m.timestamp + "|" + m.body },
		headers: func(m *message, signatures ...string) []string {
			return []string{"X-Topic: orders/paid", "X-Sig: sig=" + strings.Join(signatures, "; sig=") + "; at=" + m.timestamp}
		},
	},
	{
		name:    "rfc3339",
		options: `header: X-Sig, format: "{base64url}", signs: "{timestamp}{body}", timestampHeader: X-Time, timestampUnit: rfc3339`,
		hash:    sha256.New, encoding: base64.RawURLEncoding, unit: "rfc3339", tolerance: 5 * time.Minute,
		text: func(m *message) string { return m.timestamp + m.body },
		headers: func(m *message, signatures ...string) []string {
			return []string{"X-Time: " + m.timestamp, "X-Sig: " + signatures[0]}
		},
	},
	{
		name:    "slack",
		options: `header: X-Slack-Signature, format: "v0={hex}", signs: "v0:{timestamp}:{body}", timestampHeader: X-Slack-Request-Timestamp`,
		hash:    sha256.New, unit: "s", tolerance: 5 * time.Minute,
		text: func(m *message) string { return "v0:" + m.timestamp + ":" + m.body },
		headers: func(m *message, signatures ...string) []string {
			return []string{"X-Slack-Request-Timestamp: " + m.timestamp, "X-Slack-Signature: v0=" + signatures[0]}
		},
	},
	{name: "sha512", options: `algorithm: hmac-sha512, header: X-Sig`, hash: sha512.New, text: bodyText, headers: plainHeader},
	{name: "sha512-base64", options: `algorithm: hmac-sha512, header: X-Sig, format: "{base64}"`, hash: sha512.New, encoding: base64.StdEncoding, text: bodyText, headers: plainHeader},
	{name: "sha384", options: `algorithm: hmac-sha384, header: X-Sig, format: "{hex}"`, hash: sha512.New384, text: bodyText, headers: plainHeader},
	{name: "md5", options: `algorithm: hmac-md5, header: X-Sig`, hash: md5.New, text: bodyText, headers: plainHeader},
	{name: "sha1", options: `algorithm: hmac-sha1, header: X-Sig, format: "{base64}"`, hash: sha1.New, encoding: base64.StdEncoding, text: bodyText, headers: plainHeader},
	{name: "padded", options: `header: X-Sig, format: "{base64url}"`, hash: sha256.New, encoding: base64.URLEncoding, text: bodyText, headers: plainHeader},
	{
		name:    "url",
		options: `algorithm: hmac-sha1, header: X-Sig, format: "{base64}", signs: "{url}{body}"`, beside: `, publicURL: "https://` + publicHost + `"`,
		hash: sha1.New, encoding: base64.StdEncoding, headers: plainHeader,
		text: func(m *message) string { return "https://" + publicHost + m.URL.Path + "?" + query + m.body },
	},
	{
		name:    "url-port",
		options: `header: X-Sig, signs: "{url}{body}"`, beside: `, publicURL: "https://` + publicHost + `:8443/"`,
		hash: sha256.New, headers: plainHeader,
		text: func(m *message) string { return "https://" + publicHost + ":8443" + m.URL.Path + "?" + query + m.body },
	},
	{
		// The file provider runs each file through Go's templates first, which
		// take doubled braces for their own: this is how one writes {{{body}}}.
		name:    "line",
		options: `header: X-Sig, signs: "{method}{path}{query}{host}\n{{"{{"}}{body}{{"}}"}}"`, beside: `, methods: [POST, PUT]`,
		hash: sha256.New, headers: plainHeader,
		text: func(m *message) string {
			return m.Method + m.URL.Path + query + publicHost + "\n{" + m.body + "}"
		},
	},
}

func bodyText(m *message) string { return m.body }

func plainHeader(_ *message, signatures ...string) []string {
	return []string{"X-Sig: " + signatures[0]}
}

// key returns the secret of a scheme's gate.
func (c *scheme) key() string { return "only " + c.name + " signs with this" }

// stamp returns a timestamp of a certain age, empty where the scheme has none.
func (c *scheme) stamp(age time.Duration) string {
	at := time.Now().Add(-age)
	switch c.unit {
	case "s":
		return fmt.Sprint(at.Unix())
	case "ms":
		return fmt.Sprint(at.UnixMilli())
	case "rfc3339":
		return at.In(time.FixedZone("", 3600)).Format("2006-01-02T15:04:05.999Z07:00")
	}
	return ""
}

// message returns a request to the scheme's gate, of a certain age.
func (s *site) message(c *scheme, body string, age time.Duration) *message {
	m := &message{Request: s.request(c.name, body), id: deliveryID, timestamp: c.stamp(age), body: body}
	m.URL.RawQuery = query
	m.Host = publicHost
	return m
}

// but returns a message that differs, to sign it in another's stead.
func (m *message) but(change func(n *message)) *message {
	n := &message{Request: m.Request.Clone(context.Background()), id: m.id, timestamp: m.timestamp, body: m.body}
	change(n)
	return n
}

// sign returns what a key makes of a message.
func (c *scheme) sign(key string, m *message) string {
	mac := hmac.New(c.hash, []byte(key))
	mac.Write([]byte(c.text(m)))
	if c.encoding != nil {
		return c.encoding.EncodeToString(mac.Sum(nil))
	}
	return hex.EncodeToString(mac.Sum(nil))
}

// send sends a message with header lines.
func (s *site) send(t *testing.T, m *message, lines []string) *answer {
	t.Helper()
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		m.Header.Add(name, value)
	}
	return exchange(t, s.client, m.Request)
}

func find(name string) *scheme {
	for i := range schemes {
		if schemes[i].name == name {
			return &schemes[i]
		}
	}
	panic("no scheme " + name)
}
