package interpreted

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// BenchmarkScrape measures what it costs to have the numbers of 20 gates, interpreted. A
// text is given to all who come within a second, so each turn waits for that to be over.
//
//	go test ./interpreted -run '^$' -bench Scrape -benchmem -benchtime 10x
func BenchmarkScrape(b *testing.B) {
	goPath := linkedPath(b)
	stdout, stderr := os.Stdout, os.Stderr
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		b.Fatal(err)
	}
	os.Stdout, os.Stderr = null, null
	defer func() { os.Stdout, os.Stderr = stdout, stderr }()
	i := interp.New(interp.Options{GoPath: goPath, Env: os.Environ()})
	if err := i.Use(stdlib.Symbols); err != nil {
		b.Fatal(err)
	}
	if _, err := i.Eval(fmt.Sprintf("import %q", module)); err != nil {
		b.Fatal(err)
	}
	create, err := i.Eval("hookward.CreateConfig")
	if err != nil {
		b.Fatal(err)
	}
	build, err := i.Eval("hookward.New")
	if err != nil {
		b.Fatal(err)
	}
	newMiddleware := func(name string, raw map[string]any) http.Handler {
		config := create.Call(nil)[0]
		config.Elem().FieldByName("Raw").Set(reflect.ValueOf(raw))
		return build.Call([]reflect.Value{reflect.ValueOf(context.Background()), reflect.ValueOf(http.HandlerFunc(accept)), config, reflect.ValueOf(name)})[0].Interface().(http.Handler)
	}
	github := deliveries(b)[1]
	for n := range 20 {
		h := newMiddleware(fmt.Sprintf("gate%d@file", n), github.options)
		pass(b, h, github.url, github.header.Clone(), github.body)
	}
	endpoint := newMiddleware("metrics@file", map[string]any{"metrics": map[string]any{"insecure": "true"}})
	lines := 0
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		time.Sleep(1010 * time.Millisecond)
		b.StartTimer()
		rw := httptest.NewRecorder()
		endpoint.ServeHTTP(rw, httptest.NewRequest(http.MethodGet, "/metrics", nil))
		lines = strings.Count(rw.Body.String(), "\n")
	}
	b.ReportMetric(float64(lines), "lines")
}
