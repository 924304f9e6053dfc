package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/transcript/note"
)

// delivery is all that is seen of one.
type delivery struct {
	sent, arrived *http.Request
	body          []byte // as it arrived
	answer        *http.Response
	record        map[string]any
}

// seen returns the delivery of a run: what differs by nature is another with each.
func seen(run int) *delivery {
	body := fmt.Sprintf(`{"n": %d}`, run)
	url := fmt.Sprintf("http://127.0.0.1:%d/gh/%d", 40000+run, run)
	d := &delivery{sent: httptest.NewRequest("POST", url, nil), arrived: httptest.NewRequest("POST", url, nil), body: []byte(body)}
	d.sent, _ = http.NewRequest("POST", url, strings.NewReader(body))
	for _, r := range []*http.Request{d.sent, d.arrived} {
		r.Header.Set("X-Github-Delivery", fmt.Sprintf("72d3162e-cc78-11e3-81ab-4c9367dc%04d", run))
		r.Header.Set("X-Github-Event", "push")
		r.Header.Set("X-Time", fmt.Sprint(1796000000+run))
	}
	d.arrived.Header.Set("X-Forwarded-Port", fmt.Sprint(40000+run))
	d.answer = &http.Response{Proto: "HTTP/1.1", Status: "200 OK", Header: http.Header{"Date": {fmt.Sprintf("Mon, 30 Nov 2026 05:38:%02d GMT", run)}}}
	d.record = map[string]any{
		"event.id": fmt.Sprint("epoch-", run), "@timestamp": fmt.Sprintf("2026-11-30T05:38:41.%06dZ", run), "event.duration": run,
		"event.reason": "verified", "url.path": fmt.Sprint("/gh/", run), "hookward.delivery_id": d.sent.Header.Get("X-Github-Delivery"),
		"hookward.body.sha256": fmt.Sprintf("%x", sha256.Sum256(d.body)),
	}
	return d
}

// note writes a delivery down.
func (d *delivery) note(t *testing.T) {
	t.Helper()
	name := d.sent.URL.Path
	text, err := json.Marshal(d.record)
	if err != nil {
		t.Fatal(err)
	}
	note.Sent(t, name, d.sent)
	note.Answer(t, name, d.answer, []byte("ok"), nil)
	if d.arrived != nil {
		note.Arrived(t, name, d.arrived, d.body, nil)
	}
	if d.record != nil {
		note.Record(t, name, string(text))
	}
}

