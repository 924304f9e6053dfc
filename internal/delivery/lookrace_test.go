package delivery

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/retry"
	"github.com/hookward/hookward/internal/store"
)

// Who looks at a delivery sees it as it was or as it is, and nothing in between, while it is
// tried again and again. The race detector says so.
func TestLookWhileTried(t *testing.T) {
	w := newWorld(t)
	store.Disown(w.e.store, w.e.owner)
	o := w.options
	o.Schedule = &retry.Schedule{Steps: make([]time.Duration, 20), On: []retry.Range{{From: 500, To: 599}}, MaxAge: time.Hour}
	e := New(store.New(w.directory, "m", nil), o, Hooks{
		Serves: func(_ string) bool { return true }, Try: func(_ *store.Delivery, _ int) Result { return Result{Status: 503} },
		Changed: func(_ *Change) {}, Claim: func(_ string) {}, Release: func(_ string) {}, Tell: func(_, _ string) {},
	})
	Start(e)
	waitFor(t, "it is not read", func() bool { return Count(e).Loaded })
	for i := 0; i < 4; i++ {
		k, problem := Keep(e, &store.Delivery{ID: store.NewID(), Received: time.Now(), Router: strconv.Itoa(i), Method: "POST", RequestURI: "/", URL: "/"}, 0, 0, 0)
		if problem != "" {
			t.Fatal(problem)
		}
		Begin(k)
	}
	waitFor(t, "it is not over", func() bool {
		found, _ := Look(e, &Filter{}, "", 10)
		for _, one := range found {
			if one.Entry.State != store.Waiting && one.Entry.State != store.Dead || one.Entry.State == store.Waiting && one.Entry.Reason != "" {
				t.Errorf("%+v", one.Entry)
			}
		}
		return Count(e).Dead == 4
	})
	Close(e)
	waitFor(t, "the store is not given back", func() bool {
		_, err := os.Stat(filepath.Join(w.directory, "lock"))
		return err != nil
	})
}
