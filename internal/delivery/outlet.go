package delivery

import (
	"fmt"
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// Output is a place that dead deliveries are handed to, each once as a rule, and again where
// nobody knows whether it has arrived.
type Output struct {
	Mark string // eight hexadecimal digits that no other one has: see store.Hand
	Name string // for people
}

// Handed is what has become of handing a dead delivery over. Where it is neither taken nor
// refused, it is handed over again later, and those behind it wait for that.
type Handed struct {
	Taken    bool
	Pointer  bool // it is too large, and only which one it is was told
	Refused  bool // this one will not be taken, and others may be
	NotTried bool // through no fault of the output
	Wait     time.Duration
	Problem  string // for people
}

// outlet has what waits for an output. One goroutine at a time works for it, so that the
// dead arrive in the order of their deaths.
type outlet struct {
	mark    string
	name    string
	waiting []string          // keys of those that it has not got: see keyOf
	current string            // id of the one that is being handed over
	unnoted map[string]string // marks that the disk has not taken down yet, by id
	aside   map[string]bool   // ids of those that were refused, or can't be read
	busy    bool
	taken   int64
	failed  int64
	until   int64 // when to try again

	failures int // in a row
	since    time.Time
	problem  string
	refusal  string
	told     int64
}

const (
	firstHandWait   = time.Second
	longestHandWait = time.Minute
	// askAgain is after how long an output is offered again what it has refused.
	askAgain = int64(time.Hour / time.Millisecond)
	// keepPointed is for how long at least a delivery is kept that was too large for an
	// output.
	keepPointed = 720 * time.Hour
)

// useOutputs has the dead handed over to the outputs that the options name by now, with the
// lock held. What was refused is offered again.
func useOutputs(e *Engine) {
	outlets := []*outlet{}
	for _, output := range e.options.Outputs {
		o := outletOf(e, output.Mark)
		if o == nil {
			o = &outlet{mark: output.Mark, unnoted: map[string]string{}}
		}
		o.name = output.Name
		o.until = 0
		outlets = append(outlets, o)
	}
	e.outlets = outlets
	askAll(e)
}

func outletOf(e *Engine, mark string) *outlet {
	for _, o := range e.outlets {
		if o.mark == mark {
			return o
		}
	}
	return nil
}

// askAll offers again what was refused, with the lock held.
func askAll(e *Engine) {
	e.refilled = e.clock()
	for _, o := range e.outlets {
		o.aside = map[string]bool{}
	}
	refill(e)
}

// refill finds out what each output has not got, with the lock held.
func refill(e *Engine) {
	if !e.loaded {
		return
	}
	for _, o := range e.outlets {
		o.waiting = []string{}
		for id, it := range e.dead {
			if lacks(o, it) && id != o.current && !o.aside[id] {
				o.waiting = append(o.waiting, keyOf(it.entry.When, id))
			}
		}
		sort.Strings(o.waiting)
	}
}

// offer has a delivery that has just died handed over, with the lock held.
func offer(e *Engine, it *item) {
	if !e.loaded {
		return // refill comes
	}
	for _, o := range e.outlets {
		delete(o.aside, it.entry.ID) // it may have died before
		delete(o.unnoted, it.entry.ID)
		if lacks(o, it) {
			o.waiting = append(o.waiting, keyOf(it.entry.When, it.entry.ID))
		}
	}
}

// lacks says whether an output is to get a dead delivery, and has not. One that is damaged
// can't be handed to anybody.
func lacks(o *outlet, it *item) bool {
	has, _ := store.IsHanded(&it.entry, o.mark)
	return !has && it.entry.Reason != store.Undecodable
}

// isHandedOver says whether all outputs have a dead delivery, with the lock held.
func isHandedOver(e *Engine, it *item) bool {
	for _, o := range e.outlets {
		if lacks(o, it) {
			return false
		}
	}
	return true
}

// keepOf returns for how long a dead delivery is kept, with the lock held.
func keepOf(e *Engine, it *item) time.Duration {
	keep := e.options.Keep
	if strings.Contains(it.entry.Marks, store.Pointer) && keep < keepPointed {
		return keepPointed
	}
	if keep == 0 && it.entry.Reason == store.Undecodable {
		return keepPointed // nobody has it
	}
	return keep
}

// troubleOfOutlets says what an operator is to know of outputs, with the lock held.
func troubleOfOutlets(e *Engine, now int64) []string {
	told := []string{}
	for _, o := range e.outlets {
		refused := refusedBy(e, o)
		if o.failures == 0 && refused == 0 || o.told > 0 && now-o.told < tellInterval {
			continue
		}
		o.told = now + 1
		if o.failures > 0 {
			told = append(told, fmt.Sprintf("dead letters can't be handed over to %s since %s: %d wait, and stay in the store; %s", o.name, o.since.UTC().Format(time.RFC3339), len(o.waiting), o.problem))
		}
		if refused > 0 {
			told = append(told, fmt.Sprintf("%d dead letters are not taken by %s, and stay in the store: %s", refused, o.name, o.refusal))
		}
	}
	return told
}

// refusedBy counts what an output does not want, with the lock held.
func refusedBy(e *Engine, o *outlet) int {
	n := 0
	for id := range o.aside {
		if e.dead[id] == nil {
			delete(o.aside, id)
		} else {
			n++
		}
	}
	return n
}
