package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// routes puts routers with other middlewares beside those of the gates, and waits for the
// last of them.
func (s *site) routes(t *testing.T, middlewares, services string, chains map[string]string) {
	t.Helper()
	text := "http:\n  middlewares:\n" + middlewares + "  routers:\n"
	for name, chain := range chains {
		service := "backend@file"
		if strings.Contains(services, "late:") {
			service = "late"
		}
		text += fmt.Sprintf("    %[1]s: {rule: \"PathPrefix(`/%[1]s/`)\", service: %[2]q, middlewares: [%[3]s]}\n", name, service, chain)
	}
	if services != "" {
		text += "  services:\n" + services
	}
	if err := s.Configure("beside.yml", text); err != nil {
		t.Fatal(err)
	}
	for name := range chains {
		eventually(t, "the router "+name+" is there", func() bool {
			response, err := s.client.Get(s.URL + "/" + name + "/ready")
			return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusMethodNotAllowed
		})
	}
}

// large is a body that no buffer on the way holds in memory.
func large(n int) string { return fmt.Sprint(n, strings.Repeat(" and more \x00\xff", 20<<10)) }

// sameBytes checks that what has arrived are attempts of one delivery, from the first on,
// with its bytes.
func sameBytes(t *testing.T, got []*arrival, id, body string, want int) {
	t.Helper()
	if len(got) != want {
		t.Errorf("%d arrivals, want %d", len(got), want)
	}
	for n, one := range got {
		if one.err != nil || string(one.body) != body || one.Header.Get("X-Hookward-Id") != id || one.Header.Get("X-Hookward-Attempt") != fmt.Sprint(n+1) {
			t.Errorf("arrival %d: %d bytes of %d, %v %v", n+1, len(one.body), len(body), one.err, one.Header)
		}
	}
}

// Traefik's own retry stands before the gate, and behind it. Whatever it does, a delivery is
// stored once, has its bytes, and one attempt of the gate's has one number. Before the gate
// it hides the answer, and comes again with a body that is read already, up to v3.6: check
// warns of that.
func TestDeliveryBesideRetry(t *testing.T) {
	unsteadily(t) // how often a backend is asked that is not there
	address := testkit.Addresses(t, 1)[0]
	s := start(t, nil, []gate{
		{name: "kept", options: kept(t, ", timeout: 5s"), server: "http://127.0.0.1:1"},
		{name: "accept", options: kept(t, ", mode: accept"), server: "http://127.0.0.1:1"},
	}, gateway.Settings{})
	s.routes(t, "    again: {retry: {attempts: 3, initialInterval: 20ms}}\n",
		"    late: {loadBalancer: {servers: [{url: \"http://"+address+"\"}]}}\n",
		map[string]string{"before": `again, "kept@file"`, "behind": `"kept@file", again`, "accepted": `again, "accept@file", again`})
	type sent struct{ path, id, body string }
	all := []sent{}
	for n, name := range []string{"before", "behind", "accepted"} {
		body := large(n)
		a := s.post(t, name, body, signed(secret, body))
		records := s.records(t, a.path)
		testkit.Await(t, "a record", func() bool { records = s.records(t, a.path); return len(records) > 0 })
		id := ""
		for _, r := range records {
			if r.Decision == "pass" && r.KeptState == "stored" {
				if id != "" {
					t.Errorf("%s: it is stored twice, as %s and %s", name, id, r.Kept)
				}
				id = r.Kept
			} else if name != "before" || r.Reason != "delivery_stored" && r.Reason != "body_incomplete" {
				t.Errorf("%s: %+v", name, r)
			}
		}
		if (a.StatusCode != http.StatusAccepted && (name != "before" || a.StatusCode != http.StatusBadRequest)) || id == "" {
			t.Errorf("%s: %s, %d records", name, a.Status, len(records))
		}
		all = append(all, sent{a.path, id, body})
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.backend}
	t.Cleanup(func() { _ = server.Close() })
	go func() { _ = server.Serve(listener) }()
	for _, one := range all {
		s.ends(t, one.id, "delivered")
		got := s.backend.at(one.path)
		if len(got) != 1 || string(got[0].body) != one.body || got[0].Header.Get("X-Hookward-Id") != one.id || got[0].Header.Get("X-Hookward-Attempt") < "1" {
			t.Errorf("%s: %d arrivals", one.path, len(got))
		}
	}
	s.paths = nil // with retry before the gate, one request has left several records
}

