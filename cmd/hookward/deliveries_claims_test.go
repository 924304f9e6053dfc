package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/claim"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/store"
)

// handOn writes down that what has a claim was handed on at a time, or, if that is zero, that the
// claim was given back.
func (k *kept) handOn(t *testing.T, middleware, key string, at time.Time) {
	t.Helper()
	table := claim.New(1000*time.Hour, 100, func(_, message string) { t.Error(message) })
	claim.Open(table, memory.FileOf(k.directory, "replay-", middleware), time.Now().UnixNano())
	claim.Claim(table, key, time.Now(), true)
	claim.Commit(table, key, at.UnixNano())
	if at.IsZero() {
		claim.Forget(table, key)
		claim.Claim(table, "next", time.Now(), true)
		claim.Commit(table, "next", time.Now().UnixNano()) // which waits for the file
	}
	claim.Close(table)
}

// What its sender has sent again is not replayed beside that: not while it waits, nor once it has
// arrived. An hour after it was received, each of these died.
func TestDeliveriesReplayOfRepeats(t *testing.T) {
	k := &kept{directory: t.TempDir(), ids: map[string]string{}, stores: map[string]*store.Store{}}
	of := func(key string) store.Delivery { return store.Delivery{DeliveryID: key, Claim: key} }
	dies := received.Add(time.Hour)
	for name, key := range map[string]string{"stored": "a", "arrived": "b", "own": "c", "free": "d", "twice": "e", "twice again": "e", "elsewhere": "f", "none": ""} {
		k.keep(t, name, "hooks@file", "too_old", received, of(key))
	}
	k.keep(t, "repeat", "hooks@file", "", received, of("a"))
	k.keep(t, "other", "other@file", "", received, of("f"))
	k.keep(t, "later", "hooks@file", "too_old", received.Add(2*time.Hour), of("g"))
	k.keep(t, "earlier", "hooks@file", "too_old", received, of("g"))
	k.handOn(t, "hooks@file", "b", dies.Add(time.Second))
	k.handOn(t, "hooks@file", "c", dies.Add(-time.Second)) // and was killed before it gave that back
	k.handOn(t, "hooks@file", "d", time.Time{})
	k.handOn(t, "hooks@file", "g", dies.Add(time.Minute)) // the later one's
	for _, arguments := range []string{"--preview", "--reason mended", "--force --reason mended"} {
		for _, c := range []struct{ names, done, left string }{
			{"stored:", "0 of 1", "was sent again by its sender, and that one waits"},
			{"arrived:", "0 of 1", "was sent again by its sender, and that one has arrived"},
			{"own: free: elsewhere: none: earlier:", "5 of 5", ""},
			{"e", "1 of 2", "was sent again by its sender, and that one waits"},
		} {
			if strings.HasPrefix(arguments, "--force") && c.left == "" {
				continue // they wait by now
			}
			if strings.HasPrefix(arguments, "--force") && c.done == "1 of 2" {
				c.done = "0 of 2"
			}
			status, stdout, stderr := k.run(append([]string{"replay"}, strings.Fields(c.names+" "+arguments)...)...)
			if want := map[bool]int{true: exitGood, false: exitBroken}[c.left == ""]; status != want || !strings.HasSuffix(stdout, c.done+"\n") || !strings.Contains(stderr, c.left) || (stderr == "") != (c.left == "") {
				t.Errorf("%s %s: %d %s%s", c.names, arguments, status, stdout, stderr)
			}
		}
	}
	for name, want := range map[string]string{"stored": store.Dead, "arrived": store.Dead, "own": store.Waiting, "free": store.Waiting, "elsewhere": store.Waiting, "earlier": store.Waiting, "later": store.Dead} {
		if got := k.state(name); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
	if k.state("twice") == k.state("twice again") {
		t.Errorf("both are %s", k.state("twice"))
	}
}

// What the backend has had is sent again where that is forced, though its claim is taken; and of
// two of one claim, only one at a time.
func TestDeliveriesForcedReplayOfClaims(t *testing.T) {
	k := &kept{directory: t.TempDir(), ids: map[string]string{}, stores: map[string]*store.Store{}}
	for _, name := range []string{"first", "second"} {
		k.keep(t, name, "hooks@file", "too_old", received, store.Delivery{DeliveryID: "d", Claim: "a"})
		e := store.Find(k.stores["hooks@file"], k.ids[name])
		if err := store.Move(k.stores["hooks@file"], e, store.Entry{State: store.Delivered, ID: e.ID, Attempts: 5, When: e.When}); err != nil {
			t.Fatal(err)
		}
	}
	k.handOn(t, "hooks@file", "a", received.Add(2*time.Hour))
	status, stdout, stderr := k.run("replay", "--state", "delivered", "--middleware", "hooks", "--force", "--reason", "restored")
	if status != exitBroken || !strings.HasSuffix(stdout, "1 of 2\n") || !strings.Contains(stderr, "and that one waits") {
		t.Error(status, stdout, stderr)
	}
}

// What waits is adopted only where the heir has not had it from the sender itself.
func TestDeliveriesAdoptOfRepeats(t *testing.T) {
	k := &kept{directory: t.TempDir(), ids: map[string]string{}, stores: map[string]*store.Store{}}
	for _, key := range []string{"a", "b", "c", "d"} {
		k.keep(t, key, "old@file", map[bool]string{true: "too_old"}[key == "d"], received, store.Delivery{DeliveryID: key, Claim: key})
	}
	k.keep(t, "repeat", "new@file", "", received, store.Delivery{Claim: "a"})
	k.handOn(t, "new@file", "b", received)
	k.handOn(t, "new@file", "d", received.Add(2*time.Hour))
	for _, key := range []string{"a", "c"} {
		k.handOn(t, "old@file", key, received) // by its own gate, when it was stored
	}
	for _, more := range []string{"--preview", "--reason=renamed"} {
		status, stdout, stderr := k.run("adopt", "--middleware", "old", "--to", "new@file", more)
		if status != exitBroken || !strings.HasSuffix(stdout, "2 of 4\n") || !strings.Contains(stderr, k.ids["a"]+" was sent again by its sender, and that one waits\n") || !strings.Contains(stderr, k.ids["b"]+" was sent again by its sender, and that one has arrived\n") {
			t.Error(more, status, stdout, stderr)
		}
	}
	for _, key := range []string{"a", "b", "c", "d"} {
		if is := store.Find(k.stores["new@file"], k.ids[key]) != nil; is != (key > "b") {
			t.Errorf("%s is adopted: %v", key, is)
		}
	}
	// Its own claim does not keep what waits from another router.
	if status, stdout, stderr := k.run("adopt", "--middleware", "old", "--to", "old@file", "--router", "r@file", "--reason", "renamed"); status != exitGood {
		t.Error(status, stdout, stderr)
	}
}

// A file of claims that is damaged is told of, and hinders nothing.
func TestDeliveriesReplayOfDamagedClaims(t *testing.T) {
	k := &kept{directory: t.TempDir(), ids: map[string]string{}, stores: map[string]*store.Store{}}
	k.keep(t, "dead", "hooks@file", "too_old", received, store.Delivery{Claim: "a"})
	path := memory.FileOf(k.directory, "replay-", "hooks@file")
	if err := os.WriteFile(path, []byte("rubbish\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := k.run("replay", "dead:", "--reason", "mended")
	if status != exitGood || !strings.HasSuffix(stdout, "1 of 1\n") || !strings.Contains(stderr, "file "+path+" has 1 lines that are damaged") {
		t.Error(status, stdout, stderr)
	}
}
