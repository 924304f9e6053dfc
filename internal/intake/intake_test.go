package intake

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/verdict"
)

func endless(_ int64) bool { return true }

// Bodies are read whole and as they are, whatever their length is to the steps in
// which memory is given out.
func TestReadBody(t *testing.T) {
	for _, major := range []int{1, 2} {
		for _, size := range []int{1, firstBuffer - 1, firstBuffer, firstBuffer + 1, growth*firstBuffer - 1, growth * firstBuffer, growth*firstBuffer + 1, 2 << 20} {
			body := []byte(strings.Repeat("0123456789abcde\n", size/16+1)[:size])
			for _, length := range []int64{int64(size), -1} {
				r := &http.Request{ProtoMajor: major, ContentLength: length, Body: io.NopCloser(bytes.NewReader(body))}
				if arrived, reason := Read(r, int64(size), endless); reason != "" || !bytes.Equal(arrived, body) {
					t.Errorf("HTTP/%d, %d bytes, Content-Length %d: %s, %d bytes", major, size, length, reason, len(arrived))
				}
			}
		}
	}
}

// A body that is not what its Content-Length says is refused, at any step; one that
// goes on behind it has its end there in HTTP/1, and no server lets anybody see more.
func TestReadBodyOfAnotherLength(t *testing.T) {
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
		arrived, reason := Read(r, 25<<20, endless)
		if reason != c.want || reason == "" && int64(len(arrived)) != c.length || reason != "" && arrived != nil {
			t.Errorf("HTTP/%d, %d bytes, Content-Length %d: %s, %d bytes", c.major, c.size, c.length, reason, len(arrived))
		}
	}
}

// Trailers come with the end of a body, which is behind its Content-Length in HTTP/2.
func TestReadBodyToItsTrailers(t *testing.T) {
	r := &http.Request{ProtoMajor: 2, ContentLength: 5, Trailer: http.Header{"X-Note": nil}}
	r.Body = io.NopCloser(&trailed{body: strings.NewReader("hello"), end: func() { r.Trailer["X-Note"] = []string{"late"} }})
	if _, reason := Read(r, 5, endless); reason != "" || r.Trailer.Get("X-Note") != "late" {
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
