package audit

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/report"
)

// DeliveryRecord is the record of what becomes of a delivery after its request: of each
// attempt in the background, and of its end. It is numbered with those of the requests. The
// comments are the table in docs/delivery.md.
type DeliveryRecord struct {
	// ID is as in the record of a request.
	ID string `json:"event.id"`

	// Sequence is as in the record of a request, which it counts on with.
	Sequence int64 `json:"event.sequence"`

	// Time is when it happened, in UTC, to the microsecond.
	Time string `json:"@timestamp"`

	// ECSVersion is the version of the Elastic Common Schema.
	ECSVersion string `json:"ecs.version"`

	// Dataset is always `hookward.delivery`.
	Dataset string `json:"event.dataset"`

	// Kind is always `event`.
	Kind string `json:"event.kind"`

	// Category is always `network`.
	Category []string `json:"event.category"`

	// Action is what has become of the delivery: `delivered`, `failed` (it waits for
	// another attempt), `dead`, `superseded` (the sender has sent a dead one again, and it
	// has arrived), `expired` (a dead one was kept for its time, and is gone),
	// `handed_over` (an output of dead letters has a dead one), `lost` (it is not in Redis
	// any more, and nobody has dropped it); or what an operator did, in the console or with
	// `hookward deliveries`: `replayed`, `dropped` or `adopted`.
	Action string `json:"event.action"`

	// Outcome is `success` of what has arrived, was handed over, or was done by an operator,
	// `unknown` where Traefik ended in an attempt, else `failure`.
	Outcome string `json:"event.outcome"`

	// Reason says why a delivery is dead: `attempts_exhausted`, `too_old`, `rejected`
	// (the backend does not want it) or `undecodable` (its file is damaged). Of one that was
	// handed over it is the same, or `too_large` where the output was told of it alone. Of
	// what an operator did, it is the reason that they gave.
	Reason string `json:"event.reason,omitempty"`

	// Duration is how long the attempt took, in nanoseconds. Absent where there was none.
	Duration int64 `json:"event.duration,omitempty"`

	// Epoch is as in the record of a request.
	Epoch string `json:"hookward.epoch"`

	// Middleware is the middleware's name, as Traefik has it.
	Middleware string `json:"hookward.middleware"`

	// Router is the router's name.
	Router string `json:"hookward.router,omitempty"`

	// Provider is the provider's slug, or `custom`.
	Provider string `json:"hookward.provider,omitempty"`

	// DeliveryID is the delivery's id as the sender wrote it.
	DeliveryID string `json:"hookward.delivery_id,omitempty"`

	// EventType is the event's type as the sender wrote it.
	EventType string `json:"hookward.event_type,omitempty"`

	// Kept is the delivery's id, which `X-Hookward-Id` tells the backend, and the record of
	// its request has as well.
	Kept string `json:"hookward.delivery.id"`

	// Attempt is which attempt it was, from 1; the one while the sender waited counts.
	Attempt int `json:"hookward.delivery.attempt"`

	// BackendStatus is what the backend answered. Absent where it did not.
	BackendStatus int `json:"hookward.delivery.status,omitempty"`

	// Next is when the next attempt is due.
	Next string `json:"hookward.delivery.next,omitempty"`

	// Received is when the request arrived.
	Received string `json:"hookward.delivery.received,omitempty"`

	// Aborted marks an answer that broke off behind its status.
	Aborted bool `json:"hookward.aborted,omitempty"`

	// Output is who has a dead letter that was handed over: a type, and where it is.
	Output string `json:"hookward.delivery.output,omitempty"`

	// Actor is who did that, where it was an operator.
	Actor string `json:"user.name,omitempty"`

	// Bytes is the size of the delivery's file.
	Bytes int64 `json:"hookward.delivery.bytes,omitempty"`
}

// deliveryDataset is the same in all records of that kind.
const deliveryDataset = "hookward.delivery"

// NewDeliveryRecord returns a record with what is the same in all of them, and a number.
func NewDeliveryRecord(t *Numbers, now time.Time) *DeliveryRecord {
	r := &DeliveryRecord{
		Time: now.UTC().Format(report.TimeLayout), ECSVersion: report.ECSVersion, Dataset: deliveryDataset, Kind: "event",
		Category: Network, Outcome: "failure", Epoch: t.Epoch, Middleware: t.name,
	}
	r.Sequence = atomic.AddInt64(&t.Sequence, 1)
	r.ID = IDOf(t, r.Sequence)
	return r
}

var errNotRecorded = errors.New("the record can't be encoded")

// AnnounceDelivery writes down the record of an attempt that is about to be made, where
// that is required, until all outputs have it.
func AnnounceDelivery(t *Numbers, a *Settings, r *DeliveryRecord, outputs []*Output) error {
	r.Outcome = "unknown"
	line := encodeDelivery(r, a)
	if line == nil {
		return errNotRecorded
	}
	_, err := announceLine(t, r.ID, r.Sequence, line, outputs)
	return err
}

// PutDelivery hands the record on to the outputs, and returns it as it was written, or nil.
func PutDelivery(a *Settings, r *DeliveryRecord, outputs []*Output) []byte {
	line := encodeDelivery(r, a)
	if line == nil {
		return nil // the gap in the numbers is seen
	}
	if Put(outputs, line, a.Required) && a.Required {
		ahead.ArriveAll(Announcements, r.ID)
	}
	return line
}

// encodeDelivery returns the line of a record, or nil.
func encodeDelivery(r *DeliveryRecord, a *Settings) []byte {
	made := *r
	made.DeliveryID = recordable(a, r.DeliveryID, maxRecordedShort)
	made.EventType = recordable(a, r.EventType, maxRecordedShort)
	made.Actor = recordable(a, r.Actor, maxRecordedShort)
	made.Reason = recordable(a, r.Reason, maxRecordedLong)
	own := NewScratch()
	if own.Encoder.Encode(&made) != nil {
		return nil
	}
	return own.Buffer.Bytes()
}
