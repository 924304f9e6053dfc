package senders

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/signer"
)

// leastAgreed is how many senders' signatures are to be made again, so that a fault
// of this test does not go for agreement.
const leastAgreed = 130

// otherwise are the senders that choose what a sender may choose, and the signer
// chooses otherwise.
var otherwise = map[string]string{
	"authorize-net": "capital letters in hexadecimal digits",
	"coinbase-cdp":  "which headers are signed, and an older signature beside",
	"mercado-pago":  "milliseconds, or seconds",
}

// The signer makes, of what a sender sends, the sender's own signature: the two share
// no code, and a third of the senders are confirmed by the providers' SDKs. Public
// keys are left out, because the senders keep their private keys to themselves.
func TestSignerAgrees(t *testing.T) {
	agreed := 0
	for _, s := range loadSenders(t) {
		if s.Options["secrets"] == nil || sendsJWT(s.Slug) {
			continue
		}
		made, err := signer.NewSigner(&hookward.Config{Raw: s.Options}, nil)
		if err != nil {
			t.Errorf("%s: %v", s.Slug, err)
			continue
		}
		bare, ok := unsigned(t, &s)
		if !ok {
			t.Errorf("%s: the signature is not where the sender says", s.Slug)
			continue
		}
		d, err := made.Sign(bare)
		if err != nil {
			t.Errorf("%s: %v", s.Slug, err)
			continue
		}
		if otherwise[s.Slug] != "" {
			continue
		}
		if problem := unlike(&s, d); problem != "" {
			t.Errorf("%s: %s", s.Slug, problem)
			continue
		}
		agreed++
	}
	if agreed < leastAgreed {
		t.Errorf("only %d senders agree", agreed)
	}
	t.Logf("%d senders agree", agreed)
}

// sendsJWT says whether a sender has tokens, of which no two are put together alike: the
// gate, the SDKs and jose judge them.
func sendsJWT(slug string) bool {
	options, _ := config.Decode(map[string]any{"provider": slug})
	return options.JWT != nil
}

// unsigned returns what a sender sends without its signature, signed at the same time.
func unsigned(t *testing.T, s *sender) (signer.Delivery, bool) {
	t.Helper()
	d := signer.Delivery{Method: s.Good.Method, URL: "https://hooks.example.com" + s.Good.Target, Header: http.Header{}, Body: bytes.Clone(s.Good.Body), Time: timeOf(s)}
	for _, header := range s.Good.Headers {
		d.Header.Add(header[0], header[1])
	}
	found := false
	for _, name := range s.Carrier.Header {
		found = found || d.Header.Get(name) != ""
		d.Header.Del(name)
	}
	if s.Carrier.Query != "" {
		u, err := url.Parse(d.URL)
		if err != nil {
			t.Fatal(err)
		}
		query := u.Query()
		found = found || query.Get(s.Carrier.Query) != ""
		query.Del(s.Carrier.Query)
		u.RawQuery = query.Encode()
		d.URL = u.String()
	}
	// A signature in the body is written over; see unlike.
	return d, found || s.Carrier.JSON != "" || s.Carrier.Form != ""
}

// stamp is a timestamp in the signature's own header.
var stamp = regexp.MustCompile(`(?:^|[,;& ])(?:(?:t|ts|time|timestamp)=)?(\d{10,13})(?:$|[,;& ])`)

// timeOf returns when a sender has signed.
func timeOf(s *sender) time.Time {
	text := ""
	for _, header := range s.Good.Headers {
		inOwn := s.TimestampCarrier != nil && slices.ContainsFunc(s.TimestampCarrier.Header, func(name string) bool { return strings.EqualFold(name, header[0]) })
		if match := stamp.FindStringSubmatch(header[1]); inOwn && match == nil {
			text = header[1]
		} else if inOwn || text == "" && match != nil && slices.ContainsFunc(s.Carrier.Header, func(name string) bool { return strings.EqualFold(name, header[0]) }) {
			text = match[1]
		}
	}
	if c := s.TimestampCarrier; c != nil && c.JSON != "" {
		var value any
		decoder := json.NewDecoder(bytes.NewReader(s.Good.Body))
		decoder.UseNumber()
		_ = decoder.Decode(&value)
		for _, name := range strings.Split(c.JSON, ".") {
			object, _ := value.(map[string]any)
			value = object[name]
		}
		if number, ok := value.(json.Number); ok {
			text = string(number)
		} else {
			text, _ = value.(string)
		}
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		if len(text) == 13 {
			return time.UnixMilli(n)
		}
		return time.Unix(n, 0)
	}
	for _, layout := range []string{time.RFC3339, http.TimeFormat} {
		if at, err := time.Parse(layout, text); err == nil {
			return at
		}
	}
	return time.Now()
}

// unlike says in what the signed delivery differs from the sender's.
func unlike(s *sender, d signer.Delivery) string {
	for _, header := range s.Good.Headers {
		got := d.Header[http.CanonicalHeaderKey(header[0])]
		if len(got) == 0 && slices.Contains(s.Carrier.Header, header[0]) && len(s.Carrier.Header) > 1 {
			continue // a signature of another secret
		}
		// Some have a space behind the comma of a list.
		if !slices.Contains(got, header[1]) && !slices.Contains(got, strings.ReplaceAll(header[1], ", ", ",")) {
			return header[0] + " is " + strings.Join(got, " and ") + ", the sender has " + header[1]
		}
	}
	if !bytes.Equal(d.Body, s.Good.Body) {
		return "the body is " + string(d.Body) + ", the sender has " + string(s.Good.Body)
	}
	if d.URL != "https://hooks.example.com"+s.Good.Target {
		return "the URL is " + d.URL + ", the sender has " + s.Good.Target
	}
	return ""
}
