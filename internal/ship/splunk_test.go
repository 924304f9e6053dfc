package ship

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/await"
)

func TestSplunkRequest(t *testing.T) {
	r, address := newReceiver(t)
	answerWith(r, 200, `{"text":"Success","code":0}`)
	s := newSender(t, Target{Type: "splunk", URL: address + "/a?b=c", Token: "B5A7-secret", Host: "gate<1>", Index: "audit"})
	expect(t, "events", s, address, "taken")
	got := one(t, r)
	const rest = `"host":"gate\u003c1\u003e","source":"hookward","sourcetype":"_json","index":"audit","event":`
	want := `{"time":1795571444.123456,` + rest + first + `}{"time":1795571445.000000,` + rest + second + `}{"time":1795571446.500000,` + rest + third + `}`
	if got.line != "POST /a/services/collector/event?b=c" || got.body != want {
		t.Errorf("%s\n%s\n%s", got.line, got.body, want)
	}
	if got.header.Get("Content-Type") != "application/json" || got.header.Get("Authorization") != "Splunk B5A7-secret" || got.header.Get("X-Splunk-Request-Channel") != "" {
		t.Errorf("%v", got.header)
	}
	s = newSender(t, Target{Type: "splunk", URL: address + "/services/collector/event", Token: "t", Host: "h", Source: "s", SourceType: "st"})
	if got := told(Send(s, [][]byte{[]byte(`{"a":1}`)})); got != "taken" {
		t.Error(got)
	}
	got = one(t, r)
	if got.line != "POST /services/collector/event" || got.body != `{"host":"h","source":"s","sourcetype":"st","event":{"a":1}}` {
		t.Errorf("%s\n%s", got.line, got.body)
	}
}

func TestSplunkCodes(t *testing.T) {
	r, address := newReceiver(t)
	s := newSender(t, Target{Type: "splunk", URL: address, Token: "secret"})
	const url = "URL/services/collector/event answered "
	for _, c := range []struct {
		status int
		code   string
		want   string
	}{
		{200, "0", "taken"}, {200, "24", "taken"}, {200, "25", "taken"},
		{403, "1", "later 1 2 3: " + url + "403 with code 1: the token is disabled"},
		{401, "2", "later 1 2 3: " + url + "401 with code 2: a token is required"},
		{401, "3", "later 1 2 3: " + url + "401 with code 3: the authorization is not valid"},
		{403, "4", "later 1 2 3: " + url + "403 with code 4: the token is not valid"},
		{400, "5", "later 1 2 3, smaller: " + url + "400 with code 5: no data"},
		{400, "6", "later 1 2 3, smaller: " + url + "400 with code 6: the format of the data is not valid"},
		{400, "12", "later 1 2 3, smaller: " + url + "400 with code 12: an event is required"},
		{400, "13", "later 1 2 3, smaller: " + url + "400 with code 13: an event is blank"},
		{400, "15", "later 1 2 3, smaller: " + url + "400 with code 15: fields are not valid"},
		{400, "7", "later 1 2 3: " + url + "400 with code 7: the token may not write to the index"},
		{500, "8", "later 1 2 3: " + url + "500 with code 8: an internal error"},
		{503, "9", "later 1 2 3: " + url + "503 with code 9: the server is busy"},
		{400, "10", "later 1 2 3: " + url + "400 with code 10: the token is one with acknowledgement, which acknowledge: true is for"},
		{400, "11", "later 1 2 3: " + url + "400 with code 11: the channel is not valid"},
		{400, "14", "later 1 2 3: " + url + "400 with code 14: the token is one without acknowledgement, so that acknowledge: true has no effect"},
		{503, "23", "later 1 2 3: " + url + "503 with code 23: the server is shutting down"},
		{503, "26", "later 1 2 3: " + url + "503 with code 26: the queue is full"},
		{503, "27", "later 1 2 3: " + url + "503 with code 27: the queue of acknowledgements is full"},
		{400, "99", "later 1 2 3: " + url + "400 with code 99"},
		{413, "27", "later 1 2 3, smaller: " + url + "413"},
		{500, "6", "later 1 2 3: " + url + "500 with code 6: the format of the data is not valid"},
		{503, "0", "later 1 2 3: " + url + "503 with code 0"},
		{200, "9", "later 1 2 3: " + url + "200 with code 9: the server is busy"},
	} {
		answerWith(r, c.status, `{"text":"secret","code":`+c.code+`,"invalid-event-number":1}`)
		expect(t, c.code, s, address, c.want)
	}
	answerWith(r, 400, `{"text":"secret","code":6}`)
	if got := shortened(told(Send(s, [][]byte{[]byte(first)})), address); got != "refused 1: "+url+"400 with code 6: the format of the data is not valid" {
		t.Error(got)
	}
	for _, c := range []struct {
		status int
		reply  string
		want   string
	}{
		{200, "", "200, but not as Splunk does"}, {200, "ok", "200, but not as Splunk does"}, {200, "{}", "200, but not as Splunk does"},
		{200, `{"text":"Success"}`, "200, but not as Splunk does"}, {200, `{"code":"0"}`, "200, but not as Splunk does"}, {200, `{"code":0`, "200, but not as Splunk does"},
		{400, "<html>", "400, but not as Splunk does"}, {502, "<html>", "502"}, {404, "", "404"},
	} {
		answerWith(r, c.status, c.reply)
		expect(t, c.reply, s, address, "later 1 2 3: "+url+c.want)
	}
	serve(r, func(rw http.ResponseWriter, _ *http.Request) {
		rw.Header().Set("Retry-After", "5")
		rw.WriteHeader(503)
		_, _ = io.WriteString(rw, `{"text":"Server is busy","code":9}`)
	})
	expect(t, "Retry-After", s, address, "later 1 2 3, wait 5s: "+url+"503 with code 9: the server is busy")
}

