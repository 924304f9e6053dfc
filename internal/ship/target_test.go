package ship

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestMistakes(t *testing.T) {
	for i, c := range []struct {
		target Target
		want   string // what the problems begin with
	}{
		{Target{}, "type: must be"},
		{Target{Type: "kafka", URL: "https://h"}, "type: must be"},
		{Target{Type: "http"}, "url: is required"},
		{Target{Type: "http", URL: "logs.example.com"}, "url: must begin"},
		{Target{Type: "http", URL: "ftp://logs.example.com"}, "url: must begin"},
		{Target{Type: "http", URL: "https:logs"}, "url: must be a whole"},
		{Target{Type: "http", URL: "https://"}, "url: must be a whole"},
		{Target{Type: "http", URL: "https://:80"}, "url: must be a whole"},
		{Target{Type: "http", URL: "https://h:port"}, "url: must be a whole"},
		{Target{Type: "http", URL: "https://me:secret@h"}, "url: can't contain a user"},
		{Target{Type: "http", URL: "https://h/#a"}, "url: can't have a fragment"},
		{Target{Type: "http", URL: "https://h", Password: "p"}, "username: is required"},
		{Target{Type: "http", URL: "https://h", Username: "a:b"}, "username: can't"},
		{Target{Type: "http", URL: "https://h", Username: "a", Password: "p\n"}, "password: can't"},
		{Target{Type: "http", URL: "https://h", Token: "t\n"}, "token: can't"},
		{Target{Type: "http", URL: "https://h", Token: "t", Username: "u", Password: "p"}, "token: contradicts"},
		{Target{Type: "http", URL: "https://h", APIKey: "k"}, "apiKey: has no effect with type http"},
		{Target{Type: "http", URL: "https://h", Index: "i"}, "index: has no effect"},
		{Target{Type: "http", URL: "https://h", Labels: [][2]string{{"a", "b"}}}, "labels: has no effect"},
		{Target{Type: "http", URL: "https://h", Facility: "auth"}, "facility: has no effect"},
		{Target{Type: "http", URL: "http://h", TLS: &tls.Config{}}, "tls: has no effect"},
		{Target{Type: "http", URL: "https://h", Timeout: time.Millisecond}, "timeout: must be"},
		{Target{Type: "http", URL: "https://h", Timeout: time.Hour}, "timeout: must be"},
		{Target{Type: "http", URL: "https://h", Timeout: -1}, "timeout: must be"},
		{Target{Type: "http", URL: "https://h", Headers: [][2]string{{"A B", "c"}}}, "headers: must have"},
		{Target{Type: "http", URL: "https://h", Headers: [][2]string{{"", "c"}}}, "headers: must have"},
		{Target{Type: "http", URL: "https://h", Headers: [][2]string{{"X-A", "b\r\nX-B: c"}}}, "headers: X-A can't have"},
		{Target{Type: "http", URL: "https://h", Headers: [][2]string{{"X-A", "b"}, {"x-a", "c"}}}, "headers: has x-a twice"},
		{Target{Type: "http", URL: "https://h", Headers: [][2]string{{"content-type", "text/plain"}}}, "headers: content-type can't be set"},
		{Target{Type: "http", URL: "https://h", Headers: [][2]string{{"Host", "other"}}}, "headers: Host can't be set"},
		{Target{Type: "http", URL: "https://h", Token: "t", Headers: [][2]string{{"authorization", "x"}}}, "headers: Authorization contradicts"},
		{Target{Type: "elasticsearch", URL: "https://h", Index: "Logs"}, "index: must be"},
		{Target{Type: "elasticsearch", URL: "https://h", Index: "a b"}, "index: must be"},
		{Target{Type: "elasticsearch", URL: "https://h", APIKey: "a b"}, "apiKey: can't"},
		{Target{Type: "elasticsearch", URL: "https://h", Acknowledge: true}, "acknowledge: has no effect"},
		{Target{Type: "splunk", URL: "https://h"}, "token: is required"},
		{Target{Type: "splunk", URL: "https://h", Token: "t", Username: "u"}, "username: has no effect|token: contradicts"},
		{Target{Type: "splunk", URL: "https://h", Token: "t", Source: "a\nb"}, "source: can't"},
		{Target{Type: "splunk", URL: "https://h", Token: "t", SourceType: "a\nb"}, "sourcetype: can't"},
		{Target{Type: "loki", URL: "https://h", Labels: [][2]string{{"1a", "b"}}}, "labels: must have names"},
		{Target{Type: "loki", URL: "https://h", Labels: [][2]string{{"a", ""}}}, "labels: must have values"},
		{Target{Type: "loki", URL: "https://h", Labels: [][2]string{{"a", "b"}, {"a", "c"}}}, "labels: has a twice"},
		{Target{Type: "otlp", URL: "https://h", Source: "a"}, "source: has no effect"},
		{Target{Type: "syslog"}, "url: is required"},
		{Target{Type: "syslog", URL: "https://h"}, "url: must begin with udp"},
		{Target{Type: "syslog", URL: "tcp://"}, "url: must be a whole"},
		{Target{Type: "syslog", URL: "tcp://h/a"}, "url: can't have anything"},
		{Target{Type: "syslog", URL: "tcp://h?a"}, "url: can't have anything"},
		{Target{Type: "syslog", URL: "tcp://u@h"}, "url: can't have anything"},
		{Target{Type: "syslog", URL: "tcp://h", TLS: &tls.Config{}}, "tls: has no effect"},
		{Target{Type: "syslog", URL: "tcp://h", Token: "t"}, "token: has no effect"},
		{Target{Type: "syslog", URL: "tcp://h", Headers: [][2]string{{"a", "b"}}}, "headers: has no effect"},
		{Target{Type: "syslog", URL: "tcp://h", Facility: "local8"}, "facility: must be"},
	} {
		_, problems, _ := Complete(c.target)
		want := strings.Split(c.want, "|")
		right := len(problems) == len(want)
		for k := range want {
			right = right && strings.HasPrefix(problems[k][0]+": "+problems[k][1], want[k])
		}
		if !right {
			t.Errorf("case %d: %q, want %q", i, problems, want)
		}
		for _, problem := range problems {
			if strings.Contains(problem[1], "secret") {
				t.Errorf("case %d: shows a secret: %s", i, problem)
			}
		}
	}
}

