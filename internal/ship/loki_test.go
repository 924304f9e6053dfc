package ship

import (
	"encoding/json"
	"strconv"
	"testing"
	"time"
)

func TestLoki(t *testing.T) {
	r, address := newReceiver(t)
	answerWith(r, 204, "")
	s := newSender(t, Target{Type: "loki", URL: address + "/", Username: "u", Password: "p", Headers: [][2]string{{"X-Scope-OrgID", "tenant"}}, Labels: [][2]string{{"service_name", "hook\"ward"}, {"env", "a"}}})
	expect(t, "push", s, address, "taken")
	got := one(t, r)
	line := func(text string) string {
		quoted, _ := json.Marshal(text)
		return string(quoted)
	}
	want := `{"streams":[{"stream":{"env":"a","service_name":"hook\"ward"},"values":[["1795571444123456000",` + line(first) + `],["1795571445000000000",` + line(second) + `],["1795571446500000000",` + line(third) + `]]}]}`
	if got.line != "POST /loki/api/v1/push" || got.body != want {
		t.Errorf("%s\n%s", got.line, got.body)
	}
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("X-Scope-Orgid") != "tenant" || got.header.Get("Authorization") != "Basic dTpw" {
		t.Errorf("%v", got.header)
	}
	for status, want := range map[int]string{200: "taken", 400: "later 1 2 3, smaller: URL/loki/api/v1/push answered 400", 429: "later 1 2 3: URL/loki/api/v1/push answered 429"} {
		answerWith(r, status, "entry with timestamp secret ignored")
		expect(t, want, s, address, want)
	}
	// Without a time of its own, a line has that of its sending.
	s = newSender(t, Target{Type: "loki", URL: address})
	answerWith(r, 204, "")
	take(r)
	before := time.Now()
	if got := told(Send(s, [][]byte{[]byte(`{"a":1}`)})); got != "taken" {
		t.Error(got)
	}
	body := push{}
	err := json.Unmarshal([]byte(one(t, r).body), &body)
	if err != nil || len(body.Streams) != 1 || body.Streams[0].Labels["service_name"] != "hookward" || len(body.Streams[0].Values) != 1 || body.Streams[0].Values[0][1] != `{"a":1}` {
		t.Fatalf("%v %+v", err, body)
	}
	at, err := strconv.ParseInt(body.Streams[0].Values[0][0], 10, 64)
	if err != nil || at < before.UnixNano() || at > time.Now().UnixNano() {
		t.Errorf("%v %d", err, at)
	}
}
