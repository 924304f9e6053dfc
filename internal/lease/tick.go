package lease

import (
	"errors"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/resp"
)

// errAnswer is for a number that a script of ours never answers with.
var errAnswer = errors.New("the server answers with a number that makes no sense")

// enqueue leaves the end of a claim to be told later.
func enqueue(t *Table, h *held) {
	t.mu.Lock()
	full := len(t.queue) >= maxEnding
	if !full && (h.handed || t.flying[h.key] == nil) { // else that one is this process's
		t.ending[h.key] = h
		t.queue = append(t.queue, h)
		arm(t)
	}
	t.mu.Unlock()
	if full {
		t.tell("more deliveries have ended than can be remembered until the server is well; the other Traefiks won't know of some")
	}
}

// arm has tick called soon, with the table's lock held.
func arm(t *Table) {
	if t.ticking || t.ended {
		return
	}
	t.ticking = true
	if t.timer == nil {
		t.timer = time.AfterFunc(interval, func() { tick(t) })
	} else {
		t.timer.Reset(interval)
	}
}

// tick does what is due, for as long as the server answers, and then calls for the next
// turn.
func tick(t *Table) {
	defer func() { _ = recover() }() // nothing here can panic
	if renewDue(t) {
		tellEnds(t)
	}
	t.mu.Lock()
	t.ticking = !t.ended && len(t.flying)+len(t.queue) > 0
	if t.ticking {
		t.timer.Reset(interval)
	}
	t.mu.Unlock()
}

// renewDue offers the claims that the server may not have, and renews those that take
// their time. It says whether the server has answered to all.
func renewDue(t *Table) bool {
	for _, h := range due(t, time.Now()) {
		var err error
		if h.granted {
			err = renew(t, h)
		} else {
			_, err = offer(t, h)
		}
		if err != nil {
			return false
		}
		endLate(t, h)
	}
	return true
}

// endLate ends a claim once more that was offered while it ended: the server may have
// heard of the end first.
func endLate(t *Table, h *held) {
	t.mu.Lock()
	late := h.landed && !h.handed
	t.mu.Unlock()
	if late {
		enqueue(t, h)
	}
}

// due returns what is to be renewed.
func due(t *Table, now time.Time) []*held {
	found := []*held{}
	t.mu.Lock()
	for key, h := range t.flying {
		if h.held && now.After(h.until) {
			delete(t.flying, key)
			continue
		}
		if !h.due.IsZero() && !now.Before(h.due) {
			h.asked = true // or is about to be
			found = append(found, h)
		}
	}
	t.mu.Unlock()
	return found
}

// renew gives a claim its whole life. One that the server has lost is offered again.
func renew(t *Table, h *held) error {
	kept, err := resp.Run(t.client, renewScript, h.key, []string{t.owner, strconv.FormatInt(h.number, 10), milliseconds(Life)})
	t.mu.Lock()
	h.due = time.Now().Add(interval)
	if err == nil && kept == 1 {
		h.due = time.Now().Add(Life / 2)
		if h.held && t.flying[h.key] == h {
			delete(t.flying, h.key)
		}
	} else if err == nil {
		h.granted = false
	}
	t.mu.Unlock()
	return err
}

// tellEnds tells how claims have ended, in the order in which they have.
func tellEnds(t *Table) {
	for {
		h := oldest(t, time.Now())
		if h == nil || tellEnd(t, h) != nil {
			return
		}
		t.mu.Lock()
		if t.ending[h.key] == h {
			delete(t.ending, h.key)
		}
		t.mu.Unlock()
	}
}

// oldest returns the first end that the server has not heard of, and forgets those
// before it.
func oldest(t *Table, now time.Time) *held {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.queue) > 0 {
		h := t.queue[0]
		if t.ending[h.key] == h && now.Before(h.until) {
			return h
		}
		if t.ending[h.key] == h {
			delete(t.ending, h.key)
		}
		t.queue[0] = nil
		t.queue = t.queue[1:]
	}
	t.queue = nil
	return nil
}