// The middleware buffering stands before the gate, and behind it, where it asks again by
// itself. The body is whole each time.
func TestDeliveryBesideBuffering(t *testing.T) {
	s := start(t, script(), []gate{{name: "kept", options: kept(t, ", timeout: 5s")}}, gateway.Settings{})
	s.routes(t, `    buffered: {buffering: {memRequestBodyBytes: 1000, memResponseBodyBytes: 1000}}
    asking: {buffering: {memRequestBodyBytes: 1000, retryExpression: "ResponseCode() == 503 && Attempts() < 2"}}
    small: {buffering: {maxRequestBodyBytes: 1000}}
`, "", map[string]string{"before": `buffered, "kept@file"`, "behind": `"kept@file", buffered`, "asking": `"kept@file", asking`, "small": `"kept@file", small`})
	for n, name := range []string{"before", "behind"} {
		body := large(n)
		a := s.post(t, name, body, signed(secret, body), "X-Answers: 503 reset 200")
		id := s.stored(t, a)
		s.ends(t, id, "delivered")
		sameBytes(t, s.arrives(t, a.path, 3), id, body, 3)
	}
	// Two requests of buffering's are one attempt of the gate's.
	body := large(3)
	a := s.post(t, "asking", body, signed(secret, body), "X-Answers: 503 503 503 200")
	id := s.stored(t, a)
	s.ends(t, id, "delivered")
	got := s.arrives(t, a.path, 4)
	for n, one := range got {
		if string(one.body) != body || one.Header.Get("X-Hookward-Attempt") != fmt.Sprint(n/2+1) || one.Header.Get("X-Hookward-Id") != id {
			t.Errorf("arrival %d: %d bytes of %d, %v", n+1, len(one.body), len(body), one.Header)
		}
	}
	// What stands behind the gate and refuses is as a backend that refuses.
	body = large(4)
	if a := s.post(t, "small", body, signed(secret, body)); a.StatusCode != http.StatusRequestEntityTooLarge || s.record(t, a.path).KeptState != "passed" {
		t.Errorf("%s", a.Status)
	}
}

// Senders speak any version of HTTP, with trailers and without a length. What is tried again
// is what was tried first, but the connection's own headers.
func TestDeliveryOfProtocols(t *testing.T) {
	s := start(t, script(), []gate{{name: "kept", options: kept(t, "")}, {name: "accept", options: kept(t, ", mode: accept")}}, gateway.Settings{})
	n := 0
	for protocol, client := range protocols() {
		for _, mode := range []string{"kept", "accept"} {
			for _, trailers := range []bool{false, true} {
				t.Run(fmt.Sprint(protocol, " ", mode, " ", trailers), func(t *testing.T) {
					n++
					body := large(100 + n)
					r := s.request(mode, body, signed(secret, body), "X-Answers: 503 200")
					if trailers {
						r.Body = io.NopCloser(strings.NewReader(body))
						r.ContentLength = -1
						r.Trailer = http.Header{"X-Checksum": {"abc"}, "X-Many": {"one", "two"}}
					}
					if strings.Contains(protocol, "TLS") {
						r.URL.Scheme, r.URL.Host = "https", strings.TrimPrefix(s.TLSURL, "https://")
					}
					a := exchange(t, client, r)
					id := s.stored(t, a)
					s.ends(t, id, "delivered")
					got := s.arrives(t, a.path, 2)
					sameBytes(t, got, id, body, 2)
					for _, one := range got {
						h := one.Header
						h.Del("X-Hookward-Attempt")
						if trailers && (one.Trailer.Get("X-Checksum") != "abc" || fmt.Sprint(one.Trailer["X-Many"]) != "[one two]") {
							t.Errorf("the trailers are %v", one.Trailer)
						}
						if fmt.Sprint(h) != fmt.Sprint(got[0].Header) || one.ContentLength != got[0].ContentLength || one.Host != got[0].Host {
							t.Errorf("%v\n%v", h, got[0].Header)
						}
					}
				})
			}
		}
	}
}

