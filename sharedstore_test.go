package hookward

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
)

// sharedGate is a gate whose deliveries are in a Redis. What the real one does is for the
// end-to-end tests, and for dev/redisstore.
func sharedGate(t *testing.T, address, mode string, backend http.Handler) (http.Handler, func() string) {
	t.Helper()
	_, reports := capture(t)
	raw := hooktest.Unbanned(hooktest.GithubWith(map[string]any{
		"replay": "true", "redis": map[string]any{"endpoints": address},
		"delivery": map[string]any{"mode": mode, "store": map[string]any{"type": "redis"}},
	}))
	h, err := New(context.Background(), backend, &Config{Raw: raw}, t.Name()+mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e := engineOf(&kept{name: t.Name() + mode})
		gates.Restart()
		if e != nil {
			delivery.Close(e)
		}
	})
	return h, reports.String
}

// Whatever a Redis answers, or does not, nobody is told that a delivery is stored which is
// not: the sender has the backend's own answer, or 503.
func TestSharedStoreIsAway(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := listener.Addr().String()
	_ = listener.Close()
	for name, address := range map[string]string{
		"nobody": nobody, "a refusal": fixedServer(t, "-OOM command not allowed\r\n"), "a replica": fixedServer(t, "-READONLY no\r\n"),
		"nonsense": fixedServer(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), "a number": fixedServer(t, ":0\r\n"), "nothing": fixedServer(t, "*0\r\n"),
	} {
		for mode, want := range map[string]int{"sync": http.StatusBadGateway, "accept": http.StatusServiceUnavailable} {
			h, said := sharedGate(t, address, mode, statusHandler(http.StatusBadGateway))
			for _, body := range []string{"one", "two"} {
				r := hooktest.SignedPost(body)
				r.RequestURI = r.URL.RequestURI()
				rw := httptest.NewRecorder()
				h.ServeHTTP(rw, r)
				if rw.Code != want || mode == "accept" && rw.Header().Get("Retry-After") != "30" {
					t.Errorf("%s, %s: %d %v", name, mode, rw.Code, rw.Header())
				}
			}
			if !strings.Contains(said(), "delivery: a delivery can't be stored: ") {
				t.Errorf("%s, %s: %s", name, mode, said())
			}
		}
	}
}

// A store in Redis needs no directory, and redis is of use for that alone.
func TestSharedStoreOptions(t *testing.T) {
	c := policy.Compile(hooktest.Unbanned(hooktest.GithubWith(map[string]any{"redis": map[string]any{}, "delivery": map[string]any{"timeout": "3s", "store": map[string]any{"type": "redis"}}})))
	said := strings.Join(config.Sentences(c.Warnings), "\n")
	if c.Policy == nil || c.Policy.Delivery.Shared == nil || c.Policy.Delivery.Options.Lease.String() != "11s" || strings.Contains(said, "redis") {
		t.Errorf("%v %s", config.Sentences(c.Problems), said)
	}
	c = policy.Compile(hooktest.GithubWith(map[string]any{"stateDirectory": "/a", "redis": map[string]any{}, "delivery": map[string]any{"store": map[string]any{"type": "redis"}}}))
	if said := strings.Join(config.Sentences(c.Warnings), "\n"); !strings.Contains(said, "stateDirectory: has no effect") {
		t.Errorf("%s", said)
	}
}
