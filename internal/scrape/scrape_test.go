package scrape

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/memory"
	"github.com/hookward/hookward/internal/metrics"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/store"
)

func get(headers ...string) *httptest.ResponseRecorder {
	return getFrom(func(_ time.Time) *Source { return &Source{Version: "v1", Started: time.Unix(1, 0)} }, headers)
}

func getFrom(look func(time.Time) *Source, headers []string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	for _, line := range headers {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Add(name, value)
	}
	rw := httptest.NewRecorder()
	Serve(rw, r, &policy.Metrics{Path: "/metrics", Serves: true}, look)
	return rw
}

func forgetTexts() {
	textsMu.Lock()
	texts = map[string]text{}
	textsMu.Unlock()
}

func TestFormats(t *testing.T) {
	for accept, want := range map[string]string{
		"": exposition.TextType, "*/*": exposition.TextType, "image/png": exposition.TextType, "garbage;;": exposition.TextType,
		"application/openmetrics-text; version=1.0.0": exposition.OpenType,
	} {
		forgetTexts()
		rw := get("Accept: " + accept)
		body := rw.Body.String()
		if rw.Code != 200 || rw.Header().Get("Content-Type") != want || strings.HasSuffix(body, "# EOF\n") != (want == exposition.OpenType) {
			t.Errorf("%q: %d %v", accept, rw.Code, rw.Header())
		}
	}
	for accepted, want := range map[string]bool{"": false, "gzip": true, "deflate, GZIP;q=0.5": true, "gzip;q=0": false, "gzip;q=0.0": false, "br": false} {
		forgetTexts()
		rw := get("Accept-Encoding: " + accepted)
		packed := rw.Header().Get("Content-Encoding") == "gzip"
		body := rw.Body.Bytes()
		if packed {
			reader, err := gzip.NewReader(bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			body, err = io.ReadAll(reader)
			if err != nil {
				t.Fatal(err)
			}
		}
		if packed != want || !strings.Contains(string(body), `hookward_build_info{version="v1",`) {
			t.Errorf("%q: %v %.100q", accepted, rw.Header(), body)
		}
	}
}

// A hundred scrapers at once cost what one does.
func TestManyScrapers(t *testing.T) {
	forgetTexts()
	looks := int64(0)
	look := func(_ time.Time) *Source {
		atomic.AddInt64(&looks, 1)
		return &Source{Started: time.Unix(1, 0)}
	}
	var wait sync.WaitGroup
	began := time.Now()
	for i := 0; i < 100; i++ {
		wait.Add(1)
		go scrapeOnce(look, &wait)
	}
	wait.Wait()
	most := int64(time.Since(began)/fresh) + 1
	if n := atomic.LoadInt64(&looks); n < 1 || n > most {
		t.Errorf("%d looks in %v", n, time.Since(began))
	}
}

func scrapeOnce(look func(time.Time) *Source, wait *sync.WaitGroup) {
	defer wait.Done()
	getFrom(look, nil)
}

// What two outputs have the same name for are two series, or no scrape would be taken.
func TestOutputsOfOneName(t *testing.T) {
	s := &Source{Started: time.Unix(1, 0)}
	for i := 0; i < 2; i++ {
		o := audit.NewOutput("a@file", audit.Stdout)
		audit.UseOutput(context.Background(), o, "a@file", audit.Stdout, time.Now())
		s.Outputs = append(s.Outputs, o)
	}
	s.Gates = []Gate{{Name: "a@file", State: &memory.State{}}, {Name: "new@file"}}
	got := string(exposition.Text(Families(s, time.Now()), false))
	for _, want := range []string{
		`hookward_audit_records_total{output="stdout"} 0`, `hookward_audit_records_total{output="stdout #2"} 0`,
		`hookward_audit_records_lost_total{output="stdout"} 0`, `hookward_audit_buffer_bytes{output="stdout"} 0`,
		`hookward_dependency_up{dependency="output",name="stdout #2"} 1`, `hookward_start_time_seconds 1`,
	} {
		if !strings.Contains(got, want+"\n") {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

// While a store is not read there is no number of its deliveries, and above all no 0; what
// alerts ask for is there.
func TestStoreThatIsNotRead(t *testing.T) {
	metrics.Of("a")
	defer metrics.Drop("a", time.Now().Add(time.Hour))
	place := store.New(t.TempDir(), "a", nil)
	engine := delivery.New(place, delivery.Options{MaxBytes: 1000}, delivery.Hooks{})
	source := &Source{Gates: []Gate{{Name: "a", State: &memory.State{Delivery: engine}}}}
	text := string(exposition.Text(Families(source, time.Now()), false))
	if strings.Contains(text, "hookward_deliveries{") || !strings.Contains(text, `hookward_delivery_oldest_overdue_seconds{gate="a"} 0`) || !strings.Contains(text, `hookward_store_limit_bytes{gate="a"} 1000`) {
		t.Errorf("before it is read:\n%s", text)
	}
}
