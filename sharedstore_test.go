package hookward

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/store"
)

// sharedGate is a gate whose deliveries are in a Redis. What the real one does is for the
// end-to-end tests, and for dev/redisstore.
func sharedGate(t *testing.T, address, mode string, backend http.Handler) (http.Handler, func() string) {
	t.Helper()
	return sharedGateWith(t, sharedOptions(address, mode), mode, backend)
}

func sharedOptions(address, mode string) map[string]any {
	return hooktest.Unbanned(hooktest.GithubWith(map[string]any{
		"replay": "true", "redis": map[string]any{"endpoints": address},
		"delivery": map[string]any{"mode": mode, "store": map[string]any{"type": "redis"}},
	}))
}

func sharedGateWith(t *testing.T, raw map[string]any, mode string, backend http.Handler) (http.Handler, func() string) {
	t.Helper()
	_, reports := capture(t)
	h, err := New(context.Background(), backend, &Config{Raw: raw}, t.Name()+mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		e := engineOf(&kept{name: t.Name() + mode})
		gates.Restart()
		if e != nil {
			directory, _ := raw["stateDirectory"].(string)
			if directory != "" {
				await.Until(t, "the disk is not read", func() bool { return delivery.Count(e).Beside != nil })
			}
			delivery.Close(e)
			if directory != "" { // whoever still tries, writes records
				await.Until(t, "the disk is not given back", func() bool {
					_, err := os.Stat(filepath.Join(store.DirectoryOf(directory, t.Name()+mode), "lock"))
					return err != nil
				})
			}
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
	if said := strings.Join(config.Sentences(c.Warnings), "\n"); strings.Contains(said, "stateDirectory") || c.Policy.Delivery.Directory != "/a" || c.Policy.Delivery.Shared == nil {
		t.Errorf("%s", said)
	}
}

// With a directory, what such a Redis does not store is on disk, and its sender's repeat is
// known; where replay.required asks for Redis, the sender is told to come again.
func TestSharedStoreBesideDisk(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := listener.Addr().String()
	_ = listener.Close()
	for name, address := range map[string]string{"nobody": nobody, "a refusal": fixedServer(t, "-OOM command not allowed\r\n"), "a cluster": fixedServer(t, "-MOVED 1 127.0.0.1:1\r\n")} {
		for _, mode := range []string{"sync", "accept", "required"} {
			t.Run(name+" "+mode, func(t *testing.T) { trySharedBeside(t, name, address, mode) })
		}
	}
}

// trySharedBeside is a function since Yaegi shares what is declared in a loop.
func trySharedBeside(t *testing.T, name, address, mode string) {
	t.Helper()
	raw := sharedOptions(address, mode)
	raw["stateDirectory"] = hooktest.Directory(t)
	want := http.StatusAccepted
	if mode == "required" {
		raw["delivery"] = map[string]any{"store": map[string]any{"type": "redis"}}
		raw["replay"] = map[string]any{"required": "true"}
		want = http.StatusServiceUnavailable
	}
	asked := int32(0)
	h, said := sharedGateWith(t, raw, mode+name, http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) {
		atomic.AddInt32(&asked, 1)
		rw.WriteHeader(http.StatusBadGateway)
	}))
	for _, body := range []string{"one", "one", "two"} {
		r := hooktest.SignedPost(body)
		r.RequestURI = r.URL.RequestURI()
		rw := httptest.NewRecorder()
		h.ServeHTTP(rw, r)
		if rw.Code != want {
			t.Errorf("%s, %s, %s: %d %v", name, mode, body, rw.Code, rw.Header())
		}
	}
	n := delivery.Count(engineOf(&kept{name: t.Name() + mode + name}))
	if want == http.StatusAccepted && n.Changes[delivery.Stored] != 2 || mode == "required" && atomic.LoadInt32(&asked) != 0 {
		t.Errorf("%s, %s: %+v, and the backend was asked %d times", name, mode, n, asked)
	}
	if want == http.StatusAccepted && !strings.Contains(said(), "redis does not store a delivery, so it waits on the disk of this machine: ") {
		t.Errorf("%s, %s: %s", name, mode, said())
	}
	if name == "a cluster" && !strings.Contains(said(), "redis.endpoints names a node of a Redis Cluster, which is not supported: name one primary") {
		t.Errorf("%s, %s: %s", name, mode, said())
	}
}
