package stores

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
)

const channel = "X-Splunk-Request-Channel: 0b1e6a5c-8f1d-4a8b-9c3e-2d7f5a4b6c1d"

func TestSplunkRefusals(t *testing.T) {
	s := Splunk(t, SplunkOptions{Disabled: "off", Indexes: []string{"main"}})
	good := "Authorization: Splunk " + s.Token
	for _, c := range []struct {
		name, authorization, body string
		status                    int
		reply                     string
		taken                     int
	}{
		{"no token", "", `{"event":1}`, 401, `{"code":2,"text":"Token is required"}`, 0},
		{"a token of another scheme", "Authorization: Bearer " + s.Token, `{"event":1}`, 401, `{"code":3,"text":"Invalid authorization"}`, 0},
		{"a wrong token", "Authorization: Splunk x", `{"event":1}`, 403, `{"code":4,"text":"Invalid token"}`, 0},
		{"a disabled token", "Authorization: Splunk off", `{"event":1}`, 403, `{"code":1,"text":"Token disabled"}`, 0},
		{"no data", good, " \n", 400, `{"code":5,"text":"No data"}`, 0},
		{"no JSON", good, `{"event":1}{"event":`, 400, `{"code":6,"invalid-event-number":1,"text":"Invalid data format"}`, 1},
		{"an array", good, `[{"event":1}]`, 400, `{"code":6,"invalid-event-number":0,"text":"Invalid data format"}`, 0},
		{"a host that is no text", good, `{"event":1,"host":1}`, 400, `{"code":6,"invalid-event-number":0,"text":"Invalid data format"}`, 0},
		{"another index", good, `{"event":1}{"event":2,"index":"main"}{"event":3,"index":"other"}{"event":4}`, 400, `{"code":7,"invalid-event-number":2,"text":"Incorrect index"}`, 2},
		{"no event", good, `{"events":1}`, 400, `{"code":12,"invalid-event-number":0,"text":"Event field is required"}`, 0},
		{"an empty event", good, `{"event":""}`, 400, `{"code":13,"invalid-event-number":0,"text":"Event field cannot be blank"}`, 0},
		{"nested fields", good, `{"event":1,"fields":{"a":{}}}`, 400, `{"code":15,"invalid-event-number":0,"text":"Error in handling indexed fields"}`, 0},
		{"good ones", good, `{"event":1}{"event":2}`, 200, `{"code":0,"text":"Success"}`, 2},
	} {
		before, requests := len(s.Events()), s.Requests()
		headers := []string{}
		if c.authorization != "" {
			headers = append(headers, c.authorization)
		}
		status, reply := post(t, s.URL+"/services/collector/event", "application/json", c.body, headers...)
		if status != c.status || reply != c.reply || len(s.Events())-before != c.taken || s.Requests() != requests+1 {
			t.Errorf("%s: %d %s, took %d", c.name, status, reply, len(s.Events())-before)
		}
	}
	if status, reply := post(t, s.URL+"/services/collector/ack", "application/json", `{"acks":[0]}`, good, channel); status != 400 || reply != `{"code":14,"text":"ACK is disabled"}` {
		t.Errorf("%d %s", status, reply)
	}
	if status, _ := post(t, s.URL+"/services/collector/raw", "text/plain", "x", good); status != http.StatusNotFound {
		t.Errorf("raw: %d", status)
	}
}

func TestSplunkKeepsEvents(t *testing.T) {
	s := Splunk(t, SplunkOptions{})
	post(t, s.URL+"/services/collector", "application/json",
		`{"time":981173106.789,"host":"h","source":"s","sourcetype":"_json","index":"i","event":{"a":"b"},"fields":{"f":["g"]}} {"event":"text"}`, "Authorization: Splunk "+s.Token)
	if got := fmt.Sprintf("%s", s.Events()); got != `[{981173106.789 h s _json i {"a":"b"} map[f:[g]]} {     "text" map[]}]` {
		t.Error(got)
	}
}

