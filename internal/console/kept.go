package console

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/audit"
	engine "github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/store"
	"github.com/hookward/hookward/internal/words"
)

var keptStates = []string{store.Waiting, store.Dead, store.Delivered}

// keptRow is one stored delivery in a list.
type keptRow struct {
	ID         string `json:"id"` // hookward's
	Gate       string `json:"gate"`
	State      string `json:"state"`
	Reason     string `json:"reason,omitempty"` // of its death
	Router     string `json:"router,omitempty"`
	Provider   string `json:"provider,omitempty"`
	Event      string `json:"event,omitempty"`
	DeliveryID string `json:"deliveryID,omitempty"` // the sender's
	Method     string `json:"method,omitempty"`
	Path       string `json:"path,omitempty"`
	Received   string `json:"received,omitempty"`
	Attempts   int    `json:"attempts"`
	Due        string `json:"due,omitempty"`
	Died       string `json:"died,omitempty"`
	Arrived    string `json:"arrived,omitempty"` // when it was delivered, where it is kept
	Bytes      int64  `json:"bytes"`             // of the file
	Busy       bool   `json:"busy,omitempty"`
	Problem    string `json:"problem,omitempty"` // what is wrong with its file
}

// engineOf returns what a gate keeps, or nil where it keeps nothing.
func engineOf(source *Source, gate string) *engine.Engine {
	for i := range source.Scrape.Gates {
		if source.Scrape.Gates[i].Name == gate && source.Scrape.Gates[i].State != nil {
			return source.Scrape.Gates[i].State.Delivery
		}
	}
	return nil
}

// gateOf returns what is known of a gate: what may be shown of its deliveries.
func gateOf(source *Source, name string) Gate {
	for i := range source.Gates {
		if source.Gates[i].Name == name && source.Gates[i].Audit != nil {
			return source.Gates[i]
		}
	}
	return Gate{Name: name, Audit: audit.Plain}
}

// keepers returns the names of the gates that keep deliveries, in order; or only one, where
// it is among them.
func keepers(source *Source, only string) []string {
	names := []string{}
	for i := range source.Scrape.Gates {
		g := source.Scrape.Gates[i]
		if g.State != nil && g.State.Delivery != nil && (only == "" || only == g.Name) {
			names = append(names, g.Name)
		}
	}
	return names
}

// showing returns what hides from a filter what the rows of a gate do not show.
func showing(g Gate) func(text string) string {
	return func(text string) string { return audit.Showable(g.Audit, text) }
}

func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}

func keptRowOf(g Gate, one *engine.Seen) *keptRow {
	e := one.Entry
	r := &keptRow{ID: e.ID, Gate: g.Name, State: e.State, Reason: e.Reason, Attempts: e.Attempts, Bytes: e.Size, Busy: one.Busy, Problem: one.Problem, Due: stamp(one.Due)}
	if e.State == store.Dead {
		r.Died = stamp(time.UnixMilli(e.When))
	}
	if e.State == store.Delivered {
		r.Arrived = stamp(time.UnixMilli(e.When))
	}
	d := one.Delivery
	if d == nil {
		return r
	}
	path, _, _ := strings.Cut(d.RequestURI, "?")
	r.Router = d.Router
	r.Provider = d.Provider
	r.Event = audit.Showable(g.Audit, d.EventType)
	r.DeliveryID = audit.Showable(g.Audit, d.DeliveryID)
	r.Method = d.Method
	r.Path = audit.Showable(g.Audit, path)
	r.Received = stamp(d.Received)
	return r
}

// serveKept lists what is stored, gate by gate and in the order of the ids.
// The cursor says behind which one to go on.
func serveKept(source *Source, c *call) {
	q := c.query
	if q.state != "" && !words.Contains(keptStates, q.state) {
		answerStatus(c.rw, http.StatusBadRequest)
		return
	}
	found := []*keptRow{}
	afterID, afterGate, _ := strings.Cut(q.after, "~")
	filter := &engine.Filter{State: q.state, Reason: q.reason, Event: q.event, Router: q.router, Since: q.from, Until: q.to, Text: q.text}
	more := ""
	for _, name := range keepers(source, q.gate) {
		if name < afterGate {
			continue
		}
		if len(found) == q.limit {
			last := found[len(found)-1]
			more = last.ID + "~" + last.Gate
			break
		}
		after := ""
		if name == afterGate {
			after = afterID
		}
		g := gateOf(source, name)
		filter.Show = showing(g)
		seen, next := engine.Look(engineOf(source, name), filter, after, q.limit-len(found))
		for _, one := range seen {
			found = append(found, keptRowOf(g, one))
		}
		if next != "" {
			more = next + "~" + name
			break
		}
	}
	answerJSON(c.rw, struct {
		Role       string     `json:"role"`  // of who asks
		Gates      []string   `json:"gates"` // that keep deliveries
		Deliveries []*keptRow `json:"deliveries"`
		After      string     `json:"after"` // where to go on; nothing where there are no more
	}{c.visitor.Role, keepers(source, ""), found, more})
}

