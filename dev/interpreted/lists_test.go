package interpreted

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkLists measures what an allow list of some length adds to a delivery
// of GitHub's, and what building a gate with such a list costs: half of it IPv4,
// half IPv6, none of which adjoin. The client is the last of the list.
//
//	go test ./interpreted -run '^$' -bench Lists -benchmem
func BenchmarkLists(b *testing.B) {
	next := http.HandlerFunc(accept)
	build := load(b)
	github := deliveries(b)[1]
	for _, n := range []int{0, 100, 20_000} {
		options := map[string]any{"provider": "github", "secrets": github.options["secrets"]}
		inline := map[string]any{"provider": "github", "secrets": github.options["secrets"]}
		if n > 0 {
			list := prefixes(n)
			path := filepath.Join(b.TempDir(), "list")
			if err := os.WriteFile(path, []byte(strings.Join(list, "\n")), 0o600); err != nil {
				b.Fatal(err)
			}
			options["allowlist"] = map[string]any{"lists": []any{map[string]any{"file": path}}}
			entries := []any{}
			for _, entry := range list {
				entries = append(entries, entry)
			}
			inline["allowlist"] = map[string]any{"sourceRange": entries}
		}
		b.Run(fmt.Sprintf("build/file/%d", n), func(b *testing.B) {
			for b.Loop() {
				build(next, options)
			}
		})
		b.Run(fmt.Sprintf("build/sourceRange/%d", n), func(b *testing.B) {
			for b.Loop() {
				build(next, inline)
			}
		})
		handler := build(next, options)
		b.Run(fmt.Sprintf("delivery/%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				pass(b, handler, github.url, github.header.Clone(), github.body)
			}
		})
	}
}

// prefixes returns so many prefixes that don't adjoin, the last of which is
// 192.0.2.1.
func prefixes(n int) []string {
	list := []string{}
	for i := range n - 1 {
		if i%2 == 0 {
			list = append(list, fmt.Sprintf("10.%d.%d.0/25", i>>9, i>>1&255))
		} else {
			list = append(list, fmt.Sprintf("2001:db8:%x::/49", i))
		}
	}
	return append(list, "192.0.2.1")
}
