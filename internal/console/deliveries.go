package console

import (
	"encoding/json"
	"strings"
)

// row is one delivery in a list: what stands in its record, in the record's words.
type row struct {
	Number     int64  `json:"number"`
	ID         string `json:"id"`
	Time       string `json:"time"`
	Gate       string `json:"gate"`
	Provider   string `json:"provider,omitempty"`
	Event      string `json:"event,omitempty"`
	DeliveryID string `json:"deliveryID,omitempty"`
	Decision   string `json:"decision"`
	Reason     string `json:"reason"`
	Outcome    string `json:"outcome"`
	Status     int    `json:"status,omitempty"`
	Method     string `json:"method"`
	Path       string `json:"path"`
	Client     string `json:"client,omitempty"`
	Duration   int64  `json:"duration"`
	InGate     int64  `json:"inGate"`
	InBackend  int64  `json:"inBackend"`
	Bytes      int64  `json:"bytes"`
	Observed   bool   `json:"observed,omitempty"`
	Kept       string `json:"kept,omitempty"`     // the id of a delivery that is kept until it has arrived
	State      string `json:"state,omitempty"`    // of that: stored, passed, delivered, dead and so on
	Attempts   int    `json:"attempts,omitempty"` // how many there were, where there was one in the background
}

// recorded is a row as it is read of a record: the same fields by their names there.
type recorded struct {
	Number     int64  `json:"-"`
	ID         string `json:"event.id"`
	Time       string `json:"@timestamp"`
	Gate       string `json:"hookward.middleware"`
	Provider   string `json:"hookward.provider"`
	Event      string `json:"hookward.event_type"`
	DeliveryID string `json:"hookward.delivery_id"`
	Decision   string `json:"hookward.decision"`
	Reason     string `json:"event.reason"`
	Outcome    string `json:"event.outcome"`
	Status     int    `json:"http.response.status_code"`
	Method     string `json:"http.request.method"`
	Path       string `json:"url.path"`
	Client     string `json:"client.address"`
	Duration   int64  `json:"event.duration"`
	InGate     int64  `json:"hookward.gate.duration"`
	InBackend  int64  `json:"hookward.backend.duration"`
	Bytes      int64  `json:"http.request.body.bytes"`
	Observed   bool   `json:"hookward.observed"`
	Kept       string `json:"hookward.delivery.id"`
	State      string `json:"hookward.delivery.state"`
	Attempts   int    `json:"-"`
}

// rowOf returns the row of a delivery, or nil for what is no record of a request.
func rowOf(d *delivery) *row {
	read := recorded{Number: d.number}
	if json.Unmarshal([]byte(d.record), &read) != nil || read.Decision == "" {
		return nil
	}
	r := row(read)
	return &r
}

// askedRow returns the row of a delivery with what has become of it since, or nil where it
// is not asked for.
func askedRow(d *delivery, changed map[string]*change, q *query) *row {
	r := rowOf(d)
	if r == nil {
		return nil
	}
	c := changed[r.Kept]
	if c != nil {
		r.State = c.state
		r.Attempts = c.attempt
	}
	if !fits(q, r) {
		return nil
	}
	return r
}

// fits says whether a row is asked for.
func fits(q *query, r *row) bool {
	if q.gate != "" && r.Gate != q.gate || q.decision != "" && r.Decision != q.decision {
		return false
	}
	if q.reason != "" && r.Reason != q.reason || q.event != "" && r.Event != q.event {
		return false
	}
	if q.kept != "" && r.Kept != q.kept || q.state != "" && r.State != q.state {
		return false
	}
	if q.text == "" {
		return true
	}
	return strings.Contains(strings.ToLower(r.ID+" "+r.Kept+" "+r.DeliveryID+" "+r.Path+" "+r.Client+" "+r.Event), q.text)
}

// serveDeliveries lists deliveries, the newest at first.
func serveDeliveries(c *call) {
	q := c.query
	kept := newest()
	changed := latest()
	found := []*row{}
	more := false
	for i := len(kept) - 1; i >= 0; i-- {
		if q.before > 0 && kept[i].number >= q.before {
			continue
		}
		r := askedRow(&kept[i], changed, q)
		if r == nil {
			continue
		}
		if len(found) == q.limit {
			more = true
			break
		}
		found = append(found, r)
	}
	answerJSON(c.rw, struct {
		Deliveries []*row `json:"deliveries"`
		More       bool   `json:"more"`
	}{found, more})
}