func TestDefaults(t *testing.T) {
	for i, c := range []struct {
		target Target
		want   string
	}{
		{Target{Type: "elasticsearch", URL: "https://h"}, "https://h logs-hookward.audit-default   [] "},
		{Target{Type: "elasticsearch", URL: "https://h", Index: "<a-{now/d}>"}, "https://h <a-{now/d}>   [] "},
		{Target{Type: "splunk", URL: "https://h", Token: "t"}, "https://h  hookward _json [] "},
		{Target{Type: "loki", URL: "https://h"}, "https://h    [[service_name hookward]] "},
		{Target{Type: "loki", URL: "https://h", Labels: [][2]string{{"a", "b"}}}, "https://h    [[a b]] "},
		{Target{Type: "otlp", URL: "https://h"}, "https://h    [] "},
		{Target{Type: "http", URL: "https://h"}, "https://h    [] "},
		{Target{Type: "syslog", URL: "udp://h"}, "udp://h:514    [] local0"},
		{Target{Type: "syslog", URL: "tcp://[::1]/"}, "tcp://[::1]:601    [] local0"},
		{Target{Type: "syslog", URL: "tls://h", Facility: "audit", TLS: &tls.Config{}}, "tls://h:6514    [] audit"},
		{Target{Type: "syslog", URL: "tls://h:1514"}, "tls://h:1514    [] local0"},
	} {
		done, problems, warnings := Complete(c.target)
		got := fmt.Sprint(done.URL, " ", done.Index, " ", done.Source, " ", done.SourceType, " ", done.Labels, " ", done.Facility)
		if len(problems)+len(warnings) > 0 || got != c.want || done.Timeout != 10*time.Second || done.Host == "" {
			t.Errorf("case %d: %q, %q %q %+v", i, got, problems, warnings, done)
		}
	}
}

func TestCredentialsInTheClear(t *testing.T) {
	for i, c := range []struct {
		url    string
		target Target
		warns  bool
	}{
		{"http://logs.example.com", Target{Token: "t"}, true},
		{"http://10.0.0.1:3100", Target{Username: "u", Password: "p"}, true},
		{"http://10.0.0.1:3100", Target{Headers: [][2]string{{"X-Api-Key", "k"}}}, true},
		{"http://10.0.0.1:3100", Target{Headers: [][2]string{{"X-Scope-OrgID", "k"}}}, false},
		{"http://10.0.0.1:3100", Target{}, false},
		{"https://logs.example.com", Target{Token: "t"}, false},
		{"http://localhost:3100", Target{Token: "t"}, false},
		{"http://127.0.0.2", Target{Token: "t"}, false},
		{"http://[::1]:3100", Target{Token: "t"}, false},
		{"http://localhost.example.com", Target{Token: "t"}, true},
	} {
		target := c.target
		target.Type = "loki"
		target.URL = c.url
		_, problems, warnings := Complete(target)
		if len(problems) > 0 || (len(warnings) == 1 && warnings[0][0] == "url") != c.warns {
			t.Errorf("case %d: %q %q", i, problems, warnings)
		}
	}
}

func TestAppended(t *testing.T) {
	for address, want := range map[string]string{
		"https://h":                 "https://h/_bulk",
		"https://h/":                "https://h/_bulk",
		"https://h/a/?b=c/d?":       "https://h/a/_bulk?b=c/d?",
		"https://h/%2Fa":            "https://h/%2Fa/_bulk",
		"https://h/a/_bulk":         "https://h/a/_bulk",
		"https://h/a/_bulk/?b":      "https://h/a/_bulk?b",
		"https://h?":                "https://h/_bulk?",
		"https://h/insert/el?_a=_b": "https://h/insert/el/_bulk?_a=_b",
	} {
		if got := appended(address, "/_bulk"); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
	if got := appended("https://h/a/?b", ""); got != "https://h/a/?b" {
		t.Error(got)
	}
}