// keptAttempt and keptAction are the history of a stored delivery.
type keptAttempt struct {
	Number   int    `json:"number"`
	Time     string `json:"time"`
	Status   int    `json:"status,omitempty"`
	Duration int64  `json:"duration"` // in nanoseconds
	Outcome  string `json:"outcome"`
}

type keptAction struct {
	Time   string `json:"time"`
	Action string `json:"action"`
	Actor  string `json:"actor"`
	Reason string `json:"reason"`
	Error  string `json:"error,omitempty"`
}

// keptWhole is all that may be seen of a stored delivery. Content has the names of records.
type keptWhole struct {
	Role       string            `json:"role"` // of who asks
	Delivery   *keptRow          `json:"delivery"`
	Attempts   []keptAttempt     `json:"attempts"`
	Actions    []keptAction      `json:"actions"`
	Host       string            `json:"host,omitempty"` // for readers, as what follows
	Headers    []string          `json:"headers"`        // names and values
	HasPayload bool              `json:"hasPayload"`
	MayPayload bool              `json:"mayPayload"`
	Content    map[string]string `json:"content,omitempty"`
	Truncated  bool              `json:"truncated,omitempty"`
}

// serveKeptOne shows one stored delivery: to a reader with its headers, and with its payload
// where that is asked for and may be seen.
func serveKeptOne(source *Source, c *call, id string) {
	for _, name := range keepers(source, c.query.gate) {
		e := engineOf(source, name)
		var one *engine.Seen
		if c.query.payload {
			one = engine.Open(e, id)
		} else {
			one = engine.See(e, id)
		}
		if one != nil {
			answerJSON(c.rw, wholeOf(c, e, gateOf(source, name), one))
			return
		}
	}
	answerStatus(c.rw, http.StatusNotFound)
}

func wholeOf(c *call, e *engine.Engine, g Gate, one *engine.Seen) *keptWhole {
	w := &keptWhole{Role: c.visitor.Role, Delivery: keptRowOf(g, one), Attempts: []keptAttempt{}, Actions: []keptAction{}, Headers: []string{}}
	attempts, actions := engine.History(e, one.Entry.ID)
	for _, a := range attempts {
		w.Attempts = append(w.Attempts, keptAttempt{a.Number, stamp(a.Time), a.Status, int64(a.Duration), a.Outcome})
	}
	for _, a := range actions {
		w.Actions = append(w.Actions, keptAction{stamp(a.Time), a.Action, a.Actor, a.Reason, a.Error})
	}
	if c.visitor.Role == policy.Viewer || one.Delivery == nil {
		return w
	}
	w.Host = audit.Showable(g.Audit, one.Delivery.Host)
	text := &bytes.Buffer{}
	_ = http.Header(one.Delivery.Headers).Write(text) // a buffer takes everything
	w.Headers = audit.Headers(g.Audit, g.Names, text.String(), w.Delivery.DeliveryID, w.Delivery.Event)
	w.MayPayload = c.console.Payload
	w.HasPayload = g.Audit.Payload == audit.PayloadRedacted || g.Audit.Payload == audit.PayloadFull
	if c.query.payload && w.MayPayload && w.HasPayload {
		addContent(w, g.Audit, one.Delivery)
	}
	return w
}

// addContent adds what the gate's record would have of a body, were it recorded now.
func addContent(w *keptWhole, a *audit.Settings, d *store.Delivery) {
	r := &audit.Record{}
	encoding := strings.Join(d.Headers["Content-Encoding"], ",")
	audit.NotePayload(r, a, d.Body, true, d.Headers["Content-Type"], encoding != "" && encoding != "identity", true)
	w.Truncated = r.Truncated
	w.Content = map[string]string{}
	if r.BodyContent != "" {
		w.Content[contentName] = r.BodyContent
	}
	if r.BodyBase64 != "" {
		w.Content[base64Name] = r.BodyBase64
	}
}
