package console

import (
	"net/url"
	"strconv"
	"strings"
	"time"
)

// query is what the API is asked for. It is the same for all its answers.
type query struct {
	gate     string
	decision string
	reason   string
	event    string
	kept     string // the id of a delivery that is kept until it has arrived
	state    string // of such a delivery; of what is stored waiting or dead
	text     string // to be found in the ids, the path, or an address
	window   string // 1h or 48h
	since    string // the id of the newest event that a viewer has seen
	before   int64  // a delivery's number; those before it are asked for
	limit    int
	payload  bool

	// Of what is stored.
	router string
	after  string    // the cursor of a list
	from   time.Time // when it was received, at the earliest
	to     time.Time // and before when
}

const (
	usualLimit = 100
	maxLimit   = 1000
	maxQuery   = 4096
)

// readQuery reads a query. It refuses what it does not know, and what is there twice.
func readQuery(raw string) (*query, bool) {
	if len(raw) > maxQuery {
		return nil, false
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, false
	}
	q := &query{limit: usualLimit, window: "1h"}
	texts := map[string]*string{
		"gate": &q.gate, "decision": &q.decision, "reason": &q.reason, "event": &q.event, "kept": &q.kept, "state": &q.state,
		"text": &q.text, "window": &q.window, "since": &q.since, "router": &q.router, "after": &q.after,
	}
	for name := range values {
		value := values[name][0]
		into := texts[name]
		if into != nil {
			*into = value
		}
		if len(values[name]) != 1 || into == nil && !setOther(q, name, value) {
			return nil, false
		}
	}
	q.text = strings.ToLower(q.text)
	return q, q.window == "1h" || q.window == "48h"
}

// setOther sets a parameter that is more than a text.
func setOther(q *query, name, value string) bool {
	var err error
	switch name {
	case "payload":
		q.payload = true
		return value == "1"
	case "before":
		q.before, err = strconv.ParseInt(value, 10, 64)
		return err == nil && q.before >= 0
	case "limit":
		q.limit, err = strconv.Atoi(value)
		return err == nil && q.limit >= 1 && q.limit <= maxLimit
	case "from":
		q.from, err = time.Parse(time.RFC3339, value)
		return err == nil
	case "to":
		q.to, err = time.Parse(time.RFC3339, value)
		return err == nil
	}
	return false
}
