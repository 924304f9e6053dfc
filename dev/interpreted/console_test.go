package interpreted

import (
	"net/http"
	"testing"
)

// BenchmarkConsole measures a delivery of 1 KiB with the headers that a sender and Traefik
// give it, without a console and beside one, interpreted.
//
//	go test ./interpreted -run '^$' -bench Console -benchmem
func BenchmarkConsole(b *testing.B) {
	build := load(b)
	d := deliveries(b)[1]
	for name, value := range map[string]string{
		"Accept": "*/*", "Accept-Encoding": "gzip", "Content-Length": "1024", "Content-Type": "application/json",
		"User-Agent": "GitHub-Hookshot/044aadd", "X-Github-Hook-Id": "292430182", "X-Github-Hook-Installation-Target-Id": "79929171",
		"X-Github-Hook-Installation-Target-Type": "repository", "X-Forwarded-For": "192.0.2.1", "X-Forwarded-Host": "hooks.example.com",
		"X-Forwarded-Port": "443", "X-Forwarded-Proto": "https", "X-Forwarded-Server": "traefik", "X-Real-Ip": "192.0.2.1",
	} {
		d.header.Set(name, value)
	}
	handler := build(http.HandlerFunc(accept), d.options)
	deliver := func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			pass(b, handler, d.url, d.header.Clone(), d.body)
		}
	}
	b.Run("without", deliver)
	build(http.HandlerFunc(accept), map[string]any{"console": map[string]any{"hosts": []any{"localhost"}, "readers": []any{"a-token-of-the-benchmark"}}})
	b.Run("with", deliver)
}
