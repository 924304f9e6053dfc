package delivery

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// give gives an order, and has it carried out to its end.
func (w *world) give(o Order, ids ...string) *Progress {
	w.t.Helper()
	o.Actor = "ada"
	o.Reason = "the database is back"
	p, problem := Give(w.e, o, ids)
	if problem != "" {
		w.t.Fatal(problem)
	}
	for i := 0; w.e.order != nil && i < 1000; i++ {
		w.now += carryOut(w.e).Milliseconds() + 1
	}
	orders := Orders(w.e)
	if last := orders[len(orders)-1]; last.Number != p.Number || last.Ended.IsZero() {
		w.t.Fatalf("%+v", last)
	}
	return orders[len(orders)-1]
}

// order gives an order for some of what is stored.
func (w *world) order(random *rand.Rand) string {
	action := []string{store.Replay, store.Drop}[random.Intn(2)]
	p := Pick(w.e, &Filter{State: []string{"", store.Dead, store.Waiting, store.Delivered}[random.Intn(4)]})
	ids := []string{}
	for _, id := range p.IDs {
		if random.Intn(3) == 0 {
			ids = append(ids, id)
			w.dropping[id] = w.dropping[id] || action == store.Drop
		}
	}
	if _, problem := Give(w.e, Order{Action: action, Actor: "ada", Reason: "why not", Force: random.Intn(2) == 0}, ids); problem != "" && problem != UnderWay {
		w.t.Errorf("%s: %s", action, problem)
	}
	if random.Intn(2) == 0 {
		carryOut(w.e)
	}
	return action
}

// What must not be changed stays as it is, and says why.
func TestOrderLeaves(t *testing.T) {
	w := newWorld(t)
	arrived := w.dies()
	store.Note(w.e.store, &store.Attempt{ID: arrived, Number: 9, Time: time.Now(), Status: 200, Outcome: Delivered})
	damaged := w.dies()
	files, _ := filepath.Glob(filepath.Join(w.directory, "dead", "?", damaged+".*"))
	if len(files) != 1 || os.WriteFile(files[0], make([]byte, w.e.dead[damaged].entry.Size), 0o600) != nil {
		t.Fatal(files)
	}
	w.answers["a"] = Result{Status: 503}
	waiting := w.keep("a", "", 1)
	busy := w.keep("a", "", 1)
	w.e.waiting[busy].busy = true
	for _, c := range []struct{ action, id, want string }{
		{store.Replay, "019ad2c4f0e87c1e5d0f10000001", "is not there any more"},
		{store.Replay, arrived, "was delivered at "},
		{store.Replay, damaged, "its file is undecodable"},
		{store.Replay, waiting, "waits already"},
		{store.Replay, busy, "is being tried"},
		{store.Drop, busy, "is being tried"},
	} {
		p := w.give(Order{Action: c.action}, c.id)
		if p.Done != 0 || p.Left != 1 || p.Reasons[0].ID != c.id || !strings.Contains(p.Reasons[0].Why, c.want) {
			t.Errorf("%s, %s: %+v", c.action, c.want, p)
		}
	}
	// Nobody knows what event a damaged one is of.
	byEvent := &Filter{Event: "push"}
	if listed, _ := Look(w.e, byEvent, "", 100); len(listed) != 0 || Pick(w.e, byEvent).Unknown != 1 {
		t.Errorf("%+v, %+v", listed, Pick(w.e, byEvent))
	}
	w.e.waiting[busy].busy = false
	w.check("nothing is changed")
	if p := w.give(Order{Action: store.Replay, Force: true}, arrived); p.Done != 1 || w.e.waiting[arrived] == nil {
		t.Errorf("by force: %+v", p)
	}
}

