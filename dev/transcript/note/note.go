// Package note writes down what was seen of each request that a test has sent.
package note

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Variable is the environment variable that names the directory of a run's transcripts,
// by an absolute path. Without it, nothing is written.
const Variable = "HOOKWARD_TRANSCRIPT"

// Parts are the places at which a request is seen, in the order of a transcript.
var Parts = []string{"sent", "answer", "arrived", "record"}

// Line is a line of a transcript: what was seen of one request at one place.
type Line struct {
	Request string // what the test calls it
	Part    string
	Lines   []string
}

// Sent notes a request. What arrives and is recorded is compared of those requests alone
// that were noted here, or whose answer was.
func Sent(t testing.TB, name string, r *http.Request) {
	t.Helper()
	lines := append([]string{r.Method + " " + r.URL.String(), "host: " + r.Host}, headers("header", r.Header)...)
	if r.GetBody != nil {
		reader, err := r.GetBody()
		if err != nil {
			t.Error(err)
			return
		}
		body, err := io.ReadAll(reader)
		lines = append(lines, content(body, err))
	}
	write(t, Line{name, "sent", append(lines, headers("trailer", r.Trailer)...)})
}

// SentText notes a request, or the beginning of one, as it stands on the wire.
func SentText(t testing.TB, name, text string) {
	t.Helper()
	write(t, Line{name, "sent", strings.Split(text, "\r\n")})
}

// Answer notes what came back: a response, its body, and the error of reading that. Left
// out are chunks, since hookward has to flush where it is interpreted, and a short answer
// may come in them; and the end of the connection, which a refusal decides by the clock.
func Answer(t testing.TB, name string, r *http.Response, body []byte, err error) {
	t.Helper()
	header := r.Header.Clone()
	header.Del("Content-Length")
	lines := []string{r.Proto + " " + r.Status, fmt.Sprintf("length: %d", max(r.ContentLength, int64(len(body))))}
	lines = append(append(lines, headers("header", header)...), content(body, err))
	write(t, Line{name, "answer", append(lines, headers("trailer", r.Trailer)...)})
}

// Arrived notes a request as the backend got it, its body read.
func Arrived(t testing.TB, name string, r *http.Request, body []byte, err error) {
	t.Helper()
	lines := []string{r.Method + " " + r.RequestURI + " " + r.Proto, "host: " + r.Host, fmt.Sprintf("length: %d %v", r.ContentLength, r.TransferEncoding)}
	lines = append(append(lines, headers("header", r.Header)...), content(body, err))
	write(t, Line{name, "arrived", append(lines, headers("trailer", r.Trailer)...)})
}

// Record notes an audit record, a JSON object.
func Record(t testing.TB, name, text string) {
	t.Helper()
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		t.Errorf("the audit record %q: %v", text, err)
		return
	}
	lines := []string{}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		lines = append(lines, field+": "+string(fields[field]))
	}
	write(t, Line{name, "record", lines})
}

func headers(kind string, h http.Header) []string {
	lines := []string{}
	for _, name := range slices.Sorted(maps.Keys(h)) {
		for _, value := range h[name] {
			lines = append(lines, kind+" "+name+": "+value)
		}
	}
	return lines
}

func content(body []byte, err error) string {
	return fmt.Sprintf("body: %d bytes, %x, error: %v", len(body), sha256.Sum256(body), err)
}

var mu sync.Mutex // over all files

// write adds to the transcript of a test, which its parts share.
func write(t testing.TB, n Line) {
	t.Helper()
	directory := os.Getenv(Variable)
	if directory == "" {
		return
	}
	mu.Lock()
	defer mu.Unlock()
	here, err := os.Getwd() // go test runs a package in its directory
	if err != nil {
		t.Error(err)
		return
	}
	test, _, _ := strings.Cut(t.Name(), "/")
	path := filepath.Join(directory, filepath.Base(here), test)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Error(err)
		return
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		t.Error(err)
		return
	}
	if err := errors.Join(json.NewEncoder(file).Encode(n), file.Close()); err != nil {
		t.Error(err)
	}
}
