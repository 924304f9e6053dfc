package console

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/audit"
)

// An export has the records as they were written, each with those of its delivery; payloads
// only for whom may see them, and who asks.
func TestExport(t *testing.T) {
	s := page(t)
	keepOne("a-1", "pass", "the payload")
	keepKept("a-2", "k1", "stored")
	keepOne("a-3", "refuse", "<script>")
	changeTo("k1", "failed", 2)
	changeTo("other", "failed", 2)
	changeTo("k1", "dead", 3)
	ids := func(text string) string {
		got := []string{}
		for _, line := range strings.Split(strings.TrimSpace(text), "\n") {
			one := struct {
				ID string `json:"event.id"`
			}{}
			if err := json.Unmarshal([]byte(line), &one); err != nil {
				t.Errorf("%q: %v", line, err)
			}
			got = append(got, one.ID)
		}
		return strings.Join(got, " ")
	}
	for query, want := range map[string]string{"": "a-1 a-2 c-2 c-3 a-3", "?decision=refuse": "a-3", "?state=dead": "a-2 c-2 c-3", "?before=2": "a-1"} {
		answer := ask(s, "GET", "/hookward/api/export"+query, "", bearer(viewerToken)...)
		h := answer.Header()
		if answer.Code != 200 || ids(answer.Body.String()) != want || strings.Contains(answer.Body.String(), "payload") || h.Get("Content-Type") != "application/x-ndjson; charset=utf-8" || h.Get("Content-Disposition") != `attachment; filename="deliveries.jsonl"` {
			t.Errorf("%q: %d %v %s", query, answer.Code, h, answer.Body)
		}
	}
	whole := ask(s, "GET", "/hookward/api/export?payload=1", "", bearer(readerToken)...)
	if whole.Code != 200 || !strings.HasPrefix(whole.Body.String(), deliveries.kept[0].record) {
		t.Errorf("with payloads: %d %s", whole.Code, whole.Body)
	}
	for _, target := range []string{"export?payload=1", "payload/a-1"} {
		if answer := ask(s, "GET", "/hookward/api/"+target, "", bearer(viewerToken)...); answer.Code != 403 {
			t.Errorf("a viewer at %s: %d", target, answer.Code)
		}
	}
	file := ask(s, "GET", "/hookward/api/payload/a-3", "", bearer(readerToken)...)
	if file.Body.String() != "<script>" || file.Header().Get("Content-Type") != "application/octet-stream" || file.Header().Get("Content-Disposition") != `attachment; filename="payload"` {
		t.Errorf("a payload: %v %q", file.Header(), file.Body)
	}
	Keep([]byte(`{"event.id":"a-4","hookward.decision":"pass","hookward.body.base64":"AP8="}`), nil, audit.Plain, nil)
	if file = ask(s, "GET", "/hookward/api/payload/a-4", "", bearer(readerToken)...); file.Body.String() != "\x00\xff" {
		t.Errorf("in base64: %q", file.Body)
	}
	for _, id := range []string{"a-2", "nothing", "k1"} {
		if answer := ask(s, "GET", "/hookward/api/payload/"+id, "", bearer(readerToken)...); answer.Code != 404 {
			t.Errorf("no payload of %s: %d", id, answer.Code)
		}
	}
}

// Whoever may look can have thousands of deliveries exported with thousands of changes again and
// again: that costs by the sum of both, and not by their product.
func TestExportIsCheap(t *testing.T) {
	s := page(t)
	const many = 500
	for i := 0; i < many; i++ {
		kept := fmt.Sprint("k", i)
		keepKept(fmt.Sprint("a-", i), kept, "stored")
		changeTo(kept, "dead", 2)
	}
	before, after := runtime.MemStats{}, runtime.MemStats{}
	runtime.ReadMemStats(&before)
	answer := ask(s, "GET", "/hookward/api/export", "", bearer(viewerToken)...)
	runtime.ReadMemStats(&after)
	if n := strings.Count(answer.Body.String(), "\n"); n != 2*many {
		t.Errorf("%d lines", n)
	}
	if each := (after.TotalAlloc - before.TotalAlloc) / many; each > 20_000 {
		t.Errorf("%d bytes are allocated for each", each)
	}
}