// Of a dead delivery and what its sender has sent again since, one is tried.
func TestReplayBesideRepeat(t *testing.T) {
	w := newWorld(t)
	w.answers["a"] = Result{Status: 404}
	first := w.keep("a", "claim", 1)
	w.pass(2 * time.Second)
	w.served["a"] = false
	second := w.keep("a", "claim", 1)
	p := w.give(Order{Action: store.Replay}, first)
	if p.Left != 1 || !strings.Contains(p.Reasons[0].Why, "sent again") {
		t.Fatalf("%+v", p)
	}
	if p := w.give(Order{Action: store.Drop}, second); p.Done != 1 || w.released["claim"] < 2 || len(w.e.queues["a"].due) != 0 {
		t.Errorf("%+v, %v, %v", p, w.released, w.e.queues["a"].due)
	}
	if p := w.give(Order{Action: store.Replay}, first); p.Done != 1 || !Waits(w.e, "claim") {
		t.Errorf("%+v", p)
	}
}

// Who replays claims, as a request does, and gives that back where nothing comes of it. What is
// stored is known by its claim before it is begun.
func TestReplayClaims(t *testing.T) {
	w := newWorld(t)
	w.answers["a"] = Result{Status: 404}
	id := w.keep("a", "claim", 1)
	w.pass(2 * time.Second)
	said := []string{}
	var why error
	w.e.hooks.Take = func(key string) error { said = append(said, "take "+key); return why }
	w.e.hooks.Untake = func(key string) { said = append(said, "untake "+key) }
	claim := w.e.hooks.Claim
	w.e.hooks.Claim = func(key string) { said = append(said, "keep "+key); claim(key) }
	for _, one := range []error{store.ErrSent, store.ErrArrived} {
		why = one // Yaegi lets no hook see what range assigns
		if p := w.give(Order{Action: store.Replay}, id); p.Left != 1 || p.Reasons[0].Why != why.Error() {
			t.Errorf("%+v", p)
		}
	}
	why = nil
	w.e.replaced = []string{"claim"}
	if p := w.give(Order{Action: store.Replay}, id); p.Left != 1 || p.Reasons[0].Why != store.ErrArrived.Error() {
		t.Errorf("%+v", p)
	}
	w.e.replaced = nil
	k, problem := Keep(w.e, &store.Delivery{ID: store.NewID(), Claim: "claim", Method: "POST", RequestURI: "/", URL: "/", Host: "h"}, 0, 0, 0)
	if problem != "" || !Waits(w.e, "claim") {
		t.Error("it is stored, and not known")
	}
	if p := w.give(Order{Action: store.Replay}, id); p.Left != 1 || p.Reasons[0].Why != store.ErrWaits.Error() {
		t.Errorf("%+v", p)
	}
	w.e.pending = map[string]bool{}
	delete(w.e.claims, "claim")
	_ = store.Remove(w.e.store, &k.it.entry)
	if err := os.Remove(filepath.Join(w.directory, "changes")); err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(w.directory, "changes"), 0o700); err != nil {
		t.Fatal(err)
	}
	if p := w.give(Order{Action: store.Replay}, id); p.Left != 1 {
		t.Errorf("%+v", p)
	}
	if err := os.Remove(filepath.Join(w.directory, "changes")); err != nil {
		t.Fatal(err)
	}
	if p := w.give(Order{Action: store.Replay}, id); p.Done != 1 {
		t.Errorf("%+v", p)
	}
	want := "take claim,take claim,take claim,untake claim,take claim,untake claim,take claim,untake claim,take claim,keep claim"
	if got := strings.Join(said, ","); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// A replay keeps the id, the bytes and the number of attempts; its schedule begins anew, and
