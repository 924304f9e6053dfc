package metrics

import "github.com/hookward/hookward/internal/audit"

// Count counts a request of a gate as its record has it. The size of its body is -1 where that
// was not read whole. Skew is how long before the request its timestamp was, if it has one.
func Count(g *Gate, s *Sum, r *audit.Record, forwarded bool, body, skew int64) {
	decision := r.Decision
	if r.Observed {
		decision = Observed
	}
	addOne(s, Decisions[decision]+Reasons[r.Reason])
	addOne(s, Answers[decision]+Classes[r.Status/100])
	observe(s, GateAt, Times, r.InGate)
	if forwarded {
		observe(s, BackendAt, Times, r.InBackend)
	}
	if body >= 0 {
		observe(s, BodyAt, Sizes, body)
	}
	if r.Secret+r.PublicKey > 0 {
		countKey(s, r.Secret, r.PublicKey)
	}
	if r.Timestamp != "" {
		addOne(s, SkewAt+bucketOf(Skews, skew))
	}
	Add(g, s)
}

// observe adds a value to a histogram: to its bucket, and to the sum that stands behind all
// buckets.
func observe(s *Sum, at int, bounds []int64, value int64) {
	addOne(s, at+bucketOf(bounds, value))
	s.Places[s.Used] = at + len(bounds) + 1
	s.Amounts[s.Used] = value
	s.Used++
}

// bucketOf returns the first bucket whose bound a value does not exceed, or the one behind.
func bucketOf(bounds []int64, value int64) int {
	i := 0
	for i < len(bounds) && value > bounds[i] {
		i++
	}
	return i
}
