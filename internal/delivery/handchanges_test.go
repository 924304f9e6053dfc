package delivery

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// Where the disk does not take down that an output has something, it is written again, and
// not sent again.
func TestHandOverUnnoted(t *testing.T) {
	o := newOutputs(t, first)
	a := o.dies()
	dead := filepath.Join(o.w.e.store.Directory, store.Dead)
	o.before = func(_, _ string) {
		if err := os.Rename(dead, dead+".away"); err != nil {
			t.Fatal(err)
		}
	}
	handOne(o.w.e, o.w.e.outlets[0])
	if err := os.Rename(dead+".away", dead); err != nil {
		t.Fatal(err)
	}
	o.before = func(_, id string) { t.Errorf("%s is sent again", id) }
	o.pass(15 * time.Second)
	o.expect(first, a)
	if n := Count(o.w.e).Outputs[0]; n.Waiting != 0 || n.Taken != 1 {
		t.Errorf("%+v", n)
	}
	if e := store.Find(o.w.e.store, a); e.Marks != first {
		t.Errorf("%+v", e)
	}
}

// A new output gets what is dead by then; for one that is gone nobody waits. What is no more,
// or damaged, goes to nobody.
func TestHandOverChanges(t *testing.T) {
	o := newOutputs(t)
	a := o.dies()
	damaged := o.dies()
	gone := o.dies()
	o.w.e.dead[damaged].entry.Reason = store.Undecodable
	end(o.w.e, o.w.e.dead[gone], Superseded)
	options := o.w.options
	options.Outputs = []Output{{Mark: first, Name: "one"}, {Mark: second, Name: "two"}}
	o.answers[first] = Handed{Taken: true}
	ChangeOptions(o.w.e, options)
	o.pass(2 * time.Second)
	o.expect(first, a)
	options.Outputs = options.Outputs[:1]
	ChangeOptions(o.w.e, options)
	o.pass(2 * time.Hour)
	if o.w.ended[a] != Expired || o.w.ended[damaged] != Expired {
		t.Errorf("%v", o.w.ended)
	}
	o.expect(first, a)
	o.w.e.owned = false
	b := o.dies()
	o.pass(2 * time.Second)
	o.expect(first, a)
	o.w.e.owned = true
	o.pass(2 * time.Second)
	o.expect(first, a, b)
}

// A delivery that was replayed and dies again is another letter.
func TestHandOverAgain(t *testing.T) {
	o := newOutputs(t, first)
	a := o.dies()
	o.pass(2 * time.Second)
	o.w.replay(a)
	o.restart()
	o.w.attempts[a] = 2
	o.w.planned[a] = 0
	o.w.pass(time.Minute)
	o.pass(2 * time.Second)
	o.expect(first, a, a)
}

// The goroutines of the engine do it, too; a panic of an output is a failure as others.
func TestHandOverByItself(t *testing.T) {
	s := store.New(store.DirectoryOf(t.TempDir(), "m"), "m", nil)
	if err := store.Create(s); err != nil {
		t.Fatal(err)
	}
	want := []string{}
	for i := 0; i < 20; i++ {
		id := store.NewID()
		want = append(want, id)
		e := &store.Entry{State: store.Dead, Reason: Exhausted, Attempts: 3, When: int64(1000 + i)}
		if err := store.Put(s, &store.Delivery{ID: id, Received: time.Now(), Middleware: "m", Router: "a", Method: "POST", RequestURI: "/", URL: "/"}, e); err != nil {
			t.Fatal(err)
		}
	}
	got := make(chan string, 100)
	panics := 3
	w := newWorld(t)
	options := w.options
	options.Outputs = []Output{{Mark: first, Name: "one"}}
	options.Keep = 1 << 62
	e := New(s, options, Hooks{
		Serves: func(_ string) bool { return true }, Try: func(_ *store.Delivery, _ int) Result { return Result{} }, Changed: func(_ *Change) {}, Claim: func(_ string) {}, Release: func(_ string) {}, Tell: func(_, _ string) {},
		Hand: func(_ string, d *store.Delivery, _ *store.Entry) Handed {
			if panics > 0 {
				panics--
				panic("poison")
			}
			got <- d.ID
			return Handed{Taken: true}
		},
	})
	Start(e)
	for i, id := range want {
		select {
		case one := <-got:
			if one != id {
				t.Errorf("%d: %s, want %s", i, one, id)
			}
		case <-time.After(2 * time.Minute):
			t.Fatalf("%d of %d", i, len(want))
		}
	}
	Close(e)
	if len(got) > 0 {
		t.Error(fmt.Sprint("more came: ", <-got))
	}
}

// What another process has handed over, after it was counted and before that process has
// given the store back, is not sent again.
func TestHandOverTakeover(t *testing.T) {
	o := newOutputs(t, first)
	a := o.dies()
	before := o.w.e
	next := New(store.New(o.w.directory, "m", nil), o.w.options, before.hooks)
	next.clock = before.clock
	next.wall = before.wall
	next.workers = maxConcurrency
	if err := count(next); err != nil {
		t.Fatal(err)
	}
	o.pass(2 * time.Second)
	o.expect(first, a)
	store.Disown(before.store, before.owner)
	if !store.Own(next.store, next.owner, time.Now()) {
		t.Fatal("it can't be taken over")
	}
	o.w.e = next
	next.owned = true
	load(next, o.w.wall())
	o.pass(2 * time.Second)
	o.expect(first, a)
	if n := Count(next); n.Dead != 1 || n.Outputs[0].Waiting != 0 {
		t.Errorf("%+v", n)
	}
	it := next.dead[a]
	end(next, it, Expired)
	end(next, it, Superseded)
	if next.count != 0 || next.bytes != 0 || o.w.ended[a] != Expired {
		t.Errorf("%d deliveries of %d bytes, and it is %s", next.count, next.bytes, o.w.ended[a])
	}
	if n := len(o.w.files(store.Dead)); n != 0 {
		t.Errorf("%d files are left", n)
	}
}
