package audit

import (
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/report"
)

// ConsoleRecord is the record of what somebody has done in the console, or was refused. It is
// numbered with the others of the console's middleware, which has no requests. The comments are the
// table in docs/console.md.
type ConsoleRecord struct {
	// ID is as in the record of a request.
	ID string `json:"event.id"`

	// Sequence counts the records of this console, from 1.
	Sequence int64 `json:"event.sequence"`

	// Time is when it happened, in UTC, to the microsecond.
	Time string `json:"@timestamp"`

	// ECSVersion is the version of the Elastic Common Schema.
	ECSVersion string `json:"ecs.version"`

	// Dataset is always `hookward.console`.
	Dataset string `json:"event.dataset"`

	// Kind is always `event`.
	Kind string `json:"event.kind"`

	// Category is always `api`.
	Category []string `json:"event.category"`

	// Action is what was asked for: `login`, `payload` (what is in a delivery), `replay`,
	// `drop` or `stop`.
	Action string `json:"event.action"`

	// Outcome is `success`, or `failure` where it was refused.
	Outcome string `json:"event.outcome"`

	// Reason is what the operator gave as the reason.
	Reason string `json:"event.reason,omitempty"`

	// Message is why it was refused.
	Message string `json:"error.message,omitempty"`

	// Status is the status that the console answered with.
	Status int `json:"http.response.status_code"`

	// Epoch is as in the record of a request.
	Epoch string `json:"hookward.epoch"`

	// Middleware is the name of the console's middleware.
	Middleware string `json:"hookward.middleware"`

	// Client is the address that it came from. It may be that of a proxy.
	Client string `json:"client.address,omitempty"`

	// Actor is who did that: the role of a token, and behind a colon the name that the
	// command gave; or the name that a middleware in front gave. Absent where nobody knows.
	Actor string `json:"user.name,omitempty"`

	// Roles has the role: `viewer`, `reader` or `operator`.
	Roles []string `json:"user.roles,omitempty"`

	// Gate is the middleware whose deliveries are meant.
	Gate string `json:"hookward.console.gate,omitempty"`

	// Order is the number of a replay or a drop, from 1 for each gate and process. The
	// records of `hookward.delivery` say what has become of each delivery.
	Order int64 `json:"hookward.console.order,omitempty"`

	// Matched is how many deliveries are meant.
	Matched int `json:"hookward.console.matched,omitempty"`

	// Filter is which ones, as it was asked for: the ids, or the filter, as JSON.
	Filter string `json:"hookward.console.filter,omitempty"`

	// Force marks a replay of what was delivered, too.
	Force bool `json:"hookward.console.force,omitempty"`
}

// consoleDataset is the same in all records of that kind.
const consoleDataset = "hookward.console"

var consoleCategory = []string{"api"}

// PutConsole numbers the record of what was done in a console, and hands it on to the outputs.
func PutConsole(t *Numbers, a *Settings, r *ConsoleRecord, outputs []*Output, now time.Time) {
	r.Time = now.UTC().Format(report.TimeLayout)
	r.ECSVersion = report.ECSVersion
	r.Dataset = consoleDataset
	r.Kind = "event"
	r.Category = consoleCategory
	r.Epoch = t.Epoch
	r.Middleware = t.name
	r.Reason = recordable(a, r.Reason, maxRecordedLong)
	r.Message = recordable(a, r.Message, maxRecordedLong)
	r.Client = recordable(a, r.Client, maxRecordedShort)
	r.Actor = recordable(a, r.Actor, maxRecordedShort)
	r.Gate = recordable(a, r.Gate, maxRecordedShort)
	r.Filter = recordable(a, r.Filter, maxRecordedLong)
	r.Sequence = atomic.AddInt64(&t.Sequence, 1)
	r.ID = IDOf(t, r.Sequence)
	own := NewScratch()
	if own.Encoder.Encode(r) != nil {
		return // the gap in the numbers is seen
	}
	Put(outputs, own.Buffer.Bytes(), a.Required)
}
