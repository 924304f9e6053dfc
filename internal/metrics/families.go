package metrics

import (
	"strconv"
	"sync/atomic"

	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/verdict"
)

// The families that gates have, in the order in which they are written.
var (
	infoFamily = &exposition.Family{Name: "hookward_gate_info", Type: exposition.Gauge,
		Help: "The gates of this Traefik, each with its provider and whether it enforces or only observes. Always 1."}
	validFamily = &exposition.Family{Name: "hookward_gate_config_valid", Type: exposition.Gauge,
		Help: "1 where a gate's configuration is in force without a mistake; 0 where it answers 503, or keeps an older configuration or secret, for one."}
	requestsFamily = &exposition.Family{Name: "hookward_requests_total", Type: exposition.Counter,
		Help: "Requests, by what was decided and why, in the words of the audit record, and the check that a reason belongs to; decision is observed where observeOnly has forwarded what was refused."}
	responsesFamily = &exposition.Family{Name: "hookward_responses_total", Type: exposition.Counter,
		Help: "Requests, by what was decided and the class of the status that the sender got; none where the response was never begun."}
	durationFamily = &exposition.Family{Name: "hookward_request_duration_seconds", Type: exposition.Histogram, Unit: "seconds", Bounds: Times,
		Help: "Time that requests took: in the gate, with reading the body, and in the backend with all that stands between."}
	bodyFamily = &exposition.Family{Name: "hookward_request_body_bytes", Type: exposition.Histogram, Unit: "bytes", Bounds: Sizes,
		Help: "Sizes of the bodies that were read whole."}
	inFlightFamily = &exposition.Family{Name: "hookward_requests_in_flight", Type: exposition.Gauge,
		Help: "Requests that have come in and are not over."}
	secretsFamily = &exposition.Family{Name: "hookward_secret_matches_total", Type: exposition.Counter,
		Help: "Requests that a secret or a public key has verified, by its position in the configuration, from 1."}
	skewFamily = &exposition.Family{Name: "hookward_timestamp_skew_seconds", Type: exposition.Histogram, Unit: "seconds", Bounds: Skews,
		Help: "How much later requests came than the time that their senders have signed; negative where a sender's clock is ahead."}
	droppedFamily = &exposition.Family{Name: "hookward_metrics_series_dropped_total", Type: exposition.Counter,
		Help: "Series that are left out because there would be more than 20000: the gates that they belong to count together as the gate other."}
	droppedSeries = &exposition.Series{}
)

var own = []*exposition.Family{infoFamily, validFamily, requestsFamily, responsesFamily, durationFamily, bodyFamily, inFlightFamily, secretsFamily, skewFamily, droppedFamily}

// kept is what stays the same from one reading to the next.
type kept struct {
	info, valid, inFlight *exposition.Series
	counters              []*exposition.Series // by place in the list of numbers, up to where the histograms begin
	always                []bool               // those that are shown with 0; nil until it is known whether the gate observes
	keys                  []*exposition.Series // secrets, then public keys
	gate, backend         *exposition.Series
	body, skew            *exposition.Series
}

func numbersOf(g *Gate) Numbers {
	if g.kept == nil {
		g.kept = keep(g.name)
	}
	s := Numbers{Gate: g.name, n: make([]int64, numbersAt), kept: g.kept}
	g.mu.Lock()
	copy(s.n, g.n)
	arrived := atomic.LoadInt64(&g.Arrived) // nothing is counted as over meanwhile
	s.provider = g.provider
	s.mode = g.mode
	s.valid = g.valid
	s.gone = g.gone
	g.mu.Unlock()
	s.inFlight = arrived - requests(&s)
	return s
}

// requests returns how many requests are over.
func requests(s *Numbers) int64 { return sum(s.n[responsesAt:GateAt]) }

// keep makes the series of a gate. Those of single counters are made when they are needed.
func keep(gate string) *kept {
	series := func(labels ...string) *exposition.Series {
		return &exposition.Series{Labels: append([]string{"gate", gate}, labels...)}
	}
	k := &kept{
		info: series(), valid: series(), inFlight: series(),
		counters: make([]*exposition.Series, GateAt), keys: make([]*exposition.Series, 2*positions),
		gate: series("part", "gate"), backend: series("part", "backend"), body: series(), skew: series(),
	}
	k.skew.Signed = true
	return k
}

