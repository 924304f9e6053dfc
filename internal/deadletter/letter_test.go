package deadletter

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/sqs"
	"github.com/hookward/hookward/internal/store"
)

func sample(body string) (*store.Delivery, *store.Entry) {
	d := &store.Delivery{
		ID: "01a22d106330f350f57d10000001", Received: time.Date(2026, 11, 30, 12, 0, 0, 123456789, time.UTC), Middleware: "hooks@file", Router: "r@docker",
		Provider: "github", DeliveryID: "72d3162e", EventType: "push", Claim: "\x00", Method: "POST", RequestURI: "/a%20b?x=1", URL: "/a%20b?x=1", Host: "hooks.example.com", Peer: "192.0.2.1:5",
		Tokens:  []string{"header:X-Token"},
		Headers: map[string][]string{"Content-Type": {"text/plain; a=b", "second"}, "X-Latin": {"\xe4"}, "X-Text": {"ä 😀 <&>"}, "Authorization": {"Bearer hush"}, "X-Jwt": {"hush"}},
		Body:    []byte(body),
	}
	return d, &store.Entry{State: store.Dead, ID: d.ID, Attempts: 4, When: 1764500000123, Reason: "attempts_exhausted"}
}

var private = []string{"Authorization", "X-Jwt"}

// A letter has the whole delivery on one line, but for what nobody is to have.
func TestLine(t *testing.T) {
	d, e := sample("line\nwith <&> ä")
	line, err := lineOf(d, e, private)
	if err != nil || strings.Count(string(line), "\n") != 1 || strings.Contains(string(line), "hush") {
		t.Fatalf("%s %v", line, err)
	}
	want := `{"@timestamp":"2025-11-30T10:53:20.123000Z","ecs.version":"8.17.0","event.id":"01a22d106330f350f57d10000001.4","event.dataset":"hookward.dead_letter","event.kind":"event","event.category":["network"],` +
		`"event.action":"dead","event.outcome":"failure","event.reason":"attempts_exhausted","hookward.middleware":"hooks@file","hookward.router":"r@docker","hookward.provider":"github","hookward.delivery_id":"72d3162e",` +
		`"hookward.event_type":"push","hookward.delivery.id":"01a22d106330f350f57d10000001","hookward.delivery.attempt":4,"hookward.delivery.received":"2026-11-30T12:00:00.123456Z","http.request.method":"POST",` +
		`"url.domain":"hooks.example.com","url.original":"/a%20b?x=1","http.request.headers":{"Content-Type":["text/plain; a=b","second"],"X-Text":["ä 😀 <&>"]},` +
		`"hookward.request.omitted":["header:Authorization","header:X-Jwt","header:X-Latin","header:X-Token"],"http.request.body.bytes":16,` +
		`"hookward.body.sha256":"f6d10284e7f4d05e73711ad0ad91de355bfb734934bc5511d0e7aaae4dedb616","http.request.body.content":"line\nwith <&> ä"}` + "\n"
	got, expected := map[string]any{}, map[string]any{}
	if json.Unmarshal(line, &got) != nil || json.Unmarshal([]byte(want), &expected) != nil {
		t.Fatal(string(line))
	}
	if !reflect.DeepEqual(got, expected) {
		t.Errorf("%s", line)
	}
	d, e = sample("\xff\x00")
	line, _ = lineOf(d, e, nil)
	l := Letter{}
	if json.Unmarshal(line, &l) != nil || l.Body != "" || l.BodyBase64 != base64.StdEncoding.EncodeToString(d.Body) || l.Headers["Authorization"][0] != "Bearer hush" || !reflect.DeepEqual(l.Omitted, []string{"header:X-Latin", "header:X-Token"}) {
		t.Errorf("%s", line)
	}
}

// A message has the body to the byte, and nothing that SQS would change.
func TestMessage(t *testing.T) {
	for body, encoding := range map[string]string{"text ä\n": "text", "": "none", "\x00": "base64", "\xff": "base64", "\uffff": "base64"} {
		d, e := sample(body)
		d.EventType = "no \x01 text"
		m, err := messageOf(d, e, private, "https://q/1/a.fifo", true)
		if err != nil {
			t.Fatal(err)
		}
		if m.Attributes["encoding"] != encoding || encoding == "text" && m.Body != body || m.Body == "" {
			t.Errorf("%q: %+v", body, m)
		}
		if m.Group != "hooks@file" || m.Deduplication != e.ID+".4" || m.QueueURL != "https://q/1/a.fifo" {
			t.Errorf("%+v", m)
		}
		if _, has := m.Attributes["event"]; has || len(m.Attributes) > 10 {
			t.Errorf("%v", m.Attributes)
		}
		for name, value := range m.Attributes {
			if !sqs.Fits(value) || strings.Contains(value, "hush") {
				t.Errorf("%s is %q", name, value)
			}
		}
		r := request{}
		if json.Unmarshal([]byte(m.Attributes["request"]), &r) != nil || r.Headers["X-Text"][0] != "ä 😀 <&>" || r.URI != "/a%20b?x=1" || r.Host != "hooks.example.com" || r.Method != "POST" || len(r.Omitted) != 4 {
			t.Errorf("%+v", r)
		}
		for _, c := range m.Attributes["request"] {
			if c > 0x7e {
				t.Errorf("%q in %s", c, m.Attributes["request"])
			}
		}
	}
	d, e := sample("x")
	d.Middleware = strings.Repeat("ä", 200)
	m, _ := messageOf(d, e, nil, "u", true)
	if !sqs.FitsGroup(m.Group) {
		t.Error(m.Group)
	}
	if m, _ = messageOf(d, e, nil, "u", false); m.Group != "" || m.Deduplication != "" {
		t.Errorf("%+v", m)
	}
}
