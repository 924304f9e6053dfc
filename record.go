package hookward

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"time"
)

// auditRecord is one line of the audit log. The names are those of the Elastic
// Common Schema; what it has no name for stands under hookward. All names are
// here, flat, so that one call encodes a record.
//
// No header's value is recorded but the two that the scheme names as the
// delivery's id and the event's type, no part of the query, and no challenge.
type auditRecord struct {
	Time       string   `json:"@timestamp"`
	ECSVersion string   `json:"ecs.version"`
	Dataset    string   `json:"event.dataset"`
	Kind       string   `json:"event.kind"`
	Type       []string `json:"event.type"`    // allowed or denied
	Outcome    string   `json:"event.outcome"` // success: it passed, and the backend answered below 400
	Reason     string   `json:"event.reason"`
	Duration   int64    `json:"event.duration"` // in nanoseconds, from arrival to the end of the answer

	Middleware string `json:"hookward.middleware"`
	Decision   string `json:"hookward.decision"`           // pass, refuse, handshake or duplicate
	Observed   bool   `json:"hookward.observed,omitempty"` // refused, but forwarded by observeOnly
	Provider   string `json:"hookward.provider,omitempty"`
	DeliveryID string `json:"hookward.delivery_id,omitempty"`
	EventType  string `json:"hookward.event_type,omitempty"`
	Timestamp  string `json:"hookward.timestamp,omitempty"`  // that the provider has signed
	Secret     int    `json:"hookward.secret,omitempty"`     // which of secrets matched, from 1
	PublicKey  int    `json:"hookward.public_key,omitempty"` // which of publicKeys, or of what they stand for
	Aborted    bool   `json:"hookward.aborted,omitempty"`
	Duplicate  bool   `json:"hookward.duplicate,omitempty"` // the delivery had passed before

	Client string `json:"client.address,omitempty"` // absent where it can't be told
	Source string `json:"source.address"`           // of the connection
	Rule   string `json:"rule.name,omitempty"`      // the list that has denied it
	Method string `json:"http.request.method"`
	Host   string `json:"url.domain"`
	Path   string `json:"url.path"`

	BodyBytes *int64 `json:"http.request.body.bytes,omitempty"` // absent where not known
	BodyHash  string `json:"hookward.body.sha256,omitempty"`    // absent where the body was not read whole
	Status    int    `json:"http.response.status_code,omitempty"`
}

const (
	ecsVersion = "8.17.0"
	timeLayout = "2006-01-02T15:04:05.000000Z"
	// maxRecordedText bounds each text of a stranger's choice, in bytes.
	maxRecordedText = 1000
)

var (
	allowed = []string{"allowed"}
	denied  = []string{"denied"}
)

// recordOutput is the process's stdout itself: what a plugin prints otherwise
// goes through Traefik's log, at a level that hides it.
var recordOutput io.Writer = os.Stdout

// finish does what is left to do once a request has been answered.
func finish(g *gate, d *decision) {
	if d.claim != "" {
		settleSafely(g, d, time.Now())
	}
	record(g, d)
}

// settleSafely leaves the record its turn, whatever goes wrong with the claim.
func settleSafely(g *gate, d *decision, now time.Time) {
	defer func() {
		if p := recover(); p != nil {
			report("error", g.name, "settling a delivery panicked: "+fmt.Sprint(p), now)
		}
	}()
	settle(d, now)
}

// record writes the one audit line of a request.
func record(g *gate, d *decision) {
	a := auditRecord{
		Time:       d.start.UTC().Format(timeLayout),
		ECSVersion: ecsVersion,
		Dataset:    "hookward.audit",
		Kind:       "event",
		Type:       denied,
		Outcome:    "failure",
		Reason:     d.reason,
		Duration:   int64(time.Since(d.start)),
		Middleware: g.name,
		Decision:   "refuse",
		DeliveryID: d.deliveryID,
		EventType:  d.eventType,
		Secret:     d.secret,
		PublicKey:  d.publicKey,
		Client:     addressOf(d.source),
		Method:     d.method,
		Host:       addressOf(d.host),
		Path:       d.path,
		BodyHash:   d.bodyHash,
		Status:     d.status,
	}
	// One look at all of a stranger's texts: nearly always they are harmless.
	if !harmless.MatchString(a.Method + a.Host + a.Path + a.DeliveryID + a.EventType) {
		makeRecordable(&a)
	}
	a.Source = a.Client
	if d.clientNoted {
		noteAddresses(&a, d)
	}
	if d.policy != nil {
		a.Provider = d.policy.provider
	}
	if d.bodyBytes >= 0 {
		a.BodyBytes = &d.bodyBytes
	}
	if d.reason == handshakeAnswered {
		a.Type = allowed
		a.Decision = "handshake"
		a.Outcome = "success"
	}
	if d.duplicate {
		noteDuplicate(&a, d)
	}
	if !d.timestamp.IsZero() {
		a.Timestamp = d.timestamp.UTC().Format(timeLayout)
	}
	if d.passes {
		a.Type = allowed
		a.Decision = "pass"
		if d.completed && d.status < http.StatusBadRequest {
			a.Outcome = "success"
		}
	}
	if d.forward {
		a.Observed = !d.passes
		a.Aborted = !d.completed
	}
	line, err := json.Marshal(&a)
	if err == nil {
		_, err = recordOutput.Write(append(line, '\n'))
	}
	if err != nil {
		reportLoss(g, err, d.start)
	}
}

// noteDuplicate records what has become of a delivery that had passed before.
func noteDuplicate(a *auditRecord, d *decision) {
	a.Duplicate = true
	if acknowledges(d) {
		a.Type = allowed
		a.Decision = "duplicate"
		a.Outcome = "success"
	}
}

// noteAddresses records the client where it may not be the peer.
func noteAddresses(a *auditRecord, d *decision) {
	a.Rule = d.rule
	a.Client = ""
	if d.client.IsValid() {
		a.Client = d.client.String()
	}
}

func reportLoss(g *gate, err error, now time.Time) {
	report("error", g.name, "an audit record could not be written: "+err.Error(), now)
}

// addressOf returns a host without its port.
func addressOf(hostport string) string {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		return hostport
	}
	return host
}

var harmless = regexp.MustCompile(`^[ -~]{0,1000}$`)

// makeRecordable makes a stranger's texts safe to read in a terminal: bounded,
// and nothing in them but printable ASCII.
func makeRecordable(a *auditRecord) {
	a.Method = recordable(a.Method)
	a.Host = recordable(a.Host)
	a.Path = recordable(a.Path)
	a.DeliveryID = recordable(a.DeliveryID)
	a.EventType = recordable(a.EventType)
}

func recordable(text string) string {
	if len(text) > maxRecordedText {
		text = text[:maxRecordedText]
	}
	quoted := strconv.QuoteToASCII(text)
	return quoted[1 : len(quoted)-1]
}
