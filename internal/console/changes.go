package console

import (
	"encoding/json"
	"sync/atomic"

	engine "github.com/hookward/hookward/internal/delivery"
)

// maxChanges is how many records of what becomes of kept deliveries are held.
const maxChanges = 2 * maxDeliveries

// change is one record of what has become of a kept delivery behind its request: an attempt
// in the background, or its end.
type change struct {
	number  int64 // counts all that were kept, from 1
	kept    string
	gate    string
	state   string
	attempt int
	record  string // as it was written
}

// recordedChange is what of such a record is looked at here.
type recordedChange struct {
	Kept    string `json:"hookward.delivery.id"`
	Gate    string `json:"hookward.middleware"`
	Action  string `json:"event.action"`
	Attempt int    `json:"hookward.delivery.attempt"`
}

// stateOf returns the state that an action leaves a delivery in.
func stateOf(action string) string {
	if action == engine.Failed || action == engine.Replayed || action == engine.Adopted {
		return engine.Stored
	}
	if action == engine.HandedOver {
		return engine.Dead
	}
	return action
}

// KeepChange keeps the record of what has become of a kept delivery, while there is a console.
func KeepChange(record []byte) {
	if atomic.LoadInt32(Watched) == 0 {
		return
	}
	read := &recordedChange{}
	if json.Unmarshal(record, read) != nil || read.Kept == "" {
		return
	}
	c := change{kept: read.Kept, gate: read.Gate, state: stateOf(read.Action), attempt: read.Attempt, record: string(record)}
	r := deliveries
	r.mu.Lock()
	r.lastChange++
	c.number = r.lastChange
	r.changes = append(r.changes, c)
	if len(r.changes) > maxChanges {
		r.changes[0] = change{} // what lies before the slice holds no text
		r.changes = r.changes[1:]
	}
	r.mu.Unlock()
}

// changesAfter returns the changes that are newer than a number, the oldest at first, and
// the newest number.
func changesAfter(number int64) ([]change, int64) {
	r := deliveries
	r.mu.Lock()
	defer r.mu.Unlock()
	newer := r.lastChange - number
	if newer > int64(len(r.changes)) {
		newer = int64(len(r.changes))
	}
	if newer <= 0 {
		return nil, r.lastChange
	}
	found := make([]change, newer)
	copy(found, r.changes[int64(len(r.changes))-newer:])
	return found, r.lastChange
}

// changesOf returns the changes of one kept delivery, the oldest at first.
func changesOf(kept string) []change {
	found := []change{}
	all, _ := changesAfter(0)
	for i := range all {
		if all[i].kept == kept {
			found = append(found, all[i])
		}
	}
	return found
}

// changesByKept returns the records of all kept deliveries, by their ids and the oldest at first.
func changesByKept() map[string][]string {
	all, _ := changesAfter(0)
	found := map[string][]string{}
	for i := range all {
		found[all[i].kept] = append(found[all[i].kept], all[i].record)
	}
	return found
}

// latest returns the newest change of each kept delivery.
func latest() map[string]*change {
	all, _ := changesAfter(0)
	found := map[string]*change{}
	for i := range all {
		found[all[i].kept] = &all[i]
	}
	return found
}

// changeEvents returns events for what has become of the deliveries that are asked for. Of
// many, the newest are told.
func changeEvents(changes []change, q *query) string {
	text := ""
	told := 0
	for i := len(changes) - 1; i >= 0 && told < maxTurn; i-- {
		c := &changes[i]
		if q.gate != "" && c.gate != q.gate || q.kept != "" && c.kept != q.kept {
			continue
		}
		line, err := json.Marshal(struct {
			Kept     string          `json:"kept"`
			State    string          `json:"state"`
			Attempts int             `json:"attempts"`
			Record   json.RawMessage `json:"record"`
		}{c.kept, c.state, c.attempt, json.RawMessage(c.record)})
		if err == nil {
			text = "event: change\ndata: " + string(line) + "\n\n" + text
			told++
		}
	}
	return text
}
