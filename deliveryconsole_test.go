package hookward

import (
	"context"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
)

// The console shows the headers of a delivery as the sender sent them, and none that a
// middleware behind the gate has put there for the backend.
func TestConsoleOfChangedHeaders(t *testing.T) {
	const reader = "reader-token-of-32-characters-00"
	for _, sent := range []string{"X-Private: quite", "X-Private: quite\nX-Private: twice"} {
		k := keptGate(t, nil, func(rw http.ResponseWriter, r *http.Request, _ int) {
			r.Header["X-Backend-Key"] = []string{"of the backend"}
			delete(r.Header, "X-Private")
			rw.WriteHeader(http.StatusOK)
		})
		console, _ := New(context.Background(), http.NotFoundHandler(), &Config{Raw: map[string]any{"console": map[string]any{"hosts": "example.com", "readers": reader}}}, "console")
		records := &hooktest.LockedBuffer{}
		hooktest.Record(records)
		if rw := post(k, "body", strings.Split(sent, "\n")...); rw.Code != http.StatusOK {
			t.Fatalf("%d", rw.Code)
		}
		id := regexp.MustCompile(`"event.id":"([^"]*)"`).FindStringSubmatch(records.String())
		r := httptest.NewRequest(http.MethodGet, "http://example.com/hookward/api/deliveries/"+id[1], http.NoBody)
		r.Header.Set("Authorization", "Bearer "+reader)
		rw := httptest.NewRecorder()
		console.ServeHTTP(rw, r)
		if text := rw.Body.String(); rw.Code != http.StatusOK || !strings.Contains(text, "quite") || strings.Contains(text, "of the backend") {
			t.Errorf("%d %s", rw.Code, text)
		}
		end(k)
	}
}
