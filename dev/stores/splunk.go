package stores

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// SplunkFake is a fake of Splunk's HTTP Event Collector, for no real one can be
// had from where the tests get their programs. It is written from Splunk's
// manual, chapters "Set up and use HTTP Event Collector", "Format events for HTTP
// Event Collector", "HTTP Event Collector REST API endpoints", "About HTTP Event
// Collector Indexer Acknowledgment" and "Troubleshoot HTTP Event Collector"
// (docs.splunk.com/Documentation/Splunk/latest/Data/, pages UsetheHTTPEventCollector,
// FormateventsforHTTPEventCollector, HECRESTendpoints, AboutHECIDXAck and
// TroubleshootHTTPEventCollector), so what Splunk does and doesn't document is
// untested. Without support: /raw, gzip, tokens in the query.
//
// The manual does not say what becomes of the events before one that is refused.
// Users have found that Splunk keeps them and drops the rest
// (github.com/moby/moby/issues/35862), and so does the fake.
type SplunkFake struct {
	// URL is what /services/collector comes after.
	URL string
	// Token is the one that is valid.
	Token string

	options SplunkOptions
	mu      sync.Mutex
	events  []SplunkEvent
	posts   int
	failure splunkFailure
	next    map[string]int         // the next ackId of each channel
	waiting map[string]map[int]int // how many queries each ackId is still to wait for
}

// SplunkOptions say what is special about one fake. The zero value is the usual
// one.
type SplunkOptions struct {
	// Token is the token that is valid, Disabled one that is known, but
	// disabled. Default: a token of the usual form; none.
	Token, Disabled string
	// Indexes are those that the token may write to. Default: any.
	Indexes []string
	// Acknowledge turns indexer acknowledgement on for the token.
	Acknowledge bool
	// Pending is how many queries for an acknowledgement are answered with
	// false first. Less than 0: all.
	Pending int
	// Certificate is for HTTPS. Default: plain HTTP.
	Certificate *Certificate
}

// SplunkEvent is an event that the fake has taken.
type SplunkEvent struct {
	Time                            json.Number // seconds
	Host, Source, SourceType, Index string
	Event                           json.RawMessage
	Fields                          map[string]any
}

type splunkFailure struct{ code, times, taken int }

// Splunk runs the fake until the test ends.
func Splunk(t testing.TB, options SplunkOptions) *SplunkFake {
	t.Helper()
	if options.Token == "" {
		options.Token = "4d1e5b0c-6a0f-4b1e-9c52-0f6f3a1c7d2e"
	}
	s := &SplunkFake{Token: options.Token, options: options, next: map[string]int{}, waiting: map[string]map[int]int{}}
	mux := http.NewServeMux()
	for _, version := range []string{"", "/1.0"} {
		mux.HandleFunc("POST /services/collector/event"+version, s.collect)
		mux.HandleFunc("POST /services/collector/ack"+version, s.acknowledge)
		mux.HandleFunc("GET /services/collector/health"+version, s.health)
	}
	mux.HandleFunc("POST /services/collector", s.collect)
	server := httptest.NewUnstartedServer(mux)
	// Clients that don't trust the certificate are part of tests.
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if options.Certificate == nil {
		server.Start()
	} else {
		pair, err := tls.LoadX509KeyPair(options.Certificate.File, options.Certificate.Key)
		if err != nil {
			t.Fatal(err)
		}
		server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		server.StartTLS()
	}
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Fail answers the next requests with events, as many as times says, with a code
// of Splunk's, such as 9 for "server is busy". It takes the first events of each
// before, as many as taken says; with a code that goes with 200, all of them.
func (s *SplunkFake) Fail(code, times, taken int) {
	if _, known := splunkCodes[code]; !known {
		panic(fmt.Sprintf("Splunk has no code %d", code))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.failure = splunkFailure{code: code, times: times, taken: taken}
}

// Events returns what the fake has taken so far.
func (s *SplunkFake) Events() []SplunkEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.events)
}

// Requests returns how many requests with events have come so far, with a valid
// token or not.
func (s *SplunkFake) Requests() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.posts
}