func TestSplunkOnDemand(t *testing.T) {
	s := Splunk(t, SplunkOptions{})
	good := "Authorization: Splunk " + s.Token
	health := func(want string) {
		t.Helper()
		response, err := http.Get(s.URL + "/services/collector/health")
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.Status != want {
			t.Errorf("health: %s", response.Status)
		}
	}
	health("200 OK")
	s.Fail(9, 2, 1)
	health("503 Service Unavailable")
	for range 2 {
		if status, reply := post(t, s.URL+"/services/collector/event", "application/json", `{"event":1}{"event":2}`, good); status != 503 || reply != `{"code":9,"invalid-event-number":1,"text":"Server is busy"}` {
			t.Errorf("%d %s", status, reply)
		}
	}
	s.Fail(8, 1, 0)
	if status, reply := post(t, s.URL+"/services/collector/event", "application/json", `{"event":1}{"event":2}`, good); status != 500 || reply != `{"code":8,"text":"Internal server error"}` {
		t.Errorf("%d %s", status, reply)
	}
	health("200 OK")
	if len(s.Events()) != 2 {
		t.Errorf("took %v", s.Events())
	}
	s.Fail(24, 1, 0)
	if status, reply := post(t, s.URL+"/services/collector/event", "application/json", `{"event":1}{"event":2}`, good); status != 200 || !strings.Contains(reply, `"code":24`) || len(s.Events()) != 4 {
		t.Errorf("%d %s %v", status, reply, s.Events())
	}
}

func TestSplunkAcknowledgement(t *testing.T) {
	s := Splunk(t, SplunkOptions{Acknowledge: true, Pending: 1})
	good := "Authorization: Splunk " + s.Token
	for _, c := range []struct {
		path, body, channel string
		status              int
		reply               string
	}{
		{"event", `{"event":1}`, "X-None: ", 400, `{"code":10,"text":"Data channel is missing"}`},
		{"event", `{"event":1}`, "X-Splunk-Request-Channel: 17", 400, `{"code":11,"text":"Invalid data channel"}`},
		{"ack", `{"acks":[0]}`, "X-None: ", 400, `{"code":10,"text":"Data channel is missing"}`},
		{"event", `{"event":1}`, channel, 200, `{"ackId":0,"code":0,"text":"Success"}`},
		{"event", `{"event":2}`, channel, 200, `{"ackId":1,"code":0,"text":"Success"}`},
		{"event", `{}`, channel, 400, `{"code":12,"invalid-event-number":0,"text":"Event field is required"}`},
		{"ack", `{"acks":[0,5]}`, channel, 200, `{"acks":{"0":false,"5":false}}`},
		{"ack", `{"acks":[0,1]}`, channel, 200, `{"acks":{"0":true,"1":false}}`},
		{"ack", `{"acks":[0,1]}`, channel, 200, `{"acks":{"0":false,"1":true}}`},
		// Channels know nothing of each other.
		{"event?channel=0b1e6a5c-8f1d-4a8b-9c3e-000000000000", `{"event":3}`, "X-None: ", 200, `{"ackId":0,"code":0,"text":"Success"}`},
		{"ack", `no JSON`, channel, 400, `{"code":6,"text":"Invalid data format"}`},
	} {
		if status, reply := post(t, s.URL+"/services/collector/"+c.path, "application/json", c.body, good, c.channel); status != c.status || reply != c.reply {
			t.Errorf("%s %s %s: %d %s", c.path, c.body, c.channel, status, reply)
		}
	}
	if len(s.Events()) != 3 {
		t.Errorf("%s", s.Events())
	}
	never := Splunk(t, SplunkOptions{Acknowledge: true, Pending: -1})
	good = "Authorization: Splunk " + never.Token
	post(t, never.URL+"/services/collector/event", "application/json", `{"event":1}`, good, channel)
	for range 3 {
		if _, reply := post(t, never.URL+"/services/collector/ack", "application/json", `{"acks":[0]}`, good, channel); reply != `{"acks":{"0":false}}` {
			t.Error(reply)
		}
	}
}

func TestSplunkTLS(t *testing.T) {
	authority := NewAuthority(t, t.TempDir())
	certificate := authority.Issue(t, "server")
	s := Splunk(t, SplunkOptions{Certificate: &certificate})
	pem, err := os.ReadFile(authority.File)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	client := &http.Client{Timeout: patience, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}}
	response, err := client.Get(s.URL + "/services/collector/health")
	if err != nil || response.Body.Close() != nil || response.StatusCode != http.StatusOK || !strings.HasPrefix(s.URL, "https://") {
		t.Errorf("%v %v", response, err)
	}
	if _, err := http.Get(s.URL + "/services/collector/health"); err == nil {
		t.Error("everybody trusts it")
	}
}
