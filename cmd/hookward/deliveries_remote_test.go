package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/hookward/hookward/cmd/hookward/internal/deliveries"
)

// fakeConsole answers as a console does, and notes what it is asked.
type fakeConsole struct {
	mu     sync.Mutex
	asked  []string
	orders int // how often an order was looked at
	status int // that it refuses everything with; 0 does not
}

func (f *fakeConsole) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	f.asked = append(f.asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(body)))
	const row = `{"id":"019ad2c4f0e87c1e5d0f10000001","gate":"hooks@file","state":"dead","reason":"rejected","event":"pu\u001bsh","deliveryID":"d-1","received":"2026-11-30T12:00:00.5Z","attempts":4,"bytes":9}`
	switch {
	case f.status != 0:
		rw.Header().Set("Location", "http://"+r.Host+"/elsewhere")
		rw.WriteHeader(f.status)
		fmt.Fprint(rw, "because\x1b[31m")
	case r.Header.Get("Authorization") != "Bearer the-token-of-operators":
		rw.WriteHeader(http.StatusUnauthorized)
	case r.URL.Path == "/console/api/kept" && r.URL.Query().Get("after") == "" && r.URL.Query().Get("limit") == "1000":
		fmt.Fprint(rw, `{"gates":["hooks@file","other@docker"],"deliveries":[`+row+`],"after":"019~hooks@file"}`)
	case r.URL.Path == "/console/api/kept":
		fmt.Fprint(rw, `{"gates":["hooks@file","other@docker"],"deliveries":[],"after":""}`)
	case strings.HasPrefix(r.URL.Path, "/console/api/kept/019ad2c4"):
		fmt.Fprint(rw, `{"role":"reader","delivery":`+row+`,"attempts":[{"number":4,"status":404,"time":"2026-11-30T12:00:01Z","duration":1000000,"outcome":"rejected"}],"actions":[],"headers":["User-Agent","test"],"content":{"http.request.body.content":"the payload"}}`)
	case r.Method == http.MethodPost && r.Header.Get("X-Hookward-Action") == strings.TrimPrefix(r.URL.Path, "/console/api/"):
		f.answer(rw, body, row)
	case r.URL.Path == "/console/api/orders":
		f.orders++
		ended := ""
		if f.orders > 1 {
			ended = "2026-11-30T12:00:02Z"
		}
		fmt.Fprintf(rw, `{"orders":[{"number":7,"total":3,"done":%d,"left":1,"reasons":[{"id":"x","why":"waits already"}],"began":"b","ended":%q}]}`, f.orders, ended)
	default:
		http.NotFound(rw, r)
	}
}

func (f *fakeConsole) answer(rw http.ResponseWriter, body []byte, row string) {
	order := struct {
		Preview bool
		IDs     []string
	}{}
	_ = json.Unmarshal(body, &order)
	switch {
	case order.Preview:
		fmt.Fprint(rw, `{"matched":3,"first":[`+row+`],"missing":[]}`)
	case len(order.IDs) == 1 && order.IDs[0] == "gone":
		fmt.Fprint(rw, `{"matched":0,"first":[],"missing":[{"id":"gone","why":"was delivered at noon"}]}`)
	default:
		fmt.Fprint(rw, `{"matched":3,"first":[],"missing":[],"order":{"number":7,"total":3,"began":"b"}}`)
	}
}

