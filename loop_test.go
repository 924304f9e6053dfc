package hookward

import (
	"fmt"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/handshakes"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/intake"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/traefik"
	"github.com/hookward/hookward/internal/verdict"
)

// loopOutcome is all that a request leaves behind: what was decided, what the backend
// gets, and the record.
type loopOutcome struct {
	reason, claim, rule, body, record   string
	passes, forward, duplicate, stalled bool
	wait, length                        int64
	header, trailer                     http.Header
	answer                              *handshakes.Answer
}

// timing is what differs from one record to the next.
var timing = regexp.MustCompile(`"(event\.id|event\.sequence|event\.duration|hookward\.gate\.duration|hookward\.backend\.duration)":("[^"]*"|\d+)`)

// runLoops has one request decided on and recorded, by the loops that people write or by
// those that are generated.
func runLoops(g *gates.Gate, r *http.Request, now time.Time, generated bool, records *hooktest.LockedBuffer) loopOutcome {
	x := &exchange{gate: g, Message: message.Message{Request: r}, hijackable: true, start: now, done: make(chan bool, 1)}
	w := newWorkers()
	w.jobs <- x
	w.jobs <- nil
	own := newScratch()
	intake.Unwatch(own.watch) // what is there is not late, however busy the machine is
	if generated {
		decideLoopInlined(w, nil, own)
	} else {
		decideLoop(w, nil, own)
	}
	<-x.done
	o := loopOutcome{reason: x.reason, claim: x.claim, rule: x.rule, passes: x.passes, forward: x.forward, duplicate: x.duplicate,
		stalled: x.stalled, wait: x.wait, length: r.ContentLength, header: r.Header, trailer: r.Trailer, answer: x.answer}
	if x.forward {
		body, err := io.ReadAll(r.Body)
		o.body = fmt.Sprintf("%q %v", body, err)
		x.Status = http.StatusAccepted
		x.completed = true
	}
	records.Reset()
	w.jobs <- x
	w.jobs <- nil
	if generated {
		recordLoopInlined(w, nil, newRecordScratch())
	} else {
		recordLoop(w, nil, newRecordScratch())
	}
	<-x.done
	o.record = timing.ReplaceAllString(records.String(), "")
	return o
}

// Oracle: the loops that people write. A request leaves the same behind by the generated
// ones, whatever its gate asks for and whatever is wrong with it.
func TestGeneratedLoopsDoTheSame(t *testing.T) {
	records, _ := capture(t)
	everything := map[string]any{
		"allowlist": map[string]any{"sourceRange": "192.0.2.0/24"}, "denylist": map[string]any{"sourceRange": "192.0.2.66"},
		"rateLimit": map[string]any{"average": 9, "period": "1h"}, "replay": "true", "ban": map[string]any{"failures": 3}, "maxBodyBytes": 4096,
	}
	variants := map[string]map[string]any{
		"alone": {}, "everything": everything,
		"observed": {"observeOnly": "true", "maxBodyBytes": 4096},
		"told":     {"rateLimit": map[string]any{"average": 9, "period": "1h", "responseHeaders": "true"}, "ipStrategy": map[string]any{"depth": 1}},
		"recorded": {"audit": map[string]any{"payload": "full", "headers": "Content-Type", "sample": map[string]any{"refuse": 3}}},
		"required": {"stateDirectory": hooktest.Directory(t), "audit": map[string]any{"required": "true"}},
	}
	seen := map[string]int{}
	for name, more := range variants {
		for i, v := range hooktest.ReadVectors(t) {
			if !traefik.Compiled && i%3 > 0 {
				continue // it takes long enough
			}
			options := map[string]any{}
			for key, value := range v.Options {
				options[key] = value
			}
			for key, value := range more {
				options[key] = value
			}
			both := []*gates.Gate{}
			for _, way := range []string{"written", "generated"} {
				if name == "required" {
					options["stateDirectory"] = hooktest.Directory(t)
				}
				g := newTestGate(fmt.Sprint(t.Name(), name, i, way), options, v.Now)
				g.Name = "loops"
				g.Numbers.Epoch = "epoch"
				both = append(both, g)
			}
			if both[0].Fixed.Policy == nil && name == "alone" {
				t.Fatalf("%s: %s", v.Name, gates.Cause(both[0]))
			}
			for n, change := range loopChanges {
				for attempt := 0; attempt < 2; attempt++ { // a duplicate, the second time
					written, generated := hooktest.RequestOf(v), hooktest.RequestOf(v)
					change(written)
					change(generated)
					want := runLoops(both[0], written, v.Now, false, records)
					got := runLoops(both[1], generated, v.Now, true, records)
					if !reflect.DeepEqual(got, want) {
						t.Errorf("%s, %s, change %d:\n got %+v\nwant %+v", v.Name, name, n, got, want)
					}
					seen[want.reason]++
				}
			}
		}
	}
	for _, reason := range []string{verdict.Verified, verdict.ConfigInvalid, verdict.MethodNotAllowed, verdict.ClientDenied, verdict.ClientNotAllowed, verdict.RateLimited, verdict.SourceBanned, verdict.BodyTooLarge,
		verdict.BodyIncomplete, verdict.SignatureMismatch, verdict.SignatureMissing, verdict.HandshakeAnswered, verdict.DeliveryDuplicate} {
		if seen[reason] == 0 {
			t.Errorf("nothing ends with %s: %v", reason, seen)
		}
	}
}

// loopChanges are what is done to a request.
var loopChanges = []func(r *http.Request){
	func(r *http.Request) {},
	func(r *http.Request) { r.RemoteAddr = "192.0.2.66:1" },
	func(r *http.Request) { r.RemoteAddr = "[2001:db8::1]:1" },
	func(r *http.Request) { r.Method = http.MethodPut },
	func(r *http.Request) { r.ContentLength++ },
	func(r *http.Request) {
		r.ContentLength = -1
		r.TransferEncoding = []string{"chunked"}
		r.Trailer = http.Header{"X-Hookward-Event": {"spoofed"}, "X-Checksum": {"x"}}
	},
	func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(strings.Repeat("x", 5000)))
		r.ContentLength = 5000
	},
	func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader("another"))
		r.ContentLength = 7
	},
	func(r *http.Request) {
		r.Header["X-Hookward-Provider"] = []string{"spoofed"}
		r.Header["X_Hub_Signature_256"] = []string{"spoofed"}
		r.Header["X-Github-Event"] = []string{"p\x7fush"}
		r.Header["Upgrade"] = []string{"h2c"}
		r.URL.RawQuery = "token=secret"
	},
	func(r *http.Request) {
		for name := range r.Header {
			delete(r.Header, name)
		}
	},
}