// Bodies of the largest size are stored whole, encrypted and not, and in the store's bounds.
func TestDeliveryOfLargeBodies(t *testing.T) {
	const size = 25 << 20
	encrypted := `, store: {maxBytes: 60000000, encryptionKeys: ["env:STORE"]}`
	s := start(t, script(), []gate{
		{name: "plain", options: kept(t, ", timeout: 15s, store: {maxBytes: 60000000}")},
		{name: "encrypted", options: kept(t, ", timeout: 15s"+encrypted)},
		{name: "accept", options: strings.Replace(kept(t, ", mode: accept, timeout: 15s"+encrypted), "300ms, 300ms, 300ms", "1h", 1)},
	}, gateway.Settings{Env: []string{"STORE=" + storeKey}})
	body := func(n int) string { return fmt.Sprintf("%09d", n) + strings.Repeat("x", size-9) }
	for n, name := range []string{"plain", "encrypted"} {
		b := body(n)
		a := s.post(t, name, b, signed(secret, b), "X-Answers: 503 200")
		id := s.stored(t, a)
		s.ends(t, id, "delivered")
		sameBytes(t, s.arrives(t, a.path, 2), id, b, 2)
	}
	unsteadily(t)
	for n := range 3 {
		b := body(10 + n)
		a := s.post(t, "accept", b, signed(secret, b), "X-Answers: 503")
		if want := map[bool]int{true: http.StatusAccepted, false: http.StatusServiceUnavailable}[n < 2]; a.StatusCode != want {
			t.Errorf("delivery %d of 25 MiB into 60 MB: %s", n, a.Status)
		}
	}
}

// An attempt that a reload finds under way goes on to its end, and no other one is made
// beside it. The next one has the new pauses.
func TestDeliveryReloadedMeanwhile(t *testing.T) {
	release := make(chan bool)
	var second atomic.Bool
	s := start(t, func(rw http.ResponseWriter, r *http.Request) {
		attempt := r.Header.Get("X-Hookward-Attempt")
		if attempt == "2" {
			second.Store(true)
			<-release
		}
		rw.WriteHeader(map[bool]int{true: http.StatusOK, false: http.StatusServiceUnavailable}[attempt == "3"])
	}, nil, gateway.Settings{})
	t.Cleanup(func() {
		select {
		case <-release:
		default:
			close(release)
		}
	})
	options := strings.Replace(kept(t, ", timeout: 20s"), "300ms, 300ms, 300ms", "50ms, 24h", 1)
	s.configure(t, "hooks", []gate{{name: "kept", options: options}})
	a := s.post(t, "kept", "body", signed(secret, "body"))
	id := s.stored(t, a)
	testkit.Await(t, "an attempt is under way", second.Load)
	for _, pause := range []string{"23h", "22h", "100ms"} {
		options := strings.Replace(options, "24h", pause, 1)
		s.configure(t, "hooks", []gate{{name: "kept", options: options}})
		time.Sleep(200 * time.Millisecond) // for an attempt too many
	}
	if n := len(s.backend.at(a.path)); n != 2 {
		t.Errorf("%d attempts while the second is under way", n)
	}
	close(release)
	s.ends(t, id, "delivered")
	sameBytes(t, s.arrives(t, a.path, 3), id, "body", 3)
}