// What a Traefik does that runs, the command asks its console for, and says what came of it.
func TestDeliveriesRemote(t *testing.T) {
	f := &fakeConsole{}
	server := httptest.NewServer(f)
	defer server.Close()
	t.Setenv("CONSOLE", "the-token-of-operators")
	t.Setenv("WRONG", "another-token")
	t.Setenv("SUDO_USER", "ada")
	own := "--url " + server.URL + "/console/ --token env:CONSOLE "
	for _, c := range []struct {
		arguments      string
		status         int
		stdout, stderr string
		asked          string
	}{
		{"list --url " + server.URL, exitUsage, "", "--token: is required", ""},
		{"list --directory /nowhere --token env:CONSOLE", exitUsage, "", "--token: is for --url", ""},
		{"list --directory /nowhere " + own, exitUsage, "", "give one", ""},
		{"list --url http://console.example.com --token env:CONSOLE", exitUsage, "", "must be https", ""},
		{"list --url ftp://x --token env:CONSOLE", exitUsage, "", "must be the console's address", ""},
		{"list --url https://user@x --token env:CONSOLE", exitUsage, "", "must be the console's address", ""},
		{"list --token the-token --url " + server.URL, exitUsage, "", "--token: ", ""},
		{"export --state dead " + own, exitUsage, "", "export needs --directory", ""},
		{"adopt --middleware a --to b --reason x " + own, exitUsage, "", "adopt needs --directory", ""},
		{"replay --state dead --reason x 019 --middleware hooks " + own, exitUsage, "", "and not both", ""},
		{"replay --middleware hooks " + own, exitUsage, "", "--reason: is required", ""},
		{"show --middleware hooks " + own, exitUsage, "", "show takes ids", ""},
		{"list --url " + server.URL + "/console --token env:WRONG", exitUsage, "", "401: the console does not know this token", ""},
		{"replay --state dead --reason x " + own, exitUsage, "", "--middleware: is required, as there are several: hooks@file, other@docker", ""},
		{"drop --state dead --reason x --middleware none " + own, exitUsage, "", "no gate of that name", ""},
		{"list --state dead " + own, exitBroken, "pu�sh  dead, rejected  4 ", "", "after=019~hooks%40file|state=dead"},
		{"list --middleware hooks --state waiting --since 2026-11-30T12:00:00Z " + own, exitGood, "019ad2c4f0e87c1e5d0f10000001", "", "gate=hooks%40file|from=2026-11-30T12%3A00%3A00Z|state=waiting"},
		{"show 019ad2c4f0e87c1e5d0f10000001 " + own, exitGood, "attempt 4 at 2026-11-30T12:00:01Z: 404, rejected after 0.001 s", "", "payload=1"},
		{"show nobody " + own, exitBroken, "", "nobody is not stored there", ""},
		{"replay --preview --middleware hooks --state dead " + own, exitGood, "019ad2c4f0e87c1e5d0f10000001 would be tried again\nand 2 more\n3 of 3\n", "", `{"gate":"hooks@file","filter":{"state":"dead"},"preview":true,"by":"ada"}`},
		{"replay --middleware hooks --event push --reason back --rate 5/s --force " + own, exitBroken, "2 of 3\n", "x waits already\n", `"filter":{"state":"dead","event":"push"},"reason":"back","rate":"5/s","force":true,"by":"ada"}`},
		{"drop gone --middleware hooks --reason back " + own, exitBroken, "0 of 1\n", "gone was delivered at noon\n", `{"gate":"hooks@file","ids":["gone"],"reason":"back","by":"ada"}`},
	} {
		f.mu.Lock()
		f.asked = nil
		f.orders = 0
		f.mu.Unlock()
		out, errors := &strings.Builder{}, &strings.Builder{}
		status := run(append([]string{"deliveries"}, strings.Fields(c.arguments)...), streams{strings.NewReader(""), out, errors})
		if status != c.status || !strings.Contains(out.String(), c.stdout) || !strings.Contains(errors.String(), c.stderr) || (errors.Len() == 0) != (c.stderr == "") {
			t.Errorf("%s: %d\n%s%s", c.arguments, status, out, errors)
		}
		if strings.Contains(out.String()+errors.String(), "the-token-of-operators") || strings.Contains(out.String()+errors.String(), "\x1b") {
			t.Errorf("%s: %s%s", c.arguments, out, errors)
		}
		for _, part := range strings.Split(c.asked, "|") {
			if !strings.Contains(strings.Join(f.asked, "\n"), part) {
				t.Errorf("%s: %q was not asked for in %q", c.arguments, part, f.asked)
			}
		}
	}
	for _, refusal := range []int{302, 403, 404, 409, 421, 429, 500, 503} {
		f.status = refusal
		f.asked = nil
		out, errors := &strings.Builder{}, &strings.Builder{}
		status := run(append([]string{"deliveries", "list"}, strings.Fields(own)...), streams{strings.NewReader(""), out, errors})
		if status != exitUsage || !strings.Contains(errors.String(), fmt.Sprint(refusal, ": ")) || strings.Contains(errors.String(), "\x1b") || len(f.asked) != 1 {
			t.Errorf("%d: %d %s%s %q", refusal, status, out, errors, f.asked)
		}
	}
}

// Whatever a console says, a terminal acts upon none of it.
func TestRemoteIsPrintable(t *testing.T) {
	const evil = "\x1b[2J\u009b2J\u202e\n"
	w := &deliveries.RemoteWhole{
		Delivery: deliveries.RemoteRow{ID: evil, Gate: evil, State: evil, Reason: evil, Router: evil, Provider: evil, Event: evil, DeliveryID: evil, Method: evil, Path: evil, Received: evil, Due: evil, Died: evil, Arrived: evil, Problem: evil},
		Host:     evil, Headers: []string{evil, evil}, Content: map[string]string{"http.request.body.content": evil, "hookward.body.base64": evil},
		Actions: []struct{ Time, Action, Actor, Reason, Error string }{{evil, evil, evil, evil, evil}},
	}
	err := json.Unmarshal([]byte(`{"attempts":[{"time":"\u001b[2J","outcome":"\u001b[2J"}]}`), w)
	if err != nil {
		t.Fatal(err)
	}
	r := remoteWhole(w)
	for name, text := range map[string]string{"show": r.describe(io.Discard), "list": keptTable([]*keptReport{r}, io.Discard)} {
		if hasControl(text, "\n") || strings.Contains(text, "\u202e") {
			t.Errorf("%s: %q", name, text)
		}
	}
}
