package delivery

import (
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// Where another process has had the store meanwhile, as this one stood still, what that has done
// is known once the store is this one's again.
func TestOwnedOnceMore(t *testing.T) {
	w := newWorld(t)
	dead, dropped := w.dies(), w.dies()
	w.answers["a"] = Result{Status: 503}
	delivered, tried, same := w.keep("a", "delivered", 1), w.keep("a", "tried", 1), w.keep("a", "same", 1)
	first := w.e
	first.timer = time.NewTimer(time.Hour)
	failures, lastSign := 0, time.Now()
	if turn(first, &failures, &lastSign); !first.owned || !first.loaded {
		t.Fatal("it has not begun")
	}
	store.Disown(first.store, first.owner)
	other := store.New(w.directory, "m", nil)
	owner := store.NewOwner()
	if !store.Own(other, owner, time.Now()) {
		t.Fatal("it can't be taken over")
	}
	w.now += 1000
	if turn(first, &failures, &lastSign); first.owned {
		t.Fatal("it has a store that is another one's")
	}
	late := &store.Delivery{ID: store.NewID(), Received: w.wall(), Middleware: "m", Router: "a", Claim: "late", Method: "POST", RequestURI: "/", URL: "/", Host: "h", Tokens: []string{}, Headers: map[string][]string{}, Body: []byte("late")}
	w.kept[late.ID] = late
	if err := store.Put(other, late, &store.Entry{When: w.wall().UnixMilli()}); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{delivered, dropped} {
		if err := store.Remove(other, store.Find(other, id)); err != nil {
			t.Fatal(err)
		}
	}
	entry := store.Find(other, tried)
	if err := store.Move(other, entry, store.Entry{State: store.Waiting, ID: tried, Attempts: 2, Step: 2, When: w.wall().UnixMilli()}); err != nil {
		t.Fatal(err)
	}
	w.attempts[tried] = 2
	w.replay(dead)
	store.Disown(other, owner)
	w.now += 1000
	turn(first, &failures, &lastSign)
	if n := Count(first); !n.Loaded || n.Waiting != 4 || n.Dead != 0 || first.count != 4 || Waits(first, "delivered") || !Waits(first, "late") || first.waiting[tried].attempts != 2 || first.waiting[same] == nil {
		t.Fatalf("%+v, %d", n, first.count)
	}
	w.answers["a"] = Result{Status: 200}
	w.planned = map[string]int64{}
	w.pass(2 * time.Minute)
	if n := Count(first); n.Waiting != 0 || n.Bytes != 0 || w.ended[late.ID] != Delivered || w.ended[tried] != Delivered || w.ended[dead] != Delivered {
		t.Errorf("%+v, %v", n, w.ended)
	}
}

// What is tried while the names are read anew is as it has become, and not as it was found.
func TestTriedWhileRead(t *testing.T) {
	for status, want := range map[int]string{200: store.Delivered, 404: store.Dead, 503: store.Waiting} {
		w := newKeeper(t)
		w.answers["a"] = Result{Status: 503}
		id := w.keep("a", "", 1)
		name := store.NameOf(&w.e.waiting[id].entry)
		found, _, err := scan(w.e)
		if err != nil {
			t.Fatal(err)
		}
		w.answers["a"] = Result{Status: status}
		w.pass(3 * time.Second)
		forgetChanged(w.e, found, id, name)
		if it := itemOf(w.e, id); it == nil || found[id] != it || it.entry.State != want {
			t.Errorf("%d: %+v, %+v", status, found[id], it)
		}
		it := itemOf(w.e, id)
		it.busy = true
		if forgetChanged(w.e, found, id, name); found[id] != nil || itemOf(w.e, id) != it {
			t.Errorf("%d: %+v, as it is being tried", status, found[id])
		}
	}
}

// An engine that ends gives the store to the next one once all is there that somebody is about
// to be told of.
func TestEndWaitsForWhatIsKept(t *testing.T) {
	w := newWorld(t)
	w.e.timer = time.NewTimer(time.Hour)
	w.e.ready = make(chan bool) // as a disk that is slow
	kept := make(chan string, 1)
	go func() {
		_, problem := Keep(w.e, &store.Delivery{ID: store.NewID(), Received: time.Now(), Router: "a", Method: "POST", RequestURI: "/", URL: "/"}, 1, 1, 0)
		kept <- problem
	}()
	waitFor(t, "nothing is written", func() bool {
		w.e.mu.Lock()
		defer w.e.mu.Unlock()
		return w.e.writing == 1
	})
	Close(w.e)
	failures, lastSign := 0, time.Now()
	if _, over := turn(w.e, &failures, &lastSign); over {
		t.Error("it has ended")
	}
	close(w.e.ready)
	if problem := <-kept; problem != "" {
		t.Fatal(problem)
	}
	if _, over := turn(w.e, &failures, &lastSign); !over || len(w.files(store.Waiting)) != 1 {
		t.Errorf("%v, %v", over, w.files(store.Waiting))
	}
}
