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
	q := &query{limit: usualLimit, window: "1h"}
	if len(raw) > maxQuery {
		return nil, false
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return nil, false
	}
	for name := range values {
		if len(values[name]) != 1 || !setQuery(q, name, values[name][0]) {
			return nil, false
		}
	}
	return q, true
}

// setQuery sets one parameter.
func setQuery(q *query, name, value string) bool {
	switch name {
	case "gate":
		q.gate = value
	case "decision":
		q.decision = value
	case "reason":
		q.reason = value
	case "event":
		q.event = value
	case "kept":
		q.kept = value
	case "state":
		q.state = value
	case "text":
		q.text = strings.ToLower(value)
	case "window":
		q.window = value
		return value == "1h" || value == "48h"
	case "payload":
		q.payload = true
		return value == "1"
	case "since":
		q.since = value
	case "before":
		return setNumber(&q.before, value)
	case "limit":
		n := int64(0)
		if !setNumber(&n, value) || n < 1 || n > maxLimit {
			return false
		}
		q.limit = int(n)
	default:
		return setKept(q, name, value)
	}
	return true
}

// setKept sets a parameter of the lists of what is stored.
func setKept(q *query, name, value string) bool {
	switch name {
	case "router":
		q.router = value
	case "after":
		q.after = value
	case "from":
		return setTime(&q.from, value)
	case "to":
		return setTime(&q.to, value)
	default:
		return false
	}
	return true
}

func setTime(into *time.Time, value string) bool {
	at, err := time.Parse(time.RFC3339, value)
	*into = at
	return err == nil
}

func setNumber(into *int64, value string) bool {
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return false
	}
	*into = n
	return true
}