// TestCompare changes one thing of one delivery in the second run.
func TestCompare(t *testing.T) {
	for name, c := range map[string]struct {
		change func(d *delivery)
		want   string // in the difference; empty: there is none
	}{
		"nothing":            {func(*delivery) {}, ""},
		"status":             {func(d *delivery) { d.answer.Status = "202 Accepted" }, "- answer HTTP/1.1 200 OK\n+ answer HTTP/1.1 202 Accepted"},
		"header":             {func(d *delivery) { d.answer.Header.Set("X-More", "1") }, "+ answer header X-More: 1"},
		"framing":            {func(d *delivery) { d.arrived.ContentLength = -1 }, "+ arrived length: -1"},
		"body":               {func(d *delivery) { d.body = append(d.body[:7], '1') }, "- arrived body: 8 bytes, <3>"},
		"arrived header":     {func(d *delivery) { d.arrived.Header.Set("X-Github-Event", "Push") }, "+ arrived header X-Github-Event: Push"},
		"arrived id":         {func(d *delivery) { d.arrived.Header.Set("X-Github-Delivery", "72d3162e-cc78-11e3-81ab-4c9367dcffff") }, "- arrived header X-Github-Delivery: <1>"},
		"trailer":            {func(d *delivery) { d.arrived.Trailer = http.Header{"X-Sum": {"a"}} }, "+ arrived trailer X-Sum: a"},
		"did not arrive":     {func(d *delivery) { d.arrived = nil }, "- arrived POST"},
		"reason":             {func(d *delivery) { d.record["event.reason"] = "replayed" }, `- record event.reason: "verified"`},
		"field":              {func(d *delivery) { d.record["hookward.secret"] = 1 }, "+ record hookward.secret: 1"},
		"no field":           {func(d *delivery) { delete(d.record, "event.duration") }, "- record event.duration: TIME"},
		"record of another":  {func(d *delivery) { d.record["hookward.body.sha256"] = strings.Repeat("0", 64) }, `- record hookward.body.sha256: "<3>"`},
		"another gate's":     {func(d *delivery) { d.record["url.path"] = "/other/1" }, `+ record url.path: "/other/1"`},
		"was not sent alike": {func(d *delivery) { d.sent.Method = "PUT" }, "+ sent PUT"},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := t.TempDir(), t.TempDir()
			t.Setenv(note.Variable, a)
			seen(1).note(t)
			seen(2).note(t)
			t.Setenv(note.Variable, b)
			seen(4).note(t) // in which order is no matter
			changed := seen(3)
			c.change(changed)
			changed.note(t)
			r, err := compare(a, b, "transcript")
			if err != nil || r.Tests != 1 || r.Requests != 2 {
				t.Fatalf("%+v, %v", r, err)
			}
			if c.want == "" && len(r.Differences) == 0 {
				return
			}
			if len(r.Differences) != 1 || c.want == "" || !strings.Contains(r.Differences[0], "/gh/3") || !strings.Contains(r.Differences[0], c.want) {
				t.Errorf("the differences are %q, want one with /gh/3 and %q", r.Differences, c.want)
			}
		})
	}
}

// TestCompareMissing leaves requests and tests out of one run.
func TestCompareMissing(t *testing.T) {
	a, b := t.TempDir(), t.TempDir()
	for _, directory := range []string{a, b} {
		t.Setenv(note.Variable, directory)
		seen(1).note(t)
	}
	seen(2).note(t)
	for _, order := range [][]string{{a, b}, {b, a}} {
		if r, err := compare(order[0], order[1], "transcript"); err != nil || len(r.Differences) != 1 || !strings.Contains(r.Differences[0], "run alone") {
			t.Errorf("a request: %+v, %v", r, err)
		}
	}
	test := filepath.Join("transcript", t.Name())
	if err := os.Rename(filepath.Join(b, test), filepath.Join(b, test+"Other")); err != nil {
		t.Fatal(err)
	}
	r, err := compare(a, b, "transcript")
	if told := strings.Join(r.Differences, "\n"); err != nil || !strings.Contains(told, test+" is missing") || !strings.Contains(told, test+"Other is missing") {
		t.Errorf("a test: %+v, %v", r, err)
	}
}

// TestCompareNothing gives what would be the same for want of anything to compare.
func TestCompareNothing(t *testing.T) {
	full, empty, unrecorded, spoilt := t.TempDir(), t.TempDir(), t.TempDir(), t.TempDir()
	t.Setenv(note.Variable, full)
	seen(1).note(t)
	t.Setenv(note.Variable, unrecorded)
	d := seen(1)
	d.record = nil
	d.note(t)
	path := filepath.Join("transcript", t.Name())
	text, err := os.ReadFile(filepath.Join(full, path))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(spoilt, "transcript"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(spoilt, path), bytes.TrimSuffix(text, []byte("}\n")), 0o600); err != nil {
		t.Fatal(err)
	}
	for directory, want := range map[string]string{
		empty: "no such file", unrecorded: `has no note "record"`, spoilt: "unexpected end",
	} {
		for _, order := range [][]string{{full, directory}, {directory, full}, {directory, directory}} {
			if _, err := compare(order[0], order[1], "transcript"); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: %v, want %q", order, err, want)
			}
		}
	}
	if r, err := compare(full, full, "transcript"); err != nil || r.Requests != 1 || len(r.Differences) > 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
