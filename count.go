package hookward

import (
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/metrics"
)

// countRequest counts a request as its record has it, once, whatever becomes of the record.
// All of its numbers change under one lock, so that they agree whenever somebody looks.
//
//inline:hot
func countRequest(x *exchange, r *audit.Record) {
	counts := x.gate.Counts
	if counts == nil || x.counted {
		return
	}
	x.counted = true
	decision := r.Decision
	if r.Observed {
		decision = metrics.Observed
	}
	row := metrics.Decisions[decision] + metrics.Reasons[r.Reason]
	answer := metrics.Answers[decision] + metrics.Classes[r.Status/100]
	n := counts.N
	i := 0
	skew := int64(0)
	counts.Mu.Lock()
	n[row]++
	n[answer]++
	for i < len(metrics.Times) && r.InGate > metrics.Times[i] {
		i++
	}
	n[metrics.GateAt+i]++
	n[metrics.GateAt+len(metrics.Times)+1] += r.InGate
	if x.forward {
		i = 0
		for i < len(metrics.Times) && r.InBackend > metrics.Times[i] {
			i++
		}
		n[metrics.BackendAt+i]++
		n[metrics.BackendAt+len(metrics.Times)+1] += r.InBackend
	}
	if x.bodyWhole {
		i = 0
		for i < len(metrics.Sizes) && x.bodyBytes > metrics.Sizes[i] {
			i++
		}
		n[metrics.BodyAt+i]++
		n[metrics.BodyAt+len(metrics.Sizes)+1] += x.bodyBytes
	}
	if r.Secret == 1 {
		n[metrics.SecretsAt]++
	} else if r.Secret+r.PublicKey > 0 {
		metrics.CountKey(n, r.Secret, r.PublicKey)
	}
	if r.Timestamp != "" {
		skew = int64(x.start.Sub(x.proof.Timestamp))
		i = 0
		for i < len(metrics.Skews) && skew > metrics.Skews[i] {
			i++
		}
		n[metrics.SkewAt+i]++
	}
	counts.Mu.Unlock()
}

// countLost counts a request whose record is lost. It makes no record: that may be what has
// panicked, and to do it again would end Traefik.
func countLost(x *exchange, now time.Time) {
	r := &audit.Record{Decision: "refuse", Reason: x.reason, Status: x.status, InGate: x.inGate}
	if x.forward {
		r.InBackend = int64(now.Sub(x.start)) - x.inGate
		r.Observed = !x.passes
	}
	if x.passes {
		r.Decision = "pass"
	}
	countRequest(x, r)
}
