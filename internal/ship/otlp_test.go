package ship

import (
	"encoding/json"
	"testing"
)

func TestOTLPRequest(t *testing.T) {
	r, address := newReceiver(t)
	s := newSender(t, Target{Type: "otlp", URL: address, Token: "t", Host: "gate"})
	record := `{"@timestamp":"2026-11-25T01:50:44.123456Z","event.type":["denied"],"event.reason":"bad_signature","hookward.decision":"refuse","a":-12,"b":9007199254740993,"c":1.5,"d":true,"e":null,"f":{"y":[1,{"z":"<"}],"x":false},"g":1e400,"h":[]}`
	if got := told(Send(s, [][]byte{[]byte(record), []byte(`{"event.type":["allowed"]}`)})); got != "taken" {
		t.Error(got)
	}
	got := one(t, r)
	want := `{"resourceLogs":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"hookward"}},{"key":"host.name","value":{"stringValue":"gate"}}]},` +
		`"scopeLogs":[{"scope":{"name":"hookward"},"logRecords":[` +
		`{"timeUnixNano":"1795571444123456000","observedTimeUnixNano":"1795571444123456000","severityNumber":13,"severityText":"WARN","eventName":"hookward.audit","body":{"stringValue":"refuse: bad_signature"},"attributes":[` +
		`{"key":"a","value":{"intValue":"-12"}},{"key":"b","value":{"intValue":"9007199254740993"}},{"key":"c","value":{"doubleValue":1.5}},{"key":"d","value":{"boolValue":true}},{"key":"e","value":{}},` +
		`{"key":"event.reason","value":{"stringValue":"bad_signature"}},{"key":"event.type","value":{"arrayValue":{"values":[{"stringValue":"denied"}]}}},` +
		`{"key":"f","value":{"kvlistValue":{"values":[{"key":"x","value":{"boolValue":false}},{"key":"y","value":{"arrayValue":{"values":[{"intValue":"1"},{"kvlistValue":{"values":[{"key":"z","value":{"stringValue":"\u003c"}}]}}]}}}]}}},` +
		`{"key":"g","value":{"stringValue":"1e400"}},{"key":"h","value":{"arrayValue":{"values":[]}}},{"key":"hookward.decision","value":{"stringValue":"refuse"}}]},` +
		`{"severityNumber":9,"severityText":"INFO","eventName":"hookward.audit","body":{"stringValue":"audit"},"attributes":[{"key":"event.type","value":{"arrayValue":{"values":[{"stringValue":"allowed"}]}}}]}` +
		`]}]}]}`
	if got.line != "POST /v1/logs" || got.body != want || !json.Valid([]byte(got.body)) {
		t.Errorf("%s\n got %s\nwant %s", got.line, got.body, want)
	}
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("Authorization") != "Bearer t" {
		t.Errorf("%v", got.header)
	}
}

func TestOTLPReplies(t *testing.T) {
	r, address := newReceiver(t)
	s := newSender(t, Target{Type: "otlp", URL: address + "/v1/logs"})
	const but = "URL/v1/logs answered 200, but "
	for reply, want := range map[string]string{
		"": "taken", "{}": "taken", "{}\n": "taken", `{"partialSuccess":{}}`: "taken", `{"partialSuccess":null}`: "taken",
		`{"partialSuccess":{"rejectedLogRecords":0,"errorMessage":"secret"}}`:   "taken",
		`{"partialSuccess":{"rejectedLogRecords":"0","errorMessage":"secret"}}`: "taken",
		`{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"secret"}}`: "refused 3: " + but + "rejected 1 of 3 records, and does not say which",
		`{"partialSuccess":{"rejectedLogRecords":2,"errorMessage":"secret"}}`:   "refused 2 3: " + but + "rejected 2 of 3 records, and does not say which",
		`{"partialSuccess":{"rejectedLogRecords":"3"}}`:                         "refused 1 2 3: " + but + "rejected 3 of 3 records",
		`{"partialSuccess":{"rejectedLogRecords":"300"}}`:                       "refused 1 2 3: " + but + "rejected 300 of 3 records",
		`<html>`: "later 1 2 3: " + but + "not as a collector does",
		`[]`:     "later 1 2 3: " + but + "not as a collector does",
		`{"partialSuccess":{"rejectedLogRecords":`: "later 1 2 3: " + but + "not as a collector does",
	} {
		answerWith(r, 200, reply)
		expect(t, reply, s, address, want)
	}
	for status, want := range map[int]string{
		400: "later 1 2 3, smaller: URL/v1/logs answered 400", 413: "later 1 2 3, smaller: URL/v1/logs answered 413",
		429: "later 1 2 3: URL/v1/logs answered 429", 502: "later 1 2 3: URL/v1/logs answered 502", 503: "later 1 2 3: URL/v1/logs answered 503", 504: "later 1 2 3: URL/v1/logs answered 504",
	} {
		answerWith(r, status, `{"message":"secret"}`)
		expect(t, want, s, address, want)
	}
	answerWith(r, 400, "json encoding isn't supported, use protobuf")
	expect(t, "protobuf only", s, address, "later 1 2 3: URL/v1/logs answered 400, but not as a collector does that takes JSON")
}
