package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// Payloads are printed by show and export alone, and secrets by nothing.
func TestDeliveriesShow(t *testing.T) {
	k := newKept(t)
	t.Setenv("STORE_KEY", base64.StdEncoding.EncodeToString([]byte(storeSecret)))
	for _, arguments := range [][]string{{"list"}, {"list", "--json"}, {"replay", "--preview", "--state", "dead"}, {"drop", "--preview", "--state", "dead", "--json"}} {
		_, stdout, stderr := k.run(append(arguments, "--encryption-key", "env:STORE_KEY")...)
		if strings.Contains(stdout+stderr, "payload") || strings.Contains(stdout+stderr, "hush") || !strings.Contains(stdout, k.ids["dead"]) {
			t.Errorf("%v: %s%s", arguments, stdout, stderr)
		}
	}
	status, stdout, stderr := k.run("show", "d-2")
	for _, want := range []string{
		k.ids["dead"] + "\nState:       dead, attempts_exhausted\n", "Sender's id: d-2\n", "  attempt 4 at 2026-11-30T12:01:00Z: 503, failed after 1.000 s\n",
		"POST /in?access_token=[REDACTED]&a=1\nHost: hooks.example.com\n", "Authorization: [REDACTED]\n", "X-Hub-Signature-256: sha256=00\nX-Two: 1\nX-Two: 2\n", "payload of dead\uFFFD[31m\n",
	} {
		if !strings.Contains(stdout, want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
	if status != exitGood || stderr != "" || strings.Contains(stdout, "hush") {
		t.Error(status, stderr)
	}
	status, stdout, stderr = k.run("export", "--state", "dead", "--encryption-key", "env:STORE_KEY")
	if status != exitBroken || stderr != k.ids["damaged"]+" can't be read: it is undecodable\n" || strings.Contains(stdout, "hush") || strings.Contains(stdout, "\x1b") {
		t.Error(status, stderr, stdout)
	}
	bodies := map[string]string{}
	for _, line := range strings.Split(strings.TrimSpace(stdout), "\n") {
		r := keptReport{wholeReport: &wholeReport{}}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		bodies[r.ID] = r.Body + r.BodyBase64
	}
	for name, want := range map[string]string{"dead": "payload of dead\x1b[31m", "rejected": "AP8=", "encrypted": "sealed payload", "arrived": "", "damaged": ""} {
		if got, there := bodies[k.ids[name]]; got != want || !there {
			t.Errorf("%s: %q", name, got)
		}
	}
	status, stdout, stderr = k.run("show", "encrypted:", "0000000000000000000000000000")
	if status != exitBroken || strings.Contains(stdout, "sealed payload") || !strings.Contains(stderr, "it is unencryptable; give the key with --encryption-key") || !strings.Contains(stderr, "0000 is not in this directory") {
		t.Error(status, stdout, stderr)
	}
}

// A dead delivery waits again, with its id, its attempts and its bytes, and from the start of
// its schedule; what must not be sent again, is not.
func TestDeliveriesReplay(t *testing.T) {
	k := newKept(t)
	before, _ := store.Load(k.stores["hooks@file"], store.Find(k.stores["hooks@file"], k.ids["dead"]))
	for _, c := range []struct {
		arguments string
		status    int
		stdout    string
		stderr    string
	}{
		{"waiting:", exitBroken, "0 of 1", "waits already"},
		{"damaged:", exitBroken, "0 of 1", "its file is undecodable"},
		{"encrypted:", exitBroken, "0 of 1", "is encrypted with a key"},
		{"arrived:", exitBroken, "0 of 1", "has been delivered once; --force"},
		{"--middleware hooks --event none", exitBroken, "0 of 0", ""},
		{"dead: --preview", exitGood, k.ids["dead"] + " would be tried again\n1 of 1", ""},
		{"--middleware hooks --rate 1/m", exitGood, "2 of 2", ""},
		{"dead:", exitBroken, "0 of 1", "waits already"},
		{"arrived: --force", exitGood, k.ids["arrived"] + " is to be tried again\n1 of 1", ""},
	} {
		began := time.Now()
		status, stdout, stderr := k.run(append([]string{"replay", "--reason", "the database is back"}, strings.Fields(c.arguments)...)...)
		if status != c.status || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || (stderr == "") != (c.stderr == "") {
			t.Errorf("%s: %d %s%s", c.arguments, status, stdout, stderr)
		}
		if c.stdout != "2 of 2" {
			continue
		}
		first := store.Find(k.stores["hooks@file"], k.ids["dead"])
		second := store.Find(k.stores["hooks@file"], k.ids["rejected"])
		if first.State != store.Waiting || first.Attempts != 4 || first.Step != 0 || first.When < began.UnixMilli() || second.When-first.When != 60_000 {
			t.Errorf("%+v %+v", first, second)
		}
		after, problem := store.Load(k.stores["hooks@file"], first)
		if problem != "" || !bytes.Equal(after.Body, before.Body) || after.ID != before.ID {
			t.Errorf("%s %+v", problem, after)
		}
	}
	_, stdout, _ := k.run("show", "dead:")
	if !strings.Contains(stdout, "  replay at "+time.Now().UTC().Format("2006-01-02T")) || !strings.Contains(stdout, ": the database is back\n") {
		t.Errorf("no word of the replay:\n%s", stdout)
	}
	for name, want := range map[string]string{"waiting": store.Waiting, "dead": store.Waiting, "rejected": store.Waiting, "arrived": store.Waiting, "encrypted": store.Dead, "damaged": store.Dead} {
		if got := k.state(name); got != want {
			t.Errorf("%s is %s", name, got)
		}
	}
}

// What is dropped is gone for good, and who did it and why is known.
func TestDeliveriesDrop(t *testing.T) {
	k := newKept(t)
	t.Setenv("SUDO_USER", "ada")
	if status, stdout, stderr := k.run("drop", "--state", "dead", "--preview"); status != exitGood || !strings.Contains(stdout, "would be dropped\n5 of 5\n") || k.state("dead") != store.Dead {
		t.Error(status, stdout, stderr)
	}
	status, stdout, stderr := k.run("drop", "--middleware", "hooks", "--reason", "test data", "--json")
	report := changeReport{}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil || status != exitGood || stderr != "" || len(report.Done) != 2 || report.Preview || report.Action != "drop" {
		t.Error(status, stdout, stderr)
	}
	for name, want := range map[string]string{"waiting": store.Waiting, "dead": "", "rejected": "", "arrived": store.Dead} {
		if got := k.state(name); got != want {
			t.Errorf("%s is %q", name, got)
		}
	}
	status, _, stderr = k.run("show", "dead:", "arrived:")
	if status != exitBroken || !strings.Contains(stderr, k.ids["dead"]+" was dropped at ") || !strings.Contains(stderr, " by ada: test data\n") {
		t.Error(status, stderr)
	}
	for _, name := range []string{"waiting:", "damaged:", "encrypted:"} {
		if status, stdout, stderr := k.run("drop", name, "--reason", "not wanted"); status != exitGood || !strings.Contains(stdout, "1 of 1") {
			t.Error(status, stdout, stderr)
		}
	}
	if k.state("waiting")+k.state("damaged")+k.state("encrypted") != "" {
		t.Error("what was named is there")
	}
	if locks, _ := filepath.Glob(filepath.Join(k.directory, "*", "lock")); len(locks) > 0 {
		t.Errorf("left behind: %v", locks)
	}
}

// While somebody works on a store, nothing is changed in it, and all can be seen.
func TestDeliveriesInUse(t *testing.T) {
	k := newKept(t)
	s := k.stores["hooks@file"]
	owner := store.NewOwner()
	if !store.Own(s, owner, time.Now()) {
		t.Fatal("the store can't be had")
	}
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
	for _, action := range []string{"replay", "drop"} {
		status, stdout, stderr := k.run(action, "dead:", "arrived:", "--force="+fmt.Sprint(action == "replay"), "--reason", "x")
		if status != exitUsage || stdout != "" || !strings.Contains(stderr, "works on the deliveries of hooks@file: nothing is changed. Stop that Traefik, "+action+", and start it again") {
			t.Error(status, stdout, stderr)
		}
		if status, stdout, stderr := k.run(action, "dead:", "--preview"); status != exitGood {
			t.Error(status, stdout, stderr)
		}
	}
	if status, stdout, _ := k.run("show", "dead:"); status != exitGood || !strings.Contains(stdout, "payload of dead") || k.state("dead") != store.Dead || k.state("arrived") != store.Dead {
		t.Error(status, stdout)
	}
	close(stop)
	<-stopped
	store.Disown(s, owner)
	if status, stdout, stderr := k.run("replay", "dead:", "--reason", "x"); status != exitGood || k.state("dead") != store.Waiting {
		t.Error(status, stdout, stderr)
	}
}
