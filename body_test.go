package hookward

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// Bodies are read whole and as they are, whatever their length is to the steps in
// which memory is given out.
func TestReadBody(t *testing.T) {
	limitedTo(t, 1<<40)
	for _, major := range []int{1, 2} {
		for _, size := range []int{1, firstBuffer - 1, firstBuffer, firstBuffer + 1, growth*firstBuffer - 1, growth * firstBuffer, growth*firstBuffer + 1, 2 << 20} {
			body := []byte(strings.Repeat("0123456789abcde\n", size/16+1)[:size])
			for _, length := range []int64{int64(size), -1} {
				r := &http.Request{ProtoMajor: major, ContentLength: length, Body: io.NopCloser(bytes.NewReader(body))}
				x := &exchange{}
				if reason := readAnyBody(x, r, int64(size)); reason != "" || !bytes.Equal(x.arrived, body) {
					t.Errorf("HTTP/%d, %d bytes, Content-Length %d: %s, %d bytes", major, size, length, reason, len(x.arrived))
				}
			}
		}
	}
}

// A body that is not what its Content-Length says is refused, at any step; one that
// goes on behind it has its end there in HTTP/1, and no server lets anybody see more.
func TestReadBodyOfAnotherLength(t *testing.T) {
	limitedTo(t, 1<<40)
	for _, c := range []struct {
		major, size int
		length      int64
		want        string
	}{
		{1, 0, 5, verdict.BodyIncomplete}, {1, 4, 5, verdict.BodyIncomplete}, {1, firstBuffer, firstBuffer + 1, verdict.BodyIncomplete},
		{1, growth * firstBuffer, growth*firstBuffer + 1, verdict.BodyIncomplete},
		{2, 4, 5, verdict.BodyIncomplete}, {2, 6, 5, verdict.BodyIncomplete}, {2, growth * firstBuffer, firstBuffer + 1, verdict.BodyIncomplete},
		{1, 6, 5, ""},
	} {
		r := &http.Request{ProtoMajor: c.major, ContentLength: c.length, Body: io.NopCloser(strings.NewReader(strings.Repeat("x", c.size)))}
		x := &exchange{}
		reason := readAnyBody(x, r, 25<<20)
		if reason != c.want || reason == "" && int64(len(x.arrived)) != c.length || reason != "" && x.arrived != nil {
			t.Errorf("HTTP/%d, %d bytes, Content-Length %d: %s, %d bytes", c.major, c.size, c.length, reason, len(x.arrived))
		}
	}
}

// Trailers come with the end of a body, which is behind its Content-Length in HTTP/2.
func TestReadBodyToItsTrailers(t *testing.T) {
	limitedTo(t, 1<<40)
	r := &http.Request{ProtoMajor: 2, ContentLength: 5, Trailer: http.Header{"X-Note": nil}}
	r.Body = io.NopCloser(&trailed{body: strings.NewReader("hello"), end: func() { r.Trailer["X-Note"] = []string{"late"} }})
	x := &exchange{}
	if reason := readAnyBody(x, r, 5); reason != "" || r.Trailer.Get("X-Note") != "late" {
		t.Errorf("%s, trailer %v", reason, r.Trailer)
	}
}

// trailed is a body that says when its end was read.
type trailed struct {
	body io.Reader
	end  func()
}

func (b *trailed) Read(p []byte) (int, error) {
	n, err := b.body.Read(p)
	if err == io.EOF {
		b.end()
	}
	return n, err
}

// What is drained is small, of a connection that can be taken away, and one of few at a
// time: whoever is refused before any check of who that is must not hold deciders.
func TestWhatIsDrained(t *testing.T) {
	capture(t)
	raw := hooktest.GithubOptions()
	raw["denylist"] = map[string]any{"sourceRange": []any{"192.0.2.1"}}
	g := newTestGate(t.Name(), raw, policy.Compile, hooktest.TestTime)
	large := hooktest.NewPost(strings.Repeat("x", maxDrained+1))
	hesitant := hooktest.NewPost(hooktest.DocsBody, "Expect: 100-continue")
	second := hooktest.NewPost(hooktest.DocsBody)
	second.ProtoMajor = 2
	for _, c := range []struct {
		name       string
		r          *http.Request
		hijackable bool
		others     int64
		want       bool
	}{
		{"small", hooktest.NewPost(hooktest.DocsBody), true, maxDraining - 1, true},
		{"of a connection that can't be taken away", hooktest.NewPost(hooktest.DocsBody), false, 0, false},
		{"one too many", hooktest.NewPost(hooktest.DocsBody), true, maxDraining, false},
		{"large", large, true, 0, false},
		{"not sent yet", hesitant, true, 0, false},
		{"HTTP/2", second, true, 0, false},
	} {
		atomic.StoreInt64(&draining, c.others)
		x := decideOn(g, c.r, c.hijackable, hooktest.TestTime)
		if x.reason != verdict.ClientDenied || x.drained != c.want || atomic.LoadInt64(&draining) != c.others {
			t.Errorf("%s: %s, drained %t, %d are under way", c.name, x.reason, x.drained, draining)
		}
	}
	atomic.StoreInt64(&draining, 0)
}
