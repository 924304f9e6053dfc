package e2e

import (
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// A handshake is answered at once, whatever its method and whoever signs it, while the
// backend is down; nothing of it is stored, forwarded or tried, in either mode.
func TestDeliveryHandshakes(t *testing.T) {
	state := t.TempDir()
	handshakes := `handshakes: [{method: HEAD, unsigned: true}, {method: GET, when: "query:hub.mode=subscribe", unsigned: true, verifyTokenField: "query:token", challenge: "query:challenge", answer: "{challenge}"}, ` +
		`{when: "form:ssl_check=1", unsigned: true}, {when: "json:type=ping", challenge: "json:challenge", answer: "{challenge}"}], verifyToken: "env:VERIFY"`
	with := func(mode string) string {
		return fmt.Sprintf(`{provider: github, secrets: ["env:GH"], replay: true, %s, stateDirectory: %s, delivery: {mode: %s, retry: {schedule: [1h]}}}`, handshakes, filepath.Join(state, mode), mode)
	}
	s := start(t, func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusServiceUnavailable) },
		[]gate{{name: "sync", options: with("sync")}, {name: "accept", options: with("accept")}}, gateway.Settings{Env: []string{"VERIFY=a token of the subscriber"}})
	const subscribe = "?hub.mode=subscribe&challenge=4711&token="
	ping := `{"type":"ping","challenge":"4712"}`
	for _, mode := range []string{"sync", "accept"} {
		for _, c := range []struct {
			method, query, body, want string
			status                    int
			lines                     []string
		}{
			{method: http.MethodHead, status: http.StatusOK},
			{method: http.MethodGet, query: subscribe + "a%20token%20of%20the%20subscriber", status: http.StatusOK, want: "4711"},
			{method: http.MethodGet, query: subscribe + "another", status: http.StatusForbidden},
			{method: http.MethodGet, status: http.StatusMethodNotAllowed},
			{method: http.MethodPost, body: "ssl_check=1", status: http.StatusOK, lines: []string{"Content-Type: application/x-www-form-urlencoded"}},
			{method: http.MethodPost, body: ping, status: http.StatusOK, want: "4712", lines: []string{signed(secret, ping)}},
			{method: http.MethodPost, body: ping, status: http.StatusUnauthorized, lines: []string{signed("another", ping)}},
		} {
			r := s.request(mode, c.body, c.lines...)
			r.Method, r.URL.RawQuery = c.method, strings.TrimPrefix(c.query, "?")
			a := exchange(t, s.client, r)
			record := s.record(t, a.path)
			if a.StatusCode != c.status || c.want != "" && string(a.body) != c.want || a.Header.Get("X-Hookward-Id") != "" {
				t.Errorf("%s: %s %s%s: %s %q", mode, c.method, c.body, c.query, a.Status, a.body)
			}
			if reached := len(s.backend.at(a.path)); reached != 0 || record.Kept != "" || record.KeptState != "" {
				t.Errorf("%s: %s %s%s: at the backend %d times, %+v", mode, c.method, c.body, c.query, reached, record)
			}
		}
		// A delivery beside them is stored: the gate keeps what is no handshake.
		s.stored(t, s.post(t, mode, hello, helloSignature))
	}
	if n, ids := storedFiles(t, state); n != 0 {
		t.Fatalf("%d files right below %s: %v", n, state, ids)
	}
	for _, mode := range []string{"sync", "accept"} {
		if n, ids := storedFiles(t, filepath.Join(state, mode)); n != 1 {
			t.Errorf("%s: %d files, want the delivery's alone: %v", mode, n, ids)
		}
	}
}

// A gate whose configuration has got a mistake answers 503 and sends nothing, although
// deliveries wait that are due. Once the mistake is mended they arrive, with the ids and the
// number of attempts that they had.
func TestDeliveryOfBrokenGate(t *testing.T) {
	unsteadily(t)
	options := strings.Replace(kept(t, ""), "300ms, 300ms, 300ms", "2s, 2s, 2s", 1)
	mode := strings.Replace(options, "delivery: {", "delivery: {mode: accept, ", 1)
	down := true
	s := start(t, nil, nil, gateway.Settings{})
	backend := func() string {
		if down {
			return "http://127.0.0.1:1"
		}
		return ""
	}
	gates := func(change func(string) string) []gate {
		accepting := strings.Replace(mode, "/state", "/accept", 1)
		return []gate{{name: "sync", options: change(options), server: backend()}, {name: "accept", options: change(accepting), server: backend()}}
	}
	same := func(text string) string { return text }
	for _, c := range []struct{ name, old, broken, message string }{
		{"an option that there is not", "replay: true", "replay: true, mode: sync", "mode: is not an option"},
		{"a secret that is not there", `secrets: ["env:GH"]`, `secrets: ["env:NOT_THERE"]`, "environment variable NOT_THERE is not set"},
		{"a schedule that is none", "[2s, 2s, 2s]", "[2s, -2s]", "delivery.retry.schedule"},
		{"no directory", "stateDirectory: ", "serverDirectory: ", "delivery"},
	} {
		t.Run(c.name, func(t *testing.T) {
			down = true
			s.configure(t, "hooks", gates(same))
			paths, ids := []string{}, []string{}
			for n := range 3 {
				for _, name := range []string{"sync", "accept"} {
					body := fmt.Sprint(c.name, n)
					a := s.post(t, name, body, signed(secret, body))
					ids = append(ids, s.stored(t, a))
					paths = append(paths, a.path)
				}
			}
			down = false
			s.configure(t, "hooks", gates(func(text string) string { return strings.Replace(text, c.old, c.broken, 1) }))
			testkit.Await(t, "stderr says what is wrong", func() bool { return len(s.Stderr.Lines(c.message)) > 0 })
			for _, name := range []string{"sync", "accept"} {
				a := s.post(t, name, hello, helloSignature)
				s.refused(t, a, http.StatusServiceUnavailable, "config_invalid")
			}
			time.Sleep(3 * time.Second) // for attempts that must not be: all are due by now
			for _, path := range paths {
				if n := len(s.backend.at(path)); n != 0 {
					t.Errorf("%s was sent %d times by a gate that is broken", path, n)
				}
			}
			s.configure(t, "hooks", gates(same))
			for i, id := range ids {
				s.ends(t, id, "delivered")
				got := s.arrives(t, paths[i], 1)
				if len(got) != 1 || got[0].Header.Get("X-Hookward-Id") != id || got[0].Header.Get("X-Hookward-Attempt") > "5" {
					t.Errorf("%s: %d arrivals, %v", paths[i], len(got), got[0].Header)
				}
			}
		})
	}
}
