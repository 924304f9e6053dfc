package delivery

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// An order is for what is in Redis and on the disk alike, and has one number.
func TestBesideRedisOrder(t *testing.T) {
	b := newBesides(t)
	b.answers["a"] = Result{Status: 404}
	ids := []string{}
	for i := range [6]int{} {
		b.c.away = i%2 == 1
		id, _ := b.stores(fmt.Sprint("claim ", i))
		ids = append(ids, id)
		b.passes(time.Second)
	}
	b.c.away = false
	b.passes(3 * time.Second)
	b.e.owned = true
	p := Pick(b.e, &Filter{State: store.Dead})
	found, after := Look(b.e, &Filter{}, "", 4)
	if fmt.Sprint(p.IDs) != fmt.Sprint(ids) || len(p.First) != 6 || len(found) != 4 || after != ids[3] || Open(b.e, ids[1]).Delivery == nil {
		t.Fatalf("%v of %v; %d, %s", p.IDs, ids, len(found), after)
	}
	if n := Count(b.e); n.Dead != 6 || n.Beside.Dead != 3 || n.Deaths[Rejected] != 6 {
		t.Errorf("%+v", n)
	}
	given, problem := Give(b.e, Order{Action: store.Replay, Actor: "a", Reason: "r", Interval: time.Second}, ids)
	if problem != "" || given.Total != 6 || given.Number != 1 {
		t.Fatal(problem, given)
	}
	if _, problem := Give(b.e, Order{Action: store.Drop, Actor: "a", Reason: "r"}, ids[:1]); problem != UnderWay {
		t.Errorf("a second one: %q", problem)
	}
	b.answers["a"] = Result{Status: 200}
	for i := 0; i < len(ids); i += 2 {
		delete(b.ended, ids[i]) // what becomes of those in Redis is told without the delivery
	}
	began := b.now
	for Orders(b.e)[0].Ended.IsZero() && b.now < began+20_000 {
		b.passes(time.Second)
	}
	orders := Orders(b.e)
	if len(orders) != 1 || orders[0].Done != 6 || orders[0].Total != 6 || orders[0].Ended.IsZero() {
		t.Fatalf("%+v", orders[0])
	}
	if b.now-began < 4000 {
		t.Errorf("six at one a second took %d ms", b.now-began)
	}
	b.passes(10 * time.Second)
	if left := Whereabouts(b.e, ids[1:2]); !strings.Contains(left[0].Why, "was delivered at") || Count(b.e).Changes[Delivered] != 6 {
		t.Errorf("%v, %+v", left, Count(b.e).Changes)
	}
	b.c.away = true
	id, _ := b.stores("last")
	b.disk.waiting[id].due = b.now + 10_000
	b.e.owned = false
	if _, problem := Give(b.e, Order{Action: store.Drop, Actor: "a", Reason: "r"}, append([]string{"00000000000000000000000000000000"}, id)); problem != NotThere {
		t.Error(problem)
	}
	given, problem = Give(b.e, Order{Action: store.Drop, Actor: "a", Reason: "r"}, []string{id})
	if problem != "" || given.Number != 2 || !Stop(b.e, 2, "b") || Stop(b.e, 2, "b") {
		t.Error(problem, "for the disk alone, while Redis is away")
	}
	b.e.owned = true // as far as was known
	_, problem = Give(b.e, Order{Action: store.Drop, Actor: "a", Reason: "r"}, []string{"00000000000000000000000000000000"})
	b.now += 1000
	failures, sign := 0, time.Now()
	turn(b.e, &failures, &sign)
	orders = Orders(b.e)
	last := orders[len(orders)-1]
	if problem != "" || last.Ended.IsZero() || last.Left != 1 || last.Reasons[0].Why != NotThere {
		t.Errorf("%s %+v", problem, last)
	}
}