// newAcknowledged returns a sender that asks often, and a receiver of events and
// questions: the answers to questions are given in turn, the last one for ever.
func newAcknowledged(t *testing.T, event string, answers []string) (*Sender, *receiver, string) {
	t.Helper()
	r, address := newReceiver(t)
	asked := 0
	serve(r, func(rw http.ResponseWriter, request *http.Request) {
		if !strings.HasSuffix(request.URL.Path, "/ack") {
			_, _ = io.WriteString(rw, event)
			return
		}
		r.mu.Lock()
		turn := asked
		if asked < len(answers)-1 {
			asked++
		}
		r.mu.Unlock()
		var status int
		var body string
		_, _ = fmt.Sscanf(answers[turn], "%d %s", &status, &body)
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, body)
	})
	s := newSender(t, Target{Type: "splunk", URL: address + "/x?y=z", Token: "secret", Host: "h", Acknowledge: true})
	s.ackInterval = time.Millisecond
	s.ackPatience = 100 * time.Millisecond
	return s, r, address
}

func TestSplunkAcknowledges(t *testing.T) {
	s, r, address := newAcknowledged(t, `{"text":"Success","code":0,"ackId":7}`, []string{`200 {"acks":{"7":false}}`, `503 {"code":9}`, `200 {"acks":{"8":true}}`, `200 {"acks":{"7":true}}`})
	s.ackPatience = time.Minute
	expect(t, "acknowledged", s, address, "taken")
	got := take(r)
	if len(got) != 5 {
		t.Fatalf("%d requests", len(got))
	}
	channel := got[0].header.Get("X-Splunk-Request-Channel")
	if !regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`).MatchString(channel) {
		t.Errorf("channel %q", channel)
	}
	if got[0].line != "POST /x/services/collector/event?y=z" {
		t.Error(got[0].line)
	}
	for _, question := range got[1:] {
		if question.line != "POST /x/services/collector/ack?y=z&channel="+channel || question.body != `{"acks":[7]}` ||
			question.header.Get("Authorization") != "Splunk secret" || question.header.Get("X-Splunk-Request-Channel") != channel {
			t.Errorf("%+v", question)
		}
	}
	if New(s.target).channel == channel {
		t.Error("two senders have one channel")
	}
}

func TestSplunkDoesNotAcknowledge(t *testing.T) {
	const event = `{"text":"Success","code":0,"ackId":7}`
	const url = "URL/services/collector/ack "
	for _, c := range []struct {
		answer string
		want   string
	}{
		{`200 {"acks":{"7":false}}`, "has not acknowledged the records within 100ms"},
		{`200 {"acks":{}}`, "has not acknowledged the records within 100ms"},
		{`200 {"acks":{"7":"true"}}`, "has not acknowledged the records within 100ms"},
		{`200 {"acks":{"77":true}}`, "has not acknowledged the records within 100ms"},
		{`503 {"code":9}`, "has not acknowledged the records within 100ms"},
		{`400 {"code":14}`, "answered with code 14: the token is one without acknowledgement, so that acknowledge: true has no effect"},
		{`403 {"code":4}`, "answered 403, so that nothing is acknowledged"},
		{`404 -`, "answered 404, so that nothing is acknowledged"},
	} {
		s, _, address := newAcknowledged(t, event, []string{c.answer})
		expect(t, c.answer, s, address, "later 1 2 3: "+url+c.want)
	}
	// Closing ends the wait.
	s, r, address := newAcknowledged(t, event, []string{`200 {"acks":{"7":false}}`})
	s.ackInterval = time.Hour
	ended := make(chan string)
	go sendAndTell(s, ended)
	await.Until(t, "the events arrive", func() bool {
		r.mu.Lock()
		defer r.mu.Unlock()
		return len(r.got) > 0
	})
	Close(s)
	if got := shortened(<-ended, address); !strings.HasSuffix(got, "was left, because the sender was closed") {
		t.Error(got)
	}
}

func sendAndTell(s *Sender, ended chan string) {
	defer func() { _ = recover() }()
	ended <- told(Send(s, three()))
}

// A token without acknowledgement takes the records each time: after the first
// time it gets no more copies, until that is put right.
func TestSplunkWithoutAcknowledgementGetsOneCopy(t *testing.T) {
	s, r, address := newAcknowledged(t, `{"text":"Success","code":0}`, []string{`400 {"code":14}`})
	expect(t, "first", s, address, "later 1 2 3: URL/services/collector/event answered 200 without a promise to acknowledge: "+hecCodes[14])
	for i := 0; i < 3; i++ {
		expect(t, "again", s, address, "later 1 2 3: URL/services/collector/ack answered with code 14: "+hecCodes[14])
	}
	copies := 0
	for _, request := range take(r) {
		if !strings.Contains(request.line, "/ack?") {
			copies++
		}
	}
	if copies != 1 {
		t.Errorf("%d copies", copies)
	}
	serve(r, func(rw http.ResponseWriter, request *http.Request) {
		if strings.HasSuffix(request.URL.Path, "/ack") {
			_, _ = io.WriteString(rw, `{"acks":{"0":false,"9":true}}`)
		} else {
			_, _ = io.WriteString(rw, `{"text":"Success","code":0,"ackId":9}`)
		}
	})
	for _, questions := range []int{2, 1} { // whether it is put right, and whether the records are indexed
		expect(t, "put right", s, address, "taken")
		if n := len(take(r)); n != questions+1 {
			t.Errorf("%d requests", n)
		}
	}
}
