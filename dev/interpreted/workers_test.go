package interpreted

import (
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"testing"
)

// TestWorkersKeepNothing sends deliveries after each of which a worker ends, because
// the body was large. Yaegi keeps the variables of a function for as long as what it
// has started with go: workers that started each other would keep all these bodies.
func TestWorkersKeepNothing(t *testing.T) {
	handler := load(t)(http.HandlerFunc(accept), map[string]any{"provider": "github", "secrets": "0123456789abcdef"})
	body := strings.Repeat("x", 200<<10)
	header := http.Header{"X-Hub-Signature-256": {githubSignature("0123456789abcdef", body)}}
	address := &url.URL{Path: "/hooks"}
	send := func(n int) float64 {
		for range n {
			pass(t, handler, address, header.Clone(), []byte(body))
		}
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc) / (1 << 20)
	}
	before := send(100)
	if grown := send(400) - before; grown > 20 { // all of them have 80
		t.Errorf("it has grown by %.1f MiB", grown)
	}
	runtime.KeepAlive(handler)
}