// who has done it and why is written down before.
func TestReplay(t *testing.T) {
	w := newWorld(t)
	changes := []*Change{}
	changed := w.e.hooks.Changed
	w.e.hooks.Changed = func(c *Change) {
		changed(c)
		changes = append(changes, c)
	}
	id := w.dies()
	attempts := w.attempts[id]
	w.answers["a"] = Result{Status: 200}
	w.served["a"] = false
	if p := w.give(Order{Action: store.Replay}, id, id); p.Done != 1 || p.Left != 1 || p.Total != 2 {
		t.Fatalf("%+v", p)
	}
	e := store.Find(w.e.store, id)
	if e.State != store.Waiting || e.Attempts != attempts || e.Step != 0 {
		t.Errorf("%+v", e)
	}
	last := changes[len(changes)-1]
	if last.To != Replayed || last.Actor != "ada" || last.Reason != "the database is back" || last.ID != id || last.Delivery == nil || last.Undone {
		t.Errorf("%+v", last)
	}
	if Count(w.e).Changes[Replayed] != 1 {
		t.Errorf("%+v", Count(w.e).Changes)
	}
	_, actions := History(w.e, id)
	if len(actions) != 1 || actions[0].Actor != "ada" || actions[0].Death != Rejected {
		t.Errorf("%+v", actions)
	}
	// What is recorded is not recorded again by the next process.
	told := 0
	store.NewActions(w.e.store, func(_ *store.Action) { told++ })
	if told != 0 {
		t.Errorf("%d are told again", told)
	}
	w.served["a"] = true
	w.pass(time.Second)
	if w.ended[id] != Delivered || w.attempts[id] != attempts+1 {
		t.Errorf("%q after %d attempts", w.ended[id], w.attempts[id])
	}
	w.check("at the end")
	if told := Whereabouts(w.e, []string{id, "nobody's"}); !strings.HasPrefix(told[0].Why, "was delivered at ") || told[1].Why == "" {
		t.Errorf("%+v", told)
	}
}

// The schedule begins anew, as if the delivery had just come.
func TestOrderedReplayBeginsAnew(t *testing.T) {
	w := newWorld(t)
	w.answers["a"] = Result{Status: 503}
	id := w.keep("a", "", 1)
	w.pass(10 * time.Minute)
	if w.ended[id] != Dead || w.attempts[id] != 4 {
		t.Fatalf("%q after %d attempts", w.ended[id], w.attempts[id])
	}
	w.give(Order{Action: store.Replay}, id)
	w.pass(10 * time.Minute)
	if w.ended[id] != Dead || w.attempts[id] != 8 {
		t.Errorf("%q after %d attempts in all", w.ended[id], w.attempts[id])
	}
	w.check("at the end")
}

// In a store that is shared, a process replays and drops what is its own, and each of that is
// told once.
func TestOrderShared(t *testing.T) {
	s := newSeveral(t, 2)
	s.answers["a"] = Result{Status: 404}
	first, _ := s.keeps(0, "a", "one")
	second, _ := s.keeps(0, "a", "two")
	s.all(5 * time.Second)
	told := []string{}
	for _, e := range s.engines {
		e.owned = true
		changed := e.hooks.Changed
		e.hooks.Changed = func(c *Change) {
			changed(c)
			if c.Actor != "" {
				told = append(told, c.To+" "+c.ID+" "+c.Actor)
			}
		}
	}
	s.answers["a"] = Result{Status: 200}
	s.e = s.engines[1]
	if p := s.give(Order{Action: store.Drop}, first); p.Left != 1 {
		t.Errorf("of another process: %+v", p)
	}
	s.e = s.engines[0]
	delete(s.ended, first) // it is not followed here what is told again
	for _, action := range []string{store.Replay, store.Drop} {
		id := map[string]string{store.Replay: first, store.Drop: second}[action]
		if p := s.give(Order{Action: action}, id); p.Done != 1 {
			t.Errorf("%s: %+v", action, p)
		}
	}
	s.all(30 * time.Second)
	want := []string{Replayed + " " + first + " ada", Dropped + " " + second + " ada"}
	if fmt.Sprint(told) != fmt.Sprint(want) || s.ended[first] != Delivered || Count(s.engines[0]).Waiting+Count(s.engines[0]).Dead != 0 {
		t.Errorf("%q, want %q; %q", told, want, s.ended[first])
	}
}

