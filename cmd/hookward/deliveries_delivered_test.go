package main

import (
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/store"
)

// What was delivered and is kept is listed, shown, exported, dropped and adopted as all else,
// and replayed by force alone; so is what has died of that.
func TestDeliveriesDelivered(t *testing.T) {
	k := newKept(t)
	s := k.stores["hooks@file"]
	d := &store.Delivery{ID: store.NewID(), Received: received, Middleware: "hooks@file", DeliveryID: "d-9", EventType: "push", Method: "POST", RequestURI: "/in", URL: "/in", Host: "h", Headers: map[string][]string{}, Body: []byte("what was delivered")}
	if err := store.Put(s, d, &store.Entry{State: store.Delivered, Attempts: 1, Step: 1, When: received.UnixMilli()}); err != nil {
		t.Fatal(err)
	}
	k.ids["delivered"] = d.ID
	if status, stdout, stderr := k.run("list", "--state", "delivered"); status != exitGood || !strings.HasSuffix(stdout, "\n0 waiting, 0 dead, 1 delivered\n") || strings.Contains(stdout, "what was delivered") {
		t.Error(status, stdout, stderr)
	}
	if status, stdout, stderr := k.run("show", "d-9"); status != exitGood || !strings.Contains(stdout, "State:       delivered\n") || !strings.Contains(stdout, "Arrived:     2026-") || strings.Contains(stdout, "Due:") || !strings.Contains(stdout, "\nwhat was delivered\n") {
		t.Error(status, stdout, stderr)
	}
	if status, stdout, _ := k.run("export", "--state", "delivered"); status != exitGood || strings.Count(stdout, "\n") != 1 || !strings.Contains(stdout, `"body":"what was delivered"`) {
		t.Error(status, stdout)
	}
	// Nobody has meant it who names what is dead, or nothing.
	if _, stdout, _ := k.run("replay", "--middleware", "hooks", "--reason", "x", "--force", "--preview"); strings.Contains(stdout, d.ID) {
		t.Error(stdout)
	}
	if status, stdout, stderr := k.run("replay", "delivered:", "--reason", "x"); status != exitBroken || !strings.Contains(stderr, "has been delivered once; --force sends it all the same") || k.state("delivered") != store.Delivered {
		t.Error(status, stdout, stderr)
	}
	if status, stdout, stderr := k.run("replay", "--state", "delivered", "--force", "--reason", "x"); status != exitGood || !strings.HasSuffix(stdout, "1 of 1\n") {
		t.Error(status, stdout, stderr)
	}
	e := store.Find(s, d.ID)
	if e == nil || e.State != store.Waiting || !e.Arrived || e.Attempts != 1 || e.Step != 0 {
		t.Fatalf("%+v", e)
	}
	if err := store.Move(s, e, store.Entry{State: store.Dead, ID: e.ID, Attempts: 2, Reason: "rejected", When: received.UnixMilli()}); err != nil {
		t.Fatal(err)
	}
	if status, _, stderr := k.run("replay", "delivered:", "--reason", "x"); status != exitBroken || !strings.Contains(stderr, "has been delivered once") {
		t.Error(status, stderr)
	}
	if status, stdout, stderr := k.run("adopt", "--middleware", "hooks@file", "--to", "other@docker", "--reason", "renamed"); status != exitGood || !store.Find(k.stores["other@docker"], d.ID).Arrived {
		t.Error(status, stdout, stderr)
	}
	if status, _, stderr := k.run("drop", "delivered:", "--reason", "x"); status != exitGood || k.state("delivered") != "" {
		t.Error(status, stderr)
	}
}
