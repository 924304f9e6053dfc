package e2e

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
)

// Two gates that both keep, and one that stands on the entry point's and the router's way:
// a delivery is stored by one of them, and has one id.
func TestDeliveryOfTwoGates(t *testing.T) {
	s := start(t, script(), []gate{{name: "outer", options: kept(t, "")}, {name: "inner", options: kept(t, "")}, {name: "accept", options: kept(t, ", mode: accept")}}, gateway.Settings{})
	s.routes(t, "    twice: {chain: {middlewares: [\"outer@file\"]}}\n", "", map[string]string{
		"both": `"outer@file", "inner@file"`, "same": `"outer@file", twice`, "accepted": `"outer@file", "accept@file"`,
	})
	unsteadily(t)
	for n, name := range []string{"both", "same", "accepted"} {
		body := large(n)
		a := s.post(t, name, body, signed(secret, body), "X-Answers: 503 500 200")
		if a.StatusCode != http.StatusAccepted {
			t.Errorf("%s: %s", name, a.Status)
		}
		id := ""
		testkit.Await(t, name+" is delivered", func() bool {
			for _, r := range s.transitions(t) {
				if r.Action == "delivered" && r.Router == name+"@file" {
					id = r.Kept
				}
			}
			return id != ""
		})
		got := s.backend.at(a.path)
		if len(got) != 3 {
			t.Errorf("%s: %d arrivals", name, len(got))
		}
		for i, one := range got {
			if string(one.body) != body || one.Header.Get("X-Hookward-Id") != id || one.Header.Get("X-Hookward-Attempt") != fmt.Sprint(i+1) {
				t.Errorf("%s: arrival %d of %s has %v", name, i+1, id, one.Header)
			}
		}
		stored := map[string]bool{}
		for _, r := range s.records(t, a.path) {
			if r.KeptState == "stored" {
				stored[r.Kept] = true
			}
		}
		if len(stored) != 1 {
			t.Errorf("%s: stored as %v", name, stored)
		}
	}
	s.paths = nil // a request has left a record at each gate
}

// Traefik's other proxy answers as the usual one does. But it does not hear that an attempt
// has taken too long, and at times never ends one whose connection is reset: v3.6.12. Check
// warns of that.
func TestDeliveryByFastProxy(t *testing.T) {
	s := start(t, script(), []gate{{name: "kept", options: kept(t, ", timeout: 5s")}, {name: "accept", options: kept(t, ", mode: accept, timeout: 5s")}},
		gateway.Settings{Static: "  fastProxy: {}\n"}) // the template's last section is experimental
	for n, answers := range []string{"503 200", "502 500 204", "429 201"} {
		for _, name := range []string{"kept", "accept"} {
			body := large(10*n + len(name))
			a := s.post(t, name, body, signed(secret, body), "X-Answers: "+answers)
			id := s.stored(t, a)
			s.ends(t, id, "delivered")
			want := len(strings.Fields(answers))
			sameBytes(t, s.arrives(t, a.path, want), id, body, want)
		}
	}
	for n, answer := range []string{"200", "404", "302"} {
		body := large(100 + n)
		if a := s.post(t, "kept", body, signed(secret, body), "X-Answers: "+answer); fmt.Sprint(a.StatusCode) != answer || string(a.body) != "the backend's" {
			t.Errorf("%s: %s %q", answer, a.Status, a.body)
		}
	}
}

// What a gate merely observes is never stored, and what it verifies is. Where records are
// required, and can't be written down, no attempt is made.
func TestDeliveryObservedAndRequired(t *testing.T) {
	log := filepath.Join(t.TempDir(), "records", "audit.log")
	if err := os.Mkdir(filepath.Dir(log), 0o700); err != nil {
		t.Fatal(err)
	}
	observing := kept(t, "")
	s := start(t, script(), []gate{
		{name: "observing", options: "{observeOnly: true, " + observing[1:]},
		{name: "required", options: "{audit: {required: true, outputs: [{type: file, path: " + log + "}]}, " + kept(t, "")[1:]},
	}, gateway.Settings{})
	a := s.post(t, "observing", hello, signed("another", hello), "X-Answers: 503", "X-Hookward-Id: mine")
	if r := s.record(t, a.path); a.StatusCode != http.StatusServiceUnavailable || r.Kept != "" || r.KeptState != "" || s.backend.at(a.path)[0].Header.Get("X-Hookward-Id") != "" {
		t.Errorf("%s %+v", a.Status, r)
	}
	a = s.post(t, "observing", hello, helloSignature, "X-Answers: 503 200")
	s.ends(t, s.stored(t, a), "delivered")

	a = s.post(t, "required", hello, helloSignature, "X-Answers: 503 500 200")
	if a.StatusCode != http.StatusAccepted {
		t.Fatal(a.Status)
	}
	testkit.Await(t, "its records are in the file", func() bool {
		content, _ := os.ReadFile(log)
		text := string(content)
		return strings.Contains(text, `"hookward.delivery.state":"stored"`) && strings.Contains(text, `"event.action":"failed"`) && strings.Contains(text, `"event.action":"delivered"`)
	})
	s.paths = nil // that gate's records are in the file
}

