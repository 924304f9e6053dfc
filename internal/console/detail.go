package console

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/policy"
)

// The names of a record that hold a payload, as text or in base64.
const (
	contentName = "http.request.body.content"
	base64Name  = "hookward.body.base64"
)

// mayPayload says whether somebody may see payloads.
func mayPayload(c *call) bool { return c.console.Payload && c.visitor.Role != policy.Viewer }

// shownDelivery is one delivery in full.
type shownDelivery struct {
	Number     int64                      `json:"number"`
	Record     map[string]json.RawMessage `json:"record"` // empty where only what came later is kept
	Headers    []string                   `json:"headers"`
	HasPayload bool                       `json:"hasPayload"`
	MayPayload bool                       `json:"mayPayload"`
	State      string                     `json:"state"`   // of a delivery that is kept until it has arrived
	Changes    []json.RawMessage          `json:"changes"` // the records of what has become of that
}

// serveDelivery shows one delivery: its record, the headers of its request, what has become of
// it since, and its payload, where that is asked for and may be seen.
func serveDelivery(c *call, id string) {
	found := findDelivery(id)
	d := &shownDelivery{Record: map[string]json.RawMessage{}, Headers: []string{}, Changes: []json.RawMessage{}, MayPayload: mayPayload(c)}
	if c.query.payload && !d.MayPayload {
		answerStatus(c.rw, http.StatusForbidden)
		return
	}
	kept := id
	if found != nil {
		r := rowOf(found)
		if r == nil || json.Unmarshal([]byte(found.record), &d.Record) != nil {
			answerStatus(c.rw, http.StatusNotFound)
			return
		}
		kept = r.Kept
		d.Number = r.Number
		d.State = r.State
		d.Headers = audit.Headers(found.settings, found.verified, found.headers, r.DeliveryID, r.Event)
		d.HasPayload = takePayload(d.Record, c.query.payload)
	}
	for _, one := range changesOf(kept) {
		d.Changes = append(d.Changes, json.RawMessage(one.record))
		d.State = one.state
	}
	if found == nil && len(d.Changes) == 0 {
		answerStatus(c.rw, http.StatusNotFound)
		return
	}
	answerJSON(c.rw, d)
}

// takePayload says whether a record has a payload, and takes it away unless it may stay.
func takePayload(record map[string]json.RawMessage, stays bool) bool {
	has := record[contentName] != nil || record[base64Name] != nil
	if !stays {
		delete(record, contentName)
		delete(record, base64Name)
	}
	return has
}

// servePayload answers with the payload of a delivery as a file, as far as it is recorded.
func servePayload(c *call, id string) {
	if !mayPayload(c) {
		answerStatus(c.rw, http.StatusForbidden)
		return
	}
	found := findDelivery(id)
	record := struct {
		Content *string `json:"http.request.body.content"`
		Base64  *string `json:"hookward.body.base64"`
	}{}
	if found == nil || json.Unmarshal([]byte(found.record), &record) != nil || record.Content == nil && record.Base64 == nil {
		answerStatus(c.rw, http.StatusNotFound)
		return
	}
	var content []byte
	if record.Base64 != nil {
		content, _ = base64.StdEncoding.DecodeString(*record.Base64) // the gate has written it
	} else {
		content = []byte(*record.Content)
	}
	sendFile(c.rw, "payload", "application/octet-stream")
	_, _ = c.rw.Write(content)
}

// sendFile has a browser keep what follows, and never show it.
func sendFile(rw http.ResponseWriter, name, contentType string) {
	rw.Header()["Content-Type"] = []string{contentType}
	rw.Header()["Content-Disposition"] = []string{`attachment; filename="` + name + `"`}
}

// serveExport answers with the records of the deliveries that are asked for, a line each and
// the oldest at first, each with those of what has become of it since.
func serveExport(c *call) {
	q := c.query
	if q.payload && !mayPayload(c) {
		answerStatus(c.rw, http.StatusForbidden)
		return
	}
	sendFile(c.rw, "deliveries.jsonl", "application/x-ndjson; charset=utf-8")
	kept := newest()
	changed := latest()
	records := changesByKept() // one look at all: there may be thousands of both
	for i := range kept {
		if q.before > 0 && kept[i].number >= q.before {
			continue
		}
		r := askedRow(&kept[i], changed, q)
		if r == nil {
			continue
		}
		lines := exported(&kept[i], q.payload)
		for _, line := range records[r.Kept] {
			lines += strings.TrimRight(line, "\n") + "\n"
		}
		_, err := c.rw.Write([]byte(lines))
		if err != nil {
			return
		}
	}
}

// exported returns the record of a delivery as it was written, without its payload unless
// that may stay.
func exported(d *delivery, payload bool) string {
	line := strings.TrimRight(d.record, "\n") + "\n"
	if payload || !strings.Contains(line, `"`+contentName+`"`) && !strings.Contains(line, `"`+base64Name+`"`) {
		return line
	}
	record := map[string]json.RawMessage{}
	if json.Unmarshal([]byte(line), &record) != nil {
		return ""
	}
	takePayload(record, false)
	without, err := json.Marshal(record)
	if err != nil {
		return ""
	}
	return string(without) + "\n"
}

// findDelivery returns the delivery whose record has an id, or that is kept by it, or nil.
func findDelivery(id string) *delivery {
	if id == "" || strings.ContainsAny(id, "\"\\/") {
		return nil
	}
	kept := newest()
	start := `{"event.id":"` + id + `"`
	for i := len(kept) - 1; i >= 0; i-- {
		if strings.HasPrefix(kept[i].record, start) {
			return &kept[i]
		}
	}
	name := `,"hookward.delivery.id":"` + id + `"`
	for i := len(kept) - 1; i >= 0; i-- {
		if strings.Contains(kept[i].record, name) {
			return &kept[i]
		}
	}
	return nil
}