// What can't be written down is not done, and what can't be done is written down as such.
func TestOrderOnBadDisk(t *testing.T) {
	w := newWorld(t)
	id := w.dies()
	if err := os.Mkdir(filepath.Join(w.directory, "changes"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, action := range []string{store.Replay, store.Drop} {
		if p := w.give(Order{Action: action}, id); p.Done != 0 || !strings.Contains(p.Reasons[0].Why, "written down") {
			t.Errorf("%s: %+v", action, p)
		}
	}
	w.check("nothing is written down")
	if err := os.Remove(filepath.Join(w.directory, "changes")); err != nil {
		t.Fatal(err)
	}
	// The place that it is to go to is none.
	shard := filepath.Join(w.directory, "waiting", id[len(id)-1:])
	if err := os.Remove(shard); err != nil {
		t.Fatal(err)
	}
	if p := w.give(Order{Action: store.Replay}, id); p.Done != 0 || !strings.Contains(p.Reasons[0].Why, "can't be changed") {
		t.Errorf("%+v", p)
	}
	if n := Count(w.e); n.Changes[Replayed] != 0 || n.Dead != 1 {
		t.Errorf("%+v", n)
	}
	if _, actions := History(w.e, id); len(actions) != 2 || actions[1].Error == "" {
		t.Errorf("%+v", actions)
	}
	if err := os.Mkdir(shard, 0o700); err != nil {
		t.Fatal(err)
	}
	w.check("at the end")
}

// On a disk that is full, what takes room away is refused, and a drop, which makes some, is done;
// it is written down afterwards, if it can be.
func TestOrderOnFullDisk(t *testing.T) {
	w := newWorld(t)
	id := w.dies()
	changes := filepath.Join(w.directory, "changes")
	if err := os.Symlink("/dev/full", changes); err != nil {
		t.Fatal(err)
	}
	if p := w.give(Order{Action: store.Replay}, id); p.Done != 0 || !strings.Contains(p.Reasons[0].Why, "written down") {
		t.Errorf("%+v", p)
	}
	if p := w.give(Order{Action: store.Drop}, id); p.Done != 1 || w.ended[id] != Dropped || !strings.Contains(strings.Join(w.told, "\n"), "only the record tells") {
		t.Errorf("%+v, %q", p, w.told)
	}
	w.check("dropped")
}

// An order keeps its pace, can be stopped, and there is one at a time.
func TestOrderPace(t *testing.T) {
	w := newWorld(t)
	ids := []string{}
	for i := 0; i < 40; i++ {
		ids = append(ids, w.dies())
	}
	w.served["a"] = false
	w.e.owned = false
	if _, problem := Give(w.e, Order{Action: store.Replay}, ids); problem != NotOwned {
		t.Errorf("of another process: %q", problem)
	}
	w.e.owned = true
	w.e.loaded = false
	if _, problem := Give(w.e, Order{Action: store.Replay}, ids); problem != NotLoaded {
		t.Errorf("before it is read: %q", problem)
	}
	w.e.loaded = true
	p, problem := Give(w.e, Order{Action: store.Replay, Actor: "ada", Interval: 100 * time.Millisecond}, ids)
	if problem != "" {
		t.Fatal(problem)
	}
	if _, problem := Give(w.e, Order{Action: store.Drop}, ids); problem != UnderWay {
		t.Errorf("two at once: %q", problem)
	}
	w.pass(2 * time.Second)
	if done := Orders(w.e)[0].Done; done < 18 || done > 22 {
		t.Errorf("%d in 2 s at 10 a second", done)
	}
	if Stop(w.e, p.Number+1, "bob") || !Stop(w.e, p.Number, "bob") || Stop(w.e, p.Number, "bob") {
		t.Error("it is stopped by another number, or not, or twice")
	}
	done := Orders(w.e)[0].Done
	w.pass(2 * time.Second)
	if p := Orders(w.e)[0]; p.Done != done || p.Stopped != "bob" || p.Ended.IsZero() {
		t.Errorf("%+v", p)
	}
	w.check("stopped")
	for i := 0; i < 2*maxOrders; i++ {
		w.give(Order{Action: store.Drop}, "gone")
	}
	if n := len(Orders(w.e)); n != maxOrders {
		t.Errorf("%d orders are remembered", n)
	}
}

// A replay has a backend probed at once that was down, and once: it may be so still.
func TestReplayProbes(t *testing.T) {
	w := newWorld(t)
	first, second := w.dies(), w.dies()
	w.answers["a"] = Result{Status: 503}
	for i := 0; i < 8; i++ {
		w.keep("a", "", 1)
	}
	w.pass(20 * time.Second)
	q := w.e.queues["a"]
	if q.allowed != 1 || q.until <= w.now+2000 {
		t.Fatalf("%+v at %d", q, w.now)
	}
	before := q.probes
	if _, problem := Give(w.e, Order{Action: store.Replay, Interval: time.Second}, []string{first, second}); problem != "" {
		t.Fatal(problem)
	}
	w.pass(3 * time.Second)
	if q.probes != before+1 || Orders(w.e)[0].Done != 2 {
		t.Errorf("%d probes, want one", q.probes-before)
	}
}

// A list has each delivery once, page by page, and nothing that a filter leaves out.
func TestLook(t *testing.T) {
	w := newWorld(t)
	dead := map[string]bool{}
	for i := 0; i < 7; i++ {
		dead[w.dies()] = true
	}
	w.served["a"] = false
	for i := 0; i < 5; i++ {
		w.keep("a", "", 1)
	}
	seen := map[string]bool{}
	after, turns := "", 0
	for more := true; more && turns < 9; turns++ {
		var page []*Seen
		page, after = Look(w.e, &Filter{State: store.Dead}, after, 3)
		for _, one := range page {
			if seen[one.Entry.ID] || !dead[one.Entry.ID] || one.Delivery == nil || one.Delivery.Body != nil || one.Entry.Reason != Rejected {
				t.Errorf("%+v", one)
			}
			seen[one.Entry.ID] = true
		}
		more = after != ""
	}
	if len(seen) != 7 || turns != 3 {
		t.Errorf("%d of 7 in %d turns", len(seen), turns)
	}
	for name, c := range map[string]struct {
		filter Filter
		want   int
	}{
		"all":         {Filter{}, 12},
		"waiting":     {Filter{State: store.Waiting}, 5},
		"a reason":    {Filter{Reason: Exhausted}, 0},
		"an event":    {Filter{Event: "push"}, 0},
		"a router":    {Filter{Router: "a"}, 12},
		"too late":    {Filter{Since: w.wall().Add(time.Hour)}, 0},
		"too early":   {Filter{Until: w.wall().Add(-time.Hour)}, 0},
		"a text":      {Filter{Text: "nobody"}, 0},
		"text of ids": {Filter{Text: store.Prefix[:20]}, 12},
	} {
		page, _ := Look(w.e, &c.filter, "", 100)
		p := Pick(w.e, &c.filter)
		if len(page) != c.want || len(p.IDs) != c.want || len(p.First) != c.want {
			t.Errorf("%s: %d, %d", name, len(page), len(p.IDs))
		}
	}
	for id := range dead {
		if p := Pick(w.e, &Filter{IDs: []string{id, "none", id}}); fmt.Sprint(p.IDs, p.Missing) != fmt.Sprint([]string{id}, []string{"none"}) {
			t.Errorf("%+v", p)
		}
		if p := Pick(w.e, &Filter{IDs: []string{id}, State: store.Waiting}); len(p.IDs) != 0 || len(p.Missing) != 1 {
			t.Errorf("%+v", p)
		}
	}
}