// collect takes events, one JSON object after the other.
func (s *SplunkFake) collect(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.posts++
	if code := s.token(r); code != 0 {
		reply(rw, code, -1)
		return
	}
	channel, code := s.channel(r)
	if code != 0 {
		reply(rw, code, -1)
		return
	}
	if err != nil {
		reply(rw, 6, -1)
		return
	}
	events, code := s.parse(body)
	invalid := -1
	if code != 0 && code != 5 {
		invalid = len(events)
	}
	if f := &s.failure; code == 0 && f.times > 0 {
		f.times--
		code = f.code
		if splunkCodes[code].status != http.StatusOK {
			events = events[:min(f.taken, len(events))]
			if len(events) > 0 {
				invalid = len(events)
			}
		}
	}
	s.events = append(s.events, events...)
	if splunkCodes[code].status != http.StatusOK || !s.options.Acknowledge {
		reply(rw, code, invalid)
		return
	}
	id := s.next[channel]
	s.next[channel] = id + 1
	if s.waiting[channel] == nil {
		s.waiting[channel] = map[int]int{}
	}
	s.waiting[channel][id] = s.options.Pending
	send(rw, http.StatusOK, map[string]any{"text": splunkCodes[code].text, "code": code, "ackId": id})
}

// parse returns the events of a request that are valid, up to the first that is
// not, and the code.
func (s *SplunkFake) parse(body []byte) ([]SplunkEvent, int) {
	events := []SplunkEvent{}
	decoder := json.NewDecoder(bytes.NewReader(body))
	for {
		var event SplunkEvent
		err := decoder.Decode(&event)
		switch {
		case errors.Is(err, io.EOF) && len(events) == 0:
			return nil, 5
		case errors.Is(err, io.EOF):
			return events, 0
		case err != nil:
			return events, 6
		case event.Event == nil:
			return events, 12
		case slices.Contains([]string{`""`, "null"}, string(event.Event)):
			return events, 13
		case event.Index != "" && s.options.Indexes != nil && !slices.Contains(s.options.Indexes, event.Index):
			return events, 7
		}
		for _, value := range event.Fields {
			if _, nested := value.(map[string]any); nested {
				return events, 15
			}
		}
		events = append(events, event)
	}
}

// acknowledge says which requests of a channel have been indexed. Each is told
// once.
func (s *SplunkFake) acknowledge(rw http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if code := s.token(r); code != 0 {
		reply(rw, code, -1)
		return
	}
	if !s.options.Acknowledge {
		reply(rw, 14, -1)
		return
	}
	channel, code := s.channel(r)
	if code != 0 {
		reply(rw, code, -1)
		return
	}
	var query struct{ Acks []int }
	if err := json.NewDecoder(r.Body).Decode(&query); err != nil {
		reply(rw, 6, -1)
		return
	}
	indexed := map[string]bool{}
	for _, id := range query.Acks {
		left, known := s.waiting[channel][id]
		indexed[fmt.Sprint(id)] = known && left == 0
		if !known {
			continue
		}
		if left == 0 {
			delete(s.waiting[channel], id)
		} else {
			s.waiting[channel][id] = left - 1
		}
	}
	send(rw, http.StatusOK, map[string]any{"acks": indexed})
}

// health needs no token, but looks at one that it gets.
func (s *SplunkFake) health(rw http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Header.Get("Authorization") != "" && s.token(r) == 1:
		reply(rw, 22, -1)
	case r.Header.Get("Authorization") != "" && s.token(r) != 0:
		reply(rw, 21, -1)
	case s.failure.times > 0 && splunkCodes[s.failure.code].status != http.StatusOK:
		reply(rw, 18, -1)
	default:
		reply(rw, 17, -1)
	}
}

// token returns 0 if the request has the valid token.
func (s *SplunkFake) token(r *http.Request) int {
	authorization := r.Header.Get("Authorization")
	token, ok := strings.CutPrefix(authorization, "Splunk ")
	if _, password, basic := r.BasicAuth(); basic {
		token, ok = password, true
	}
	switch {
	case authorization == "":
		return 2
	case !ok:
		return 3
	case token == s.options.Disabled && token != "":
		return 1
	case token != s.options.Token:
		return 4
	}
	return 0
}

var guid = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// channel returns the request's channel, which a token with acknowledgement
// needs.
func (s *SplunkFake) channel(r *http.Request) (string, int) {
	channel := r.Header.Get("X-Splunk-Request-Channel")
	if channel == "" {
		channel = r.URL.Query().Get("channel")
	}
	switch {
	case !s.options.Acknowledge:
		return channel, 0
	case channel == "":
		return "", 10
	case !guid.MatchString(channel):
		return "", 11
	}
	return channel, 0
}