// addSeries adds the series of one gate to the families.
func addSeries(s *Numbers) {
	k := s.kept
	if k.always == nil || k.info.Labels[3] != s.provider || k.info.Labels[5] != s.mode {
		k.info = &exposition.Series{Labels: []string{"gate", s.Gate, "provider", s.provider, "mode", s.mode}, Value: 1}
		k.always = shownAlways(s.mode == "observe")
	}
	infoFamily.Series = append(infoFamily.Series, k.info)
	k.valid.Value = 0
	if s.valid {
		k.valid.Value = 1
	}
	validFamily.Series = append(validFamily.Series, k.valid)
	k.inFlight.Value = s.inFlight
	inFlightFamily.Series = append(inFlightFamily.Series, k.inFlight)
	// No calls in here, each of which costs more than the rest of a turn.
	n := s.n
	for i := 0; i < GateAt; i++ {
		if n[i] == 0 && !k.always[i] {
			continue
		}
		c := k.counters[i]
		if c == nil {
			c = newCounter(k, s.Gate, i)
		}
		c.Value = n[i]
		if i < responsesAt {
			requestsFamily.Series = append(requestsFamily.Series, c)
		} else {
			responsesFamily.Series = append(responsesFamily.Series, c)
		}
	}
	addHistogram(durationFamily, k.gate, s.n[GateAt:BackendAt])
	addHistogram(durationFamily, k.backend, s.n[BackendAt:BodyAt])
	addHistogram(bodyFamily, k.body, s.n[BodyAt:SkewAt])
	addHistogram(skewFamily, k.skew, s.n[SkewAt:SecretsAt])
	for i := 0; i < 2*positions; i++ {
		if n[SecretsAt+i] > 0 {
			addKey(k, s, i)
		}
	}
}

// newCounter makes the series of a place in the list of numbers.
func newCounter(k *kept, gate string, i int) *exposition.Series {
	labels := []string{"gate", gate, "decision"}
	if i < responsesAt {
		reason := reasons[i%len(reasons)]
		labels = append(labels, decisions[i/len(reasons)], "reason", reason, "check", verdict.Check(reason))
	} else {
		labels = append(labels, decisions[(i-responsesAt)/len(classes)], "code_class", classes[(i-responsesAt)%len(classes)])
	}
	k.counters[i] = &exposition.Series{Labels: labels}
	return k.counters[i]
}

// shownAlways says which counters are shown with 0, too.
func shownAlways(observes bool) []bool {
	always := make([]bool, GateAt)
	for d, decision := range decisions {
		for i, reason := range reasons {
			always[d*len(reasons)+i] = usual(decision, reason, observes)
		}
		for i, class := range classes {
			always[responsesAt+d*len(classes)+i] = usualClass(decision, class, observes)
		}
	}
	return always
}

func addHistogram(f *exposition.Family, h *exposition.Series, n []int64) {
	h.Buckets = n[:len(n)-1]
	h.Sum = n[len(n)-1]
	f.Series = append(f.Series, h)
}

// addKey adds how often a secret, or a public key, has verified.
func addKey(k *kept, s *Numbers, i int) {
	if k.keys[i] == nil {
		kind := "secret"
		if i >= positions {
			kind = "public_key"
		}
		k.keys[i] = &exposition.Series{Labels: []string{"gate", s.Gate, "key", kind, "position", strconv.Itoa(i%positions + 1)}}
	}
	k.keys[i].Value = s.n[SecretsAt+i]
	secretsFamily.Series = append(secretsFamily.Series, k.keys[i])
}

// seriesOfGate is how many series a gate has, if all has happened that usually does.
func seriesOfGate() int {
	usualReasons := len(reasons) + 1
	return 3 + usualReasons + len(classes) + 4 + 2*(len(Times)+3) + len(Sizes) + 3 + len(Skews) + 2 + positions
}
