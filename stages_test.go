package hookward

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/verdict"
)

// The stages of a delivery of GitHub's of 1 KiB, one by one, so that it is seen
// where time goes. Compiled, they are only a yardstick; interpreted, as in
// Traefik, they are measured by
//
//	go test -C dev ./interpreted -run '^$' -bench Stages -benchmem

// benched is a gate and a request for it that can be sent again and again.
type benched struct {
	gate *gates.Gate
	r    *http.Request
	body []byte
}

func newBenched(b *testing.B, more map[string]any) *benched {
	report.Redirect(io.Discard)
	body := `{"id":"evt_1","type":"invoice.paid","data":"` + strings.Repeat("x", 1024-46) + `"}`
	r := hooktest.NewPost(body, "X-Hub-Signature-256: sha256="+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, body), "X-GitHub-Delivery: 72d3162e-cc78-11e3-81ab-4c9367dc0958",
		"X-GitHub-Event: push", "Content-Type: application/json")
	return &benched{gate: newTestGate(b.Name(), hooktest.GithubWith(more), time.Now()), r: r, body: []byte(body)}
}

// again is the request, as if it had just arrived.
func again(s *benched) *http.Request {
	s.r.Body = io.NopCloser(bytes.NewReader(s.body))
	s.r.ContentLength = int64(len(s.body))
	return s.r
}

// BenchmarkStageDecide is everything before the request is forwarded.
func BenchmarkStageDecide(b *testing.B) {
	s := newBenched(b, nil)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if !decide(s.gate, again(s), time.Now()).forward {
			b.Fatal("refused")
		}
	}
}

// BenchmarkStageBody is the read of the body.
func BenchmarkStageBody(b *testing.B) {
	s := newBenched(b, nil)
	own := newScratch()
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		x := &exchange{Message: message.Message{Request: again(s)}, start: time.Now()}
		if readBody(s.gate.Fixed.Policy, x, own) != "" {
			b.Fatal("not read")
		}
	}
}

// BenchmarkStageVerify is the verification of the signature, the long way. The short
// one is a part of Decide.
func BenchmarkStageVerify(b *testing.B) {
	s := newBenched(b, nil)
	now := time.Now()
	x := decide(s.gate, again(s), now)
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if checkAnyProof(s.gate.Fixed.Policy, x) != verdict.Verified {
			b.Fatal("refused")
		}
	}
}

// BenchmarkStageRefuse is a request with a wrong signature, to its answer and
// record.
func BenchmarkStageRefuse(b *testing.B) {
	audit.Redirect(io.Discard)
	gates.Restart()
	s := newBenched(b, map[string]any{"ban": "false"})
	s.r.Header["X-Hub-Signature-256"] = []string{"sha256=" + strings.Repeat("0", 64)}
	h := handler(s.gate, http.NotFoundHandler())
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		h.ServeHTTP(httptest.NewRecorder(), again(s))
	}
}

// benchRecord measures the record of a delivery that has passed.
func benchRecord(b *testing.B, settings map[string]any) {
	audit.Redirect(io.Discard)
	gates.Restart()
	more := map[string]any{"audit": settings}
	if settings["required"] != nil {
		more["stateDirectory"] = b.TempDir()
	}
	s := newBenched(b, more)
	x := decide(s.gate, again(s), time.Now())
	x.Status = http.StatusOK
	x.completed = true
	b.ReportAllocs()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		if x.ahead != nil {
			x.announced = make(chan bool, 1)
			waiting := x.announced
			submit(recorders, x)
			<-waiting
		}
		finish(x)
	}
}

func fileOutput(b *testing.B, more map[string]any) map[string]any {
	o := map[string]any{"type": "file", "path": filepath.Join(b.TempDir(), "hooks.log"), "maxBytes": "10000000000"}
	for name, value := range more {
		o[name] = value
	}
	return o
}

// BenchmarkStageRecord is the record with the body's hash, to nowhere.
func BenchmarkStageRecord(b *testing.B) { benchRecord(b, map[string]any{}) }

// BenchmarkStageRecordFile is that to a file.
func BenchmarkStageRecordFile(b *testing.B) {
	benchRecord(b, map[string]any{"outputs": fileOutput(b, nil)})
}

// BenchmarkStageRecordChain is that to a file with a chain.
func BenchmarkStageRecordChain(b *testing.B) {
	benchRecord(b, map[string]any{"outputs": fileOutput(b, map[string]any{"chainKey": "0123456789abcdef0123456789abcdef"})})
}

// BenchmarkStageRecordNetwork is that to a queue for an output across a network.
func BenchmarkStageRecordNetwork(b *testing.B) {
	benchRecord(b, map[string]any{"outputs": map[string]any{"type": "http", "url": "http://127.0.0.1:1/"}})
}

// BenchmarkStageRecordRedacted is a record with the payload, redacted.
func BenchmarkStageRecordRedacted(b *testing.B) {
	benchRecord(b, map[string]any{"payload": "redacted", "redact": "user.email,**.card"})
}

// BenchmarkStageRecordFull is a record with the payload.
func BenchmarkStageRecordFull(b *testing.B) { benchRecord(b, map[string]any{"payload": "full"}) }

// BenchmarkStageRecordRequired is a record that is written down before.
func BenchmarkStageRecordRequired(b *testing.B) {
	benchRecord(b, map[string]any{"required": "true", "outputs": fileOutput(b, nil)})
}
