package ship

import (
	"bytes"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/outbox"
)

const (
	maxReply       = 1 << 20 // in bytes
	maxBulkReply   = 8 << 20 // the same of Elasticsearch, which answers about 200 for each record
	maxReplyHeader = 64 << 10
	maxWait        = 5 * time.Minute
	idleTimeout    = time.Minute
)

// answer is what a receiver has answered to a request.
type answer struct {
	status  int    // 0 where there was no answer
	body    []byte // as much as was read of it
	whole   bool   // whether that is all of it
	wait    time.Duration
	date    time.Time // of the receiver's clock; zero where it does not say
	problem string    // what went wrong where there was no answer
}

// newTransport asks no proxy. It is used without a client, which would follow
// redirects, and take the records and the credentials to another host.
func newTransport(t Target) *http.Transport {
	transport := &http.Transport{
		DisableCompression:     true, // a few bytes could become gigabytes
		MaxIdleConnsPerHost:    1,
		IdleConnTimeout:        idleTimeout,
		MaxResponseHeaderBytes: maxReplyHeader,
	}
	if t.TLS != nil {
		transport.TLSClientConfig = t.TLS.Clone()
	}
	return transport
}

// headerOf returns what all requests to a target have in their headers.
func headerOf(t Target) http.Header {
	header := http.Header{}
	header.Set("User-Agent", "hookward")
	header.Set("Content-Type", "application/json")
	if t.Type == "elasticsearch" || t.Type == "http" {
		header.Set("Content-Type", "application/x-ndjson")
	}
	for _, h := range t.Headers {
		header.Set(h[0], h[1])
	}
	switch {
	case t.APIKey != "":
		header.Set("Authorization", "ApiKey "+t.APIKey)
	case t.Token != "" && t.Type == "splunk":
		header.Set("Authorization", "Splunk "+t.Token)
	case t.Token != "":
		header.Set("Authorization", "Bearer "+t.Token)
	case t.Username != "":
		header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(t.Username+":"+t.Password)))
	}
	return header
}

// post sends a body, and reads the answer to it, both within the timeout.
func post(s *Sender, address string, body []byte) *answer {
	return postWith(s, address, s.header.Clone(), body)
}

// postWith is post with headers of its own.
func postWith(s *Sender, address string, header http.Header, body []byte) *answer {
	ctx, cancel := context.WithTimeout(s.ctx, s.target.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return &answer{problem: shownURL(address) + " can't be asked"}
	}
	request.Header = header
	response, err := s.transport.RoundTrip(request)
	if err != nil {
		return &answer{problem: shownURL(address) + " " + failure(ctx, err, s.target.Timeout)}
	}
	defer func() { _ = response.Body.Close() }()
	a := &answer{status: response.StatusCode, wait: retryAfter(response.Header.Get("Retry-After"), time.Now())}
	date, err := http.ParseTime(response.Header.Get("Date"))
	if err == nil {
		a.date = date
	}
	// Read to its end also where it is of no interest: only then the connection
	// can be used again.
	most := maxReply
	if s.target.Type == "elasticsearch" {
		most = maxBulkReply
	}
	a.body, err = io.ReadAll(io.LimitReader(response.Body, int64(most)+1))
	a.whole = err == nil && len(a.body) <= most
	return a
}

// retryAfter returns how long a receiver asks to be left alone: a number of
// seconds, or a date.
func retryAfter(text string, now time.Time) time.Duration {
	seconds, err := strconv.ParseUint(text, 10, 64)
	if err == nil && seconds < uint64(maxWait/time.Second) {
		return time.Duration(seconds) * time.Second
	}
	if err == nil {
		return maxWait
	}
	date, err := http.ParseTime(text)
	wait := date.Sub(now)
	switch {
	case err != nil || wait < 0:
		return 0
	case wait > maxWait:
		return maxWait
	}
	return wait
}

// taken says whether a receiver has answered that all is well.
func taken(a *answer) bool {
	return a.status >= 200 && a.status <= 299
}

// postAll sends a body that has all of a batch to a receiver who says no more than whether he
// has taken it.
func postAll(s *Sender, entries []*entry, body []byte) outbox.Outcome {
	a := post(s, s.endpoint, body)
	if !taken(a) {
		return unsuccessful(s, entries, a)
	}
	return outbox.Outcome{}
}

// unsuccessful returns what an answer means that is no success, as far as its
// status tells.
func unsuccessful(s *Sender, entries []*entry, a *answer) outbox.Outcome {
	outcome := outbox.Outcome{}
	switch {
	case a.status == 0:
		outcome = later(entries, a.problem)
	case a.status == http.StatusBadRequest && !wantsTLS(s, a) || a.status == http.StatusRequestEntityTooLarge || a.status == http.StatusUnprocessableEntity:
		outcome = refusedAsWhole(entries, answered(s, a))
	default:
		outcome = later(entries, answered(s, a)+meaning(s, a))
	}
	outcome.Wait = a.wait
	return outcome
}

// meaning says what is behind a status, where that is known.
func meaning(s *Sender, a *answer) string {
	switch {
	case a.status == http.StatusBadRequest && wantsTLS(s, a):
		return ", because it speaks https, not http"
	case a.status >= 300 && a.status <= 399:
		return ", a redirect, which is not followed"
	}
	return ""
}

// wantsTLS says whether a request was refused for being one without TLS, as Go,
// nginx and Apache put it. That has the same status as a mistake in the records,
// and must not be taken for one.
func wantsTLS(s *Sender, a *answer) bool {
	if !strings.HasPrefix(s.endpoint, "http://") {
		return false
	}
	for _, text := range []string{"HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port", "plain HTTP to an SSL-enabled"} {
		if bytes.Contains(a.body, []byte(text)) {
			return true
		}
	}
	return false
}

// unreadable says that a receiver has answered what it should not.
func unreadable(s *Sender, entries []*entry, a *answer, what string) outbox.Outcome {
	outcome := later(entries, answered(s, a)+", but "+what)
	outcome.Wait = a.wait
	return outcome
}

func answered(s *Sender, a *answer) string {
	return s.shown + " answered " + strconv.Itoa(a.status)
}
