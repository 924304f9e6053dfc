package e2e

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// startSchemes runs Traefik with its own log at its most talkative, in which it
// shows the configuration of plugins: what is a reference there must not be its
// secret.
func startSchemes(t *testing.T) *site {
	gates, environment := []gate{}, []string{}
	for i, c := range schemes {
		gates = append(gates, gate{name: c.name, options: fmt.Sprintf(`{secrets: ["env:SCHEME_%d"], signature: {%s}%s}`, i, c.options, c.beside)})
		text := c.key()
		if strings.Contains(c.options, "whsec") {
			text = "whsec_" + base64.StdEncoding.EncodeToString([]byte(text))
		}
		environment = append(environment, fmt.Sprintf("SCHEME_%d=%s", i, text))
	}
	return start(t, nil, gates, gateway.Settings{LogLevel: "DEBUG", Env: environment})
}

func TestSchemes(t *testing.T) {
	s := startSchemes(t)
	for i := range schemes {
		c, other := &schemes[i], &schemes[(i+1)%len(schemes)]
		t.Run(c.name, func(t *testing.T) {
			for _, body := range []string{hello, "", "{\"a\": 1}\r\n\x00\xff", strings.Repeat("0123456789", 10_000)} {
				m := s.message(c, body, 0)
				arrived, r := s.passed(t, s.send(t, m, c.headers(m, c.sign(c.key(), m))))
				unchanged(t, arrived, body)
				if r.Provider != "custom" || arrived.Header.Get("X-Hookward-Provider") != "custom" || r.Secret != 1 {
					t.Errorf("the backend is told %v, and the record says %+v", arrived.Header, r)
				}
				if arrived.URL.RawQuery != query || (r.DeliveryID == deliveryID) != (c.name == "standard") {
					t.Errorf("the backend got the query %q, and the record says %+v", arrived.URL.RawQuery, r)
				}
			}
			refused := func(m *message, reason string, signatures ...string) {
				t.Helper()
				s.refused(t, s.send(t, m, c.headers(m, signatures...)), http.StatusUnauthorized, reason)
			}

			m := s.message(c, hello, 0)
			refused(m, "signature_mismatch", c.sign(other.key(), m))
			m = s.message(c, hello+"!", 0)
			refused(m, "signature_mismatch", c.sign(c.key(), m.but(func(n *message) { n.body = hello })))
			m = s.message(c, hello, 0)
			refused(m, "signature_malformed", c.sign(c.key(), m)[1:])
			if c.encoding != nil {
				m := s.message(c, hello, 0)
				refused(m, "signature_malformed", unusedBit(t, c.encoding, c.sign(c.key(), m)))
			}
			if c.unit == "" {
				return
			}
			for age, reason := range map[time.Duration]string{
				c.tolerance + time.Minute: "timestamp_too_old", -c.tolerance - time.Minute: "timestamp_too_new",
				24 * 365 * time.Hour: "timestamp_too_old", -24 * 365 * time.Hour: "timestamp_too_new",
			} {
				m := s.message(c, hello, age)
				refused(m, reason, c.sign(c.key(), m))
				// Who has no secret must not learn what the clock says.
				m = s.message(c, hello, age)
				refused(m, "signature_mismatch", c.sign(other.key(), m))
			}
			for _, age := range []time.Duration{c.tolerance - time.Minute, time.Minute - c.tolerance} {
				m := s.message(c, hello, age)
				s.passed(t, s.send(t, m, c.headers(m, c.sign(c.key(), m))))
			}
			// A captured delivery doesn't become fresh by a fresh timestamp.
			fresh := s.message(c, hello, 0)
			stale := c.stamp(time.Hour)
			refused(fresh, "signature_mismatch", c.sign(c.key(), fresh.but(func(n *message) { n.timestamp = stale })))
			for _, timestamp := range []string{"+" + fresh.timestamp, "0" + fresh.timestamp, fresh.timestamp + ".0", "now"} {
				m := s.message(c, hello, 0)
				m.timestamp = timestamp
				refused(m, "timestamp_malformed", c.sign(c.key(), m))
			}
		})
	}
	t.Run("lists", func(t *testing.T) { testLists(t, s) })
	t.Run("what is signed", func(t *testing.T) { testSigned(t, s) })
	s.Stop()
	printed := s.Stdout.String() + s.Stderr.String()
	for i := range schemes {
		s.notPrinted(t, schemes[i].key())
		if !strings.Contains(printed, fmt.Sprintf("env:SCHEME_%d", i)) {
			t.Errorf("Traefik did not print the reference to the secret of %s: its log is not what is searched here", schemes[i].name)
		}
	}
}

