package delivery

import (
	"io/fs"
	"math/rand"
	"os"
	"path/filepath"

	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/store"
)

// mayCrash has the process end here, if it is to: what the disk has at this moment is all
// that is left once the step is over.
func (w *world) mayCrash() {
	if w.fuse == 0 {
		return
	}
	w.fuse--
	if w.fuse > 0 {
		return
	}
	w.left = map[string][]byte{}
	err := filepath.WalkDir(w.directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		w.left[path] = content
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// crash starts a new process on what the end of the last one has left, if there was one.
func (w *world) crash() bool {
	w.fuse = 0
	if w.left == nil {
		return false
	}
	for _, state := range []string{store.Waiting, store.Dead, store.Delivered, "tmp"} {
		files, _ := filepath.Glob(filepath.Join(w.directory, state, "*", "*"))
		for _, file := range files {
			if os.Remove(file) != nil {
				w.t.Fatal("a file of after the crash can't be removed")
			}
		}
	}
	for path, content := range w.left {
		if os.WriteFile(path, content, 0o600) != nil {
			w.t.Fatal("a file of before the crash can't be written")
		}
	}
	w.left = nil
	w.reconcile()
	w.restart()
	return true
}

// reconcile takes over what the disk says: the end of a delivery may be there, or not yet.
// What it never may say is that one is gone which the backend has not taken.
func (w *world) reconcile() {
	onDisk := map[string]*store.Entry{}
	for _, state := range []string{store.Waiting, store.Dead, store.Delivered} {
		if _, err := store.List(w.e.store, state, func(e *store.Entry) bool { onDisk[e.ID] = e; return true }); err != nil {
			w.t.Fatal(err)
		}
	}
	for id, d := range w.kept {
		e := onDisk[id]
		w.planned[id] = 0
		before := w.ended[id]
		switch {
		case e != nil && e.State == store.Waiting:
			if before == Dead || before == Delivered { // an order to replay it was carried out
				w.replayed[id]++
			}
			delete(w.ended, id)
			w.attempts[id] = e.Attempts
		case e != nil && e.State == store.Delivered:
			w.ended[id] = Delivered
			w.attempts[id] = e.Attempts
		case e != nil:
			w.ended[id] = Dead
			w.attempts[id] = e.Attempts
		case before == Dead:
			w.ended[id] = Superseded // or it was dropped, or kept for its time
		case before == "" && w.dropping[id]:
			w.ended[id] = Dropped
		case before == "" && !w.taken[id]:
			w.t.Fatalf("%s is lost by a crash", id)
		case before == "":
			w.ended[id] = Delivered
		}
		if e != nil {
			w.had[id] = e.Arrived || e.State == store.Delivered
		}
		if d.Claim == "" {
			continue
		}
		w.released[d.Claim] = 0
		if !w.had[id] && (w.ended[id] == Superseded || w.ended[id] == Expired || w.ended[id] == Dropped) {
			w.released[d.Claim] = 1
		}
	}
}

// operate does to a dead delivery what the command does while no process runs.
func (w *world) operate(random *rand.Rand) string {
	ids := []string{}
	for id := range w.files(store.Dead) {
		ids = append(ids, id)
	}
	if len(ids) == 0 {
		return "nothing is dead"
	}
	id := ids[random.Intn(len(ids))]
	claim := w.kept[id].Claim
	what := "replay " + id
	if random.Intn(3) == 0 {
		what = "drop " + id
		if store.Remove(w.e.store, store.Find(w.e.store, id)) != nil {
			w.t.Fatal("it can't be dropped")
		}
		w.ended[id] = Dropped
	} else {
		w.replay(id)
		w.replayed[id]++
		delete(w.released, claim)
	}
	w.restart()
	for id := range w.kept {
		w.planned[id] = 0
	}
	return what
}

// note keeps in mind that the backend has taken a delivery.
func (w *world) note(id string, r Result) Result {
	if retry.Delivered(r.Status) {
		w.taken[id] = true
	}
	w.mayCrash()
	return r
}
