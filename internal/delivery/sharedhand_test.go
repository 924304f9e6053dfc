package delivery

import (
	"reflect"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// letters has engines on one store hand over what is dead to two outputs.
func letters(t *testing.T, n int) (*several, map[string][]string) {
	s := newSeveral(t, 0)
	got := map[string][]string{}
	s.options.Outputs = []Output{{Mark: first, Name: "one"}, {Mark: second, Name: "two"}}
	s.e.hooks.Hand = func(mark string, _ *store.Delivery, e *store.Entry) Handed {
		got[mark] = append(got[mark], e.ID)
		return Handed{Taken: true}
	}
	s.engines = make([]*Engine, n)
	s.names = make([]string, n)
	for i := range s.engines {
		s.begin(i)
	}
	return s, got
}

// serve has an engine's outputs get what waits for them.
func (s *several) serve(i int) {
	e := s.engines[i]
	e.owned = true
	s.turn(i)
	for _, o := range e.outlets {
		for s.now >= o.until && handOne(e, o) {
		}
	}
}

// Each output has what is dead once, whoever of several has it, across a takeover.
func TestSharedHand(t *testing.T) {
	s, got := letters(t, 2)
	s.answers["a"] = Result{Status: 404}
	a, _ := s.keeps(0, "a", "one")
	b, _ := s.keeps(1, "a", "two")
	s.all(5 * time.Second)
	if s.ended[a] != Dead || s.ended[b] != Dead {
		t.Fatal("they do not die")
	}
	e := s.engines[0]
	e.owned = true
	handOne(e, e.outlets[0])
	s.c.silence(s.names[0]) // which is killed before the second output has it
	s.begin(0)
	for i := 0; i < 3; i++ {
		s.serve(0)
		s.serve(1)
		s.all(5 * time.Second)
	}
	for mark, ids := range got {
		if len(ids) != 2 || ids[0] == ids[1] {
			t.Errorf("%s has %v", mark, ids)
		}
	}
	if len(got) != 2 || s.c.things[a].entry.Marks == "" || s.said("redis has lost") {
		t.Errorf("%v %v", got, s.told)
	}
}

// Who has handed over what another one has by then forgets that: when it has died anew, it is
// another letter.
func TestSharedHandLate(t *testing.T) {
	s, got := letters(t, 1)
	s.answers["a"] = Result{Status: 404}
	id, _ := s.keeps(0, "a", "")
	s.all(5 * time.Second)
	e := s.engines[0]
	e.owned = true
	one := s.c.things[id]
	one.owner = "another"
	for _, o := range e.outlets {
		handOne(e, o)
	}
	if s.said("can't be written down") || one.entry.Marks != "" {
		t.Errorf("%v %q", s.told, one.entry.Marks)
	}
	one.entry.Attempts++ // it was replayed, and died again
	one.owner = s.names[0]
	s.c.revisions[s.names[0]]++
	s.all(3 * time.Second)
	s.serve(0)
	want := []string{id, id}
	if !reflect.DeepEqual(got[first], want) || !reflect.DeepEqual(got[second], want) || one.entry.Attempts != 3 {
		t.Errorf("%v %+v", got, one.entry)
	}
}

// Who was away takes over what others have done to its deliveries meanwhile.
func TestSharedBehind(t *testing.T) {
	s, got := letters(t, 1)
	s.answers["a"] = Result{Status: 404}
	died, _ := s.keeps(0, "a", "")
	s.all(5 * time.Second)
	s.served["a"] = false
	waits, _ := s.keeps(0, "a", "")
	s.c.things[died].entry.Marks = first
	s.c.things[waits].entry.Attempts = 5
	s.attempts[waits] = 5
	s.c.revisions[s.names[0]]++
	s.all(3 * time.Second)
	s.serve(0)
	e := s.engines[0]
	if len(got[first]) != 0 || !reflect.DeepEqual(got[second], []string{died}) || s.c.things[died].entry.Marks != first+"-"+second {
		t.Errorf("%v %q", got, s.c.things[died].entry.Marks)
	}
	if it := e.waiting[waits]; it == nil || it.attempts != 5 || e.count != 2 || len(e.waiting) != 1 || len(e.dead) != 1 {
		t.Errorf("%+v %d", it, e.count)
	}
}

// A panic of the store's, while it notes who has a dead delivery, holds up nobody.
func TestHandPanics(t *testing.T) {
	s, got := letters(t, 1)
	s.answers["a"] = Result{Status: 404}
	s.keeps(0, "a", "one")
	s.all(5 * time.Second)
	e := s.engines[0]
	e.owned = true
	s.turn(0)
	o := e.outlets[0]
	o.busy = true
	e.atWork++
	s.c.panics = true
	serveOutlet(e, o)
	if !e.deadMu.TryLock() {
		t.Fatal("the files of the dead are locked for ever")
	}
	e.deadMu.Unlock()
	for i := 0; i < 5; i++ {
		s.all(5 * time.Second)
		s.serve(0)
	}
	if n := len(got[first]); n != 2 || len(got[second]) != 1 {
		t.Errorf("handed over %v", got)
	}
}
