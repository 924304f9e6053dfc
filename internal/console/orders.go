package console

import (
	"fmt"
	"net/http"

	"github.com/hookward/hookward/internal/audit"
	engine "github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/store"
	"github.com/hookward/hookward/internal/words"
)

// orderRow is an order that is under way, or was.
type orderRow struct {
	Gate    string    `json:"gate"`
	Number  int64     `json:"number"`
	Action  string    `json:"action"`
	Actor   string    `json:"actor"`
	Reason  string    `json:"reason"`
	Total   int       `json:"total"`
	Done    int       `json:"done"`
	Left    int       `json:"left"`
	Reasons []leftRow `json:"reasons"` // of the first of those that were left
	Began   string    `json:"began"`
	Ended   string    `json:"ended,omitempty"`
	Stopped string    `json:"stopped,omitempty"` // by whom
}

type leftRow struct {
	ID  string `json:"id"`
	Why string `json:"why"`
}

func leftRows(left []engine.Left) []leftRow {
	rows := []leftRow{}
	for _, one := range left {
		rows = append(rows, leftRow{one.ID, one.Why})
	}
	return rows
}

func orderRowOf(gate string, p *engine.Progress) *orderRow {
	return &orderRow{
		Gate: gate, Number: p.Number, Action: p.Order.Action, Actor: p.Order.Actor, Reason: p.Order.Reason, Total: p.Total,
		Done: p.Done, Left: p.Left, Reasons: leftRows(p.Reasons), Began: stamp(p.Began), Ended: stamp(p.Ended), Stopped: p.Stopped,
	}
}

// orderAnswer is what replay and drop answer.
type orderAnswer struct {
	Gate    string     `json:"gate"`
	Action  string     `json:"action"`
	Preview bool       `json:"preview"`
	Matched int        `json:"matched"`
	First   []*keptRow `json:"first"`
	Missing []leftRow  `json:"missing"` // ids of no delivery that is meant
	Unknown int        `json:"unknown"` // deliveries whose files can't be read
	Order   *orderRow  `json:"order,omitempty"`
}

// giveOrder has deliveries replayed or dropped, or says which ones that would be.
func giveOrder(source *Source, c *call, a *asked, e *engine.Engine, record *audit.ConsoleRecord) {
	g := gateOf(source, a.Gate)
	filter := filterOf(a)
	filter.Show = showing(g)
	p := engine.Pick(e, filter)
	answer := &orderAnswer{Gate: a.Gate, Action: record.Action, Preview: a.Preview, Matched: len(p.IDs), First: []*keptRow{}, Missing: []leftRow{}, Unknown: p.Unknown}
	if len(p.Missing) > 0 {
		answer.Missing = leftRows(engine.Whereabouts(e, p.Missing))
	}
	for _, one := range p.First {
		answer.First = append(answer.First, keptRowOf(g, one))
	}
	if a.Preview {
		answerJSON(c.rw, answer)
		return
	}
	record.Matched = len(p.IDs)
	if a.Most != nil && len(p.IDs) > *a.Most {
		refuse(source, c, record, http.StatusConflict, fmt.Sprintf("%d deliveries are meant now, and most is %d: look again", len(p.IDs), *a.Most))
		return
	}
	if len(p.IDs) > 0 {
		interval, _ := intervalOf(words.OrDefault(a.Rate, usualRate))
		if record.Action == store.Drop {
			interval = 0
		}
		given, problem := engine.Give(e, engine.Order{Action: record.Action, Actor: record.Actor, Reason: a.Reason, Force: a.Force, Interval: interval}, p.IDs)
		if problem != "" {
			status := http.StatusConflict
			if problem != engine.UnderWay {
				status = http.StatusServiceUnavailable
			}
			refuse(source, c, record, status, problem)
			return
		}
		answer.Order = orderRowOf(a.Gate, given)
		record.Order = given.Number
	}
	done(source, c, record, answer)
}

// stopOrder ends an order that is under way.
func stopOrder(source *Source, c *call, a *asked, e *engine.Engine, record *audit.ConsoleRecord) {
	record.Order = a.Order
	if !engine.Stop(e, a.Order, record.Actor) {
		refuse(source, c, record, http.StatusConflict, "order: there is none of this number under way")
		return
	}
	done(source, c, record, struct{}{})
}

// serveOrders lists the newest orders of all gates, or of one.
func serveOrders(source *Source, c *call) {
	rows := []*orderRow{}
	for _, name := range keepers(source, c.query.gate) {
		for _, p := range engine.Orders(engineOf(source, name)) {
			rows = append(rows, orderRowOf(name, p))
		}
	}
	answerJSON(c.rw, struct {
		Orders []*orderRow `json:"orders"`
	}{rows})
}