// Both forms work on one store, one after the other: what one has written, the other reads,
// in clear and encrypted, waiting and dead.
func TestDeliveryOfBothForms(t *testing.T) {
	unsteadily(t)
	ctx := t.Context()
	m := &mended{}
	backend := httptest.NewServer(m)
	t.Cleanup(backend.Close)
	state := filepath.Join(t.TempDir(), "state")
	config := func(encrypted bool) string {
		text := strings.Replace(keptAs("kept", state, backend.URL), "[20ms, 20ms]", "[1h, 1h]", 1)
		if !encrypted {
			text = strings.Replace(text, `, store: {encryptionKeys: ["env:STORE"]}`, "", 1)
		}
		return text
	}
	settings := gateway.Settings{Env: []string{"GH=" + secret, "STORE=" + storeKey}}
	version, err := gateway.VersionOf(ctx, binary)
	if err != nil {
		t.Fatal(err)
	}
	version, _, _ = strings.Cut(version, "+")
	begin := func(form gateway.Form, encrypted bool) *gateway.Gateway {
		settings.Form = form
		other, err := gateway.BuildVersion(ctx, version, form, os.Stderr)
		if err != nil {
			t.Fatal(err)
		}
		g, err := gateway.Start(ctx, other, config(encrypted), settings)
		if err != nil {
			t.Fatal(err)
		}
		return g
	}
	forms := []gateway.Form{gateway.Interpreted, gateway.Compiled, gateway.Interpreted}
	want := []string{}
	for n, form := range forms {
		g := begin(form, n > 0)
		body := fmt.Sprint("stored by the form ", form, n)
		sendKept(t, g, body)
		want = append(want, body)
		sendKept(t, g, body) // which is stored already, be it by the other one
		for _, before := range want {
			sendKept(t, g, before)
		}
		g.Stop()
	}
	if n, _ := storedFiles(t, state); n != len(want) {
		t.Fatalf("%d files", n)
	}
	for _, form := range forms[1:] {
		m.well.Store(true)
		files, _ := filepath.Glob(filepath.Join(state, "delivery-*", "waiting", "?", "*"))
		for _, file := range files { // all are due
			if err := os.Rename(file, file[:strings.LastIndex(file, ".")]+".0"); err != nil {
				t.Fatal(err)
			}
		}
		g := begin(form, true)
		await(t, "all have arrived by the form "+string(form), func() bool { return waitingFiles(state) == 0 })
		for _, body := range want {
			if n := strings.Count(m.seen(), body); n != 1 {
				t.Errorf("%q arrived %d times: %s", body, n, m.seen())
			}
		}
		m.well.Store(false)
		want = []string{"one more, by " + string(form)}
		sendKept(t, g, want[0])
		g.Stop()
	}
}

// One delivery comes to two Traefiks at the same moment, which share their claims, while the
// backend is down: one of them stores it.
func TestDeliveryAtTwoTraefiks(t *testing.T) {
	unsteadily(t)
	server := stores.Redis(t)
	p := &pair{}
	for i := range p.sites {
		options := strings.Replace(strings.Replace(kept(t, ""), "300ms, 300ms, 300ms", "1h", 1), "replay: true", `redis: {endpoints: "`+server.Address+`", readTimeout: 5s}, replay: {required: true}`, 1)
		p.sites[i] = start(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) },
			[]gate{{name: "kept", options: options}}, gateway.Settings{Form: [...]gateway.Form{"", gateway.Interpreted}[i]})
	}
	for n := range 20 {
		body := fmt.Sprint("to both ", n)
		var both sync.WaitGroup
		stored := [2]bool{}
		for i, s := range p.sites {
			both.Go(func() {
				for {
					r := s.request("kept", body, signed(secret, body))
					response, err := s.client.Do(r)
					if err != nil {
						t.Error(err)
						return
					}
					_ = response.Body.Close()
					if response.StatusCode != http.StatusConflict { // the other one asks the backend
						record := s.record(t, r.URL.Path)
						stored[i] = record.KeptState == "stored"
						if response.StatusCode >= http.StatusMultipleChoices {
							t.Errorf("%s %+v", response.Status, record)
						}
						return
					}
					time.Sleep(20 * time.Millisecond)
				}
			})
		}
		both.Wait()
		if stored[0] == stored[1] {
			t.Errorf("%q is stored by %v", body, stored)
		}
	}
}
