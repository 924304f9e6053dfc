package metrics

import (
	"sort"

	"github.com/hookward/hookward/internal/verdict"
)

// The numbers of a gate stand in one list, so that they are copied in one step: requests by
// decision and reason, responses by decision and class, and the histograms, each with its
// buckets, one for what is above them, and the sum.

// decisions are those of the record, and one for what was refused and forwarded all the
// same: alerts are for the others.
var decisions = []string{"pass", "refuse", "handshake", "duplicate", Observed}

// Observed is the word for that.
const Observed = "observed"

// reasons are all reasons; the first stands for one that is not known.
var reasons = allReasons()

// classes are those of statuses; the first is for a response that was never begun, and
// the last for a status of a backend's that is none.
var classes = []string{"none", "1xx", "2xx", "3xx", "4xx", "5xx", "other"}

// Bounds of the histograms. The sender's patience is a bound: 3 s, 5 s and 10 s.
const (
	millisecond = int64(1e6)
	second      = int64(1e9)
)

var (
	Times = []int64{millisecond, 2_500_000, 5 * millisecond, 10 * millisecond, 25 * millisecond, 50 * millisecond, 100 * millisecond,
		250 * millisecond, 500 * millisecond, second, 2_500_000_000, 3 * second, 5 * second, 10 * second}
	Sizes = []int64{256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20, 16 << 20}
	Skews = []int64{-300 * second, -60 * second, -10 * second, -second, 0, second, 10 * second, 60 * second, 300 * second, 3600 * second}
)

// positions is how many secrets, or public keys, a gate has at most.
const positions = 16

// Where what stands.
var (
	responsesAt  = len(decisions) * len(reasons)
	GateAt       = responsesAt + len(decisions)*len(classes)
	GateSum      = GateAt + len(Times) + 1
	BackendAt    = GateSum + 1
	BackendSum   = BackendAt + len(Times) + 1
	BodyAt       = BackendSum + 1
	BodySum      = BodyAt + len(Sizes) + 1
	SkewAt       = BodySum + 1
	SecretsAt    = SkewAt + len(Skews) + 2
	publicKeysAt = SecretsAt + positions
	numbersAt    = publicKeysAt + positions // the end
)

// Where a request counts: at the sum of a decision and a reason, and at that of an answer,
// which is the decision's, and the class of the status' hundreds. A reason that is not in
// the table counts as internal_error.
var (
	Decisions = map[string]int{}
	Reasons   = map[string]int{}
	Answers   = map[string]int{}
	Classes   = map[int]int{}
)

func init() {
	for i, decision := range decisions {
		Decisions[decision] = i * len(reasons)
		Answers[decision] = responsesAt + i*len(classes)
	}
	for i, reason := range reasons {
		Reasons[reason] = i
	}
	for hundreds := 0; hundreds < 10; hundreds++ {
		Classes[hundreds] = hundreds
		if hundreds >= len(classes) {
			Classes[hundreds] = len(classes) - 1
		}
	}
}

func allReasons() []string {
	all := []string{}
	for reason := range verdict.Statuses {
		if reason != verdict.InternalError {
			all = append(all, reason)
		}
	}
	sort.Strings(all)
	return append([]string{verdict.InternalError, verdict.Verified, verdict.AddressAllowed}, all...)
}

// usual says whether a reason usually comes with a decision. Such a series is there from
// the start, with 0: Prometheus sees no increase in a series that begins with 1.
func usual(decision, reason string, observes bool) bool {
	switch reason {
	case verdict.Verified, verdict.AddressAllowed:
		return decision == "pass"
	case verdict.HandshakeAnswered:
		return decision == "handshake"
	case verdict.DeliveryDuplicate:
		return decision == "refuse" || decision == "duplicate"
	}
	return decision == "refuse" || decision == Observed && observes
}

// usualClass says the same of the class of a status.
func usualClass(decision, class string, observes bool) bool {
	switch decision {
	case "pass":
		return class != "1xx" && class != "other"
	case "refuse":
		return class == "4xx" || class == "5xx"
	case Observed:
		return observes && class != "1xx" && class != "other"
	}
	return class == "2xx"
}