// testLists sends several signatures at once. Up to 16 are tried; more are
// refused, lest a request be made to cost what its sender likes.
func testLists(t *testing.T, s *site) {
	for i := range schemes {
		c := &schemes[i]
		if !c.list {
			continue
		}
		for _, count := range []int{2, 16, 17} {
			for _, position := range []int{-1, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16} {
				if position >= count {
					break
				}
				m := s.message(c, hello, 0)
				signatures := []string{}
				for k := 0; k < count; k++ {
					signatures = append(signatures, c.sign(fmt.Sprint("another key ", k), m))
				}
				if position >= 0 {
					signatures[position] = c.sign(c.key(), m)
				}
				a := s.send(t, m, c.headers(m, signatures...))
				switch {
				case count > 16:
					s.refused(t, a, http.StatusUnauthorized, "signature_malformed")
				case position < 0:
					s.refused(t, a, http.StatusUnauthorized, "signature_mismatch")
				default:
					s.passed(t, a)
				}
			}
		}
	}
	stripe := find("stripe")
	for _, c := range []struct {
		reason string // empty: passes
		lines  func(timestamp, good, bad string) []string
	}{
		{"", func(at, good, bad string) []string { return []string{"v1=" + good + ", t=" + at} }},
		{"", func(at, good, bad string) []string { return []string{"t=" + at + ",v1=" + bad, "v1=" + good} }},
		{"signature_mismatch", func(at, good, bad string) []string { return []string{"t=" + at + ",v0=" + good + ",v1=" + bad} }},
		{"signature_malformed", func(at, good, bad string) []string { return []string{"t=" + at + ",v0=" + good} }},
		{"signature_malformed", func(at, good, bad string) []string { return []string{"t=" + at + ",v1=" + good + ",t=1"} }},
		{"signature_malformed", func(at, good, bad string) []string { return []string{"t=1,v1=" + good + ",t=" + at} }},
		{"signature_malformed", func(at, good, bad string) []string { return []string{"t=" + at + ";v1=" + good} }},
		{"timestamp_missing", func(at, good, bad string) []string { return []string{"v1=" + good} }},
		{"signature_missing", func(at, good, bad string) []string { return nil }},
	} {
		m := s.message(stripe, hello, 0)
		lines := c.lines(m.timestamp, stripe.sign(stripe.key(), m), stripe.sign("another key", m))
		for i := range lines {
			lines[i] = "Stripe-Signature: " + lines[i]
		}
		a := s.send(t, m, lines)
		if c.reason == "" {
			s.passed(t, a)
		} else {
			s.refused(t, a, http.StatusUnauthorized, c.reason)
		}
	}
}

// testSigned changes, one by one, what a scheme signs besides the body.
func testSigned(t *testing.T, s *site) {
	for _, c := range []struct {
		scheme, reason string
		change         func(m *message)
	}{
		{"line", "signature_mismatch", func(m *message) { m.Method = http.MethodPut }},
		{"line", "signature_mismatch", func(m *message) { m.Host = "other.example.com" }},
		{"line", "signature_mismatch", func(m *message) { m.URL.RawQuery = "" }},
		{"line", "signature_mismatch", func(m *message) { m.URL.RawQuery = "a=b+c&d=%2F&a=&e" }},
		{"url", "signature_mismatch", func(m *message) { m.URL.RawQuery += "&f" }},
		{"url-port", "signature_mismatch", func(m *message) { m.URL.RawQuery += "&f" }},
		{"url", "", func(m *message) { m.Host = "internal:8080" }}, // publicURL says what is signed
		{"url-port", "", func(m *message) { m.Host = "internal:8080" }},
		{"standard", "signature_mismatch", func(m *message) { m.Header.Set("webhook-id", "msg_other") }},
		{"standard", "signed_text_ambiguous", func(m *message) { m.Header.Set("webhook-id", "msg.other") }},
		{"standard", "signed_field_missing", func(m *message) { m.Header.Del("webhook-id") }},
		{"standard", "signed_field_missing", func(m *message) { m.Header.Add("webhook-id", deliveryID) }},
		{"standard", "timestamp_missing", func(m *message) { m.Header.Del("webhook-timestamp") }},
		{"standard", "timestamp_missing", func(m *message) { m.Header.Add("webhook-timestamp", m.timestamp) }},
		{"semicolons", "signature_mismatch", func(m *message) { m.Header.Set("X-Topic", "orders/refunded") }},
		{"semicolons", "signed_text_ambiguous", func(m *message) { m.Header.Set("X-Topic", "a|1") }},
		{"slack", "signature_duplicated", func(m *message) { m.Header.Add("X-Slack-Signature", m.Header.Get("X-Slack-Signature")) }},
	} {
		scheme := find(c.scheme)
		m := s.message(scheme, hello, 0)
		for _, line := range scheme.headers(m, scheme.sign(scheme.key(), m)) {
			name, value, _ := strings.Cut(line, ": ")
			m.Header.Add(name, value)
		}
		c.change(m)
		a := s.send(t, m, nil)
		if c.reason == "" {
			s.passed(t, a)
		} else {
			s.refused(t, a, http.StatusUnauthorized, c.reason)
		}
	}
	line := find("line")
	m := s.message(line, hello, 0)
	m.Method = http.MethodPut
	s.passed(t, s.send(t, m, line.headers(m, line.sign(line.key(), m))))
}

// unusedBit returns another text that a careless decoder reads as the same
// bytes.
func unusedBit(t *testing.T, encoding *base64.Encoding, text string) string {
	t.Helper()
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	last := len(strings.TrimRight(text, "=")) - 1
	want, _ := encoding.DecodeString(text)
	for _, digit := range digits {
		changed := text[:last] + string(digit) + text[last+1:]
		if got, err := encoding.DecodeString(changed); err == nil && changed != text && slices.Equal(got, want) {
			return changed
		}
	}
	t.Fatalf("%s has no unused bit", text)
	return ""
}
