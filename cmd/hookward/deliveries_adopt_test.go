package main

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// A middleware that was renamed has its deliveries back: whole, in the state in which they
// were, with their ids and attempts, and what was encrypted stays so.
func TestDeliveriesAdopt(t *testing.T) {
	k := newKept(t)
	t.Setenv("STORE_KEY", base64.StdEncoding.EncodeToString([]byte(storeSecret)))
	key, _ := store.NewKey([]byte(storeSecret))
	heir := store.New(store.DirectoryOf(k.directory, "new@file"), "new@file", []*store.Key{key})
	if err := store.Create(heir); err != nil {
		t.Fatal(err)
	}
	adopt := func(arguments string) (int, string, string) {
		return k.run(append([]string{"adopt", "--to", "new@file", "--reason", "renamed"}, strings.Fields(arguments)...)...)
	}
	if status, stdout, _ := adopt("--middleware hooks --preview"); status != exitGood || !strings.Contains(stdout, " would be adopted\n3 of 3\n") || k.state("dead") == "" {
		t.Error(status, stdout)
	}
	for _, c := range []struct {
		arguments string
		status    int
		stdout    string
		stderr    string
	}{
		{"--middleware sealed", exitBroken, "0 of 1", "is encrypted with a key that is not among"},
		{"--middleware broken", exitBroken, "0 of 1", "its file is undecodable"},
		{"--middleware hooks", exitGood, "3 of 3", ""},
		{"--middleware hooks", exitBroken, "0 of 0", ""},
		{"--middleware sealed --encryption-key env:STORE_KEY", exitGood, "1 of 1", ""},
	} {
		status, stdout, stderr := adopt(c.arguments)
		if status != c.status || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || (stderr == "") != (c.stderr == "") {
			t.Errorf("%s: %d %s%s", c.arguments, status, stdout, stderr)
		}
	}
	for name, want := range map[string]store.Entry{
		"waiting": {State: store.Waiting}, "dead": {State: store.Dead, Reason: "attempts_exhausted"}, "rejected": {State: store.Dead, Reason: "rejected"}, "encrypted": {State: store.Dead, Reason: "attempts_exhausted"},
	} {
		e := store.Find(heir, k.ids[name])
		if e == nil || e.State != want.State || e.Reason != want.Reason || e.Attempts != 4 || e.Step != 4 {
			t.Fatalf("%s: %+v", name, e)
		}
		d, problem := store.Load(heir, e)
		if problem != "" || d.Middleware != "new@file" || d.Router != "hooks@file" || d.Host != "hooks.example.com" || len(store.Attempts(heir, e.ID)) != 1 {
			t.Errorf("%s: %s %+v", name, problem, d)
		}
		for _, old := range []string{"hooks@file", "sealed@file"} {
			if store.Find(k.stores[old], e.ID) != nil {
				t.Errorf("%s is there twice", name)
			}
		}
	}
	files, _ := filepath.Glob(filepath.Join(heir.Directory, "dead", "?", k.ids["encrypted"]+"*"))
	content, err := os.ReadFile(files[0])
	if err != nil || strings.Contains(string(content), "sealed payload") {
		t.Error("it is in clear", err)
	}
	_, stdout, _ := k.run("show", "waiting:")
	if !strings.Contains(stdout, "\n  adopt from hooks@file at ") || !strings.Contains(stdout, "payload of waiting") {
		t.Error(stdout)
	}
}

// The same deliveries go through another router; and what was adopted by half, because the
// command was killed, is adopted whole.
func TestDeliveriesAdoptAgain(t *testing.T) {
	k := newKept(t)
	hooks := k.stores["hooks@file"]
	before, _ := store.Load(hooks, store.Find(hooks, k.ids["dead"]))
	if status, stdout, stderr := k.run("adopt", "--middleware", "hooks", "--to", "hooks@file", "--router", "new@file", "--reason", "x", "d-2"); status != exitGood || !strings.Contains(stdout, "1 of 1") {
		t.Fatal(status, stdout, stderr)
	}
	n := 0
	_, _ = store.List(hooks, store.Dead, func(e *store.Entry) bool {
		if e.ID == k.ids["dead"] {
			n++
		}
		return true
	})
	after, problem := store.Load(hooks, store.Find(hooks, k.ids["dead"]))
	if n != 1 || problem != "" || after.Router != "new@file" {
		t.Fatalf("%d %s %+v", n, problem, after)
	}
	before.Router = "new@file"
	if !reflect.DeepEqual(before, after) {
		t.Errorf("%+v\n%+v", before, after)
	}
	other := k.stores["other@docker"]
	half := *store.Find(hooks, k.ids["waiting"])
	d, _ := store.Load(hooks, &half)
	half.Attempts++ // it was tried there meanwhile
	if err := store.Put(other, d, &half); err != nil {
		t.Fatal(err)
	}
	if status, stdout, stderr := k.run("adopt", "--middleware", "hooks", "--to", "other@docker", "--reason", "x", "waiting:"); status != exitGood {
		t.Fatal(status, stdout, stderr)
	}
	n = 0
	_, _ = store.List(other, store.Waiting, func(_ *store.Entry) bool { n++; return true })
	if found := store.Find(other, k.ids["waiting"]); store.Find(hooks, k.ids["waiting"]) != nil || n != 1 || found.Attempts != 5 {
		t.Errorf("%d are there, %+v", n, found)
	}
}

// Neither the one nor the other store is changed while somebody works on it, or where it is
// another user's.
func TestDeliveriesAdoptInUse(t *testing.T) {
	k := newKept(t)
	s := k.stores["other@docker"]
	owner := store.NewOwner()
	store.Own(s, owner, time.Now())
	stop := make(chan bool)
	stopped := make(chan bool)
	go func() {
		for {
			select {
			case <-stop:
				close(stopped)
				return
			case <-time.After(store.Heartbeat / 4):
				store.Own(s, owner, time.Now())
			}
		}
	}()
	status, _, stderr := k.run("adopt", "--middleware", "hooks", "--to", "other@docker", "--reason", "x")
	if status != exitUsage || !strings.Contains(stderr, "works on the deliveries of other@docker: nothing is changed") || store.Find(k.stores["hooks@file"], k.ids["dead"]) == nil {
		t.Error(status, stderr)
	}
	close(stop)
	<-stopped
	if os.Getuid() != 0 {
		t.Skip("the rest needs a root, who may give files away")
	}
	if err := os.Chown(k.stores["hooks@file"].Directory, 12345, 0); err != nil {
		t.Fatal(err)
	}
	status, _, stderr = k.run("drop", "dead:", "--reason", "x")
	if status != exitUsage || !strings.Contains(stderr, "is of user 12345, and this is user 0: run it as Traefik's user, such as with sudo -u '#12345'") || k.state("dead") == "" {
		t.Error(status, stderr)
	}
}
