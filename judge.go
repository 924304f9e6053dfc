package hookward

import (
	"net/http"
	"time"
)

// outcome is what becomes of one request.
type outcome struct {
	reason string // the record's word
	passes bool   // it is forwarded as a verified one
	status int    // what the caller gets from the gate; 0 where the backend answers
	proof  proof
	rule   string // the list that has denied the client
}

// judge has the gate decide on one request by a policy that counts and remembers
// nothing, for those who explain it. It forwards and records nothing.
func judge(p *policy, r *http.Request, now time.Time) outcome {
	startWorkers()
	d := decide(&gate{name: "explain", policy: p, state: &state{}}, r, now)
	o := outcome{reason: d.reason, passes: d.passes, proof: d.proof, rule: d.rule}
	if !d.forward {
		w := &statusNote{header: http.Header{}}
		refuse(w, r, d)
		o.status = w.status
	}
	return o
}

// statusNote is a ResponseWriter that keeps the status and forgets the rest: the
// answer to a handshake may be made with a secret.
type statusNote struct {
	header http.Header
	status int
}

// Header returns what nobody reads.
func (w *statusNote) Header() http.Header { return w.header }

// Write forgets what it is given.
func (w *statusNote) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader keeps the status.
func (w *statusNote) WriteHeader(status int) { w.status = status }
