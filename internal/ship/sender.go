package ship

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/outbox"
)

// Sender sends to one target, and keeps a connection to it.
type Sender struct {
	target Target
	shown  string // the receiver, as problems name it
	ctx    context.Context
	cancel context.CancelFunc

	// For all that speak HTTP.
	transport *http.Transport
	endpoint  string
	header    http.Header

	// For splunk.
	metadata       string // what all events have in common
	channel        string
	ackEndpoint    string
	ackInterval    time.Duration
	ackPatience    time.Duration
	unacknowledged bool // whether acknowledgement is known to be disabled

	// For syslog.
	mu     sync.Mutex // for changes of conn, and for Close's look at it
	conn   net.Conn
	prefix [2]string // of a message, for what is allowed and what is denied
	suffix string    // what stands between the time and the record
}

// New returns a sender for a target that Complete has found nothing wrong with.
// It connects when it is first used.
func New(t Target) *Sender {
	s := &Sender{target: t, shown: shownURL(t.URL)}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if t.Type == "syslog" {
		prepareSyslog(s)
		return s
	}
	s.transport = newTransport(t)
	s.endpoint = appended(t.URL, requestPath[t.Type])
	if t.Type == "sqs" {
		s.endpoint = strings.TrimRight(t.Endpoint, "/") + "/"
	}
	s.shown = shownURL(s.endpoint)
	s.header = headerOf(t)
	if t.Type == "splunk" {
		prepareSplunk(s)
	}
	return s
}

// Send sends records, in one request, and returns what has become of them. There
// can be one call at a time. It takes as long as the timeout of the target, and with
// splunk's acknowledgement a minute and another timeout longer.
func Send(s *Sender, records [][]byte) outbox.Outcome {
	entries, broken := readAll(records)
	outcome := outbox.Outcome{}
	if len(entries) > 0 {
		outcome = sendEntries(s, entries)
	}
	return withRefused(broken, " can't be sent, for want of being a JSON object on one line", outcome)
}

// withRefused adds records that can't be sent at all, and why, to what has become of the others.
func withRefused(refused [][]byte, why string, outcome outbox.Outcome) outbox.Outcome {
	if len(refused) == 0 {
		return outcome
	}
	problem := counted(len(refused)) + why
	if outcome.Problem != "" {
		problem += "; " + outcome.Problem
	}
	outcome.Problem = problem
	outcome.Refused = append(refused, outcome.Refused...)
	return outcome
}

func sendEntries(s *Sender, entries []*entry) outbox.Outcome {
	switch s.target.Type {
	case "elasticsearch":
		return sendElasticsearch(s, entries)
	case "splunk":
		return sendSplunk(s, entries)
	case "otlp":
		return sendOTLP(s, entries)
	case "loki":
		return sendLoki(s, entries)
	case "syslog":
		return sendSyslog(s, entries)
	}
	return sendLines(s, entries)
}

// Close ends a sender, and cuts short what it is sending.
func Close(s *Sender) {
	s.cancel()
	if s.transport != nil {
		s.transport.CloseIdleConnections()
	}
	s.mu.Lock()
	if s.conn != nil {
		_ = s.conn.Close()
	}
	s.mu.Unlock()
}

// later says that none of the records is known to have been taken.
func later(entries []*entry, problem string) outbox.Outcome {
	return outbox.Outcome{Later: recordsOf(entries), Problem: problem}
}

// refusedAsWhole says that a batch was refused for what may be the fault of one
// record: one alone is refused for good, and of several it is to be found out
// which.
func refusedAsWhole(entries []*entry, problem string) outbox.Outcome {
	if len(entries) == 1 {
		return outbox.Outcome{Refused: recordsOf(entries), Problem: problem}
	}
	return outbox.Outcome{Later: recordsOf(entries), Smaller: true, Problem: problem}
}

// appended returns a URL with something appended to its path, before its query,
// unless the path ends in it already, as it does where somebody has copied all of
// it.
func appended(address, path string) string {
	if path == "" {
		return address
	}
	head, query, has := strings.Cut(address, "?")
	head = strings.TrimSuffix(strings.TrimRight(head, "/"), path) + path
	if has {
		head += "?" + query
	}
	return head
}

// shownURL returns what may be shown of a URL: its origin, and the part of its path
// that the protocol says. The rest can have a token in it.
func shownURL(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return "the receiver"
	}
	origin := u.Scheme + "://" + u.Host
	for _, path := range []string{"/_bulk", "/services/collector/event", "/services/collector/ack", "/v1/logs", "/v1/metrics", "/loki/api/v1/push"} {
		if strings.HasSuffix(u.Path, path) {
			return origin + path
		}
	}
	return origin
}
