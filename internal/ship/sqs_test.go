package ship

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/sqs"
)

const queueURL = "https://sqs.eu-central-1.amazonaws.com/123456789012/hooks-dlq"

var keys = sqs.Credentials{AccessKeyID: "AKIDEXAMPLEEXAMPLE", SecretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"}

func TestCompleteSQS(t *testing.T) {
	for url, region := range map[string]string{
		queueURL: "eu-central-1",
		"https://sqs.us-gov-west-1.amazonaws.com/123456789012/a.fifo":                 "us-gov-west-1",
		"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/a":                      "cn-north-1",
		"https://sqs-fips.us-east-1.amazonaws.com/123456789012/a":                     "us-east-1",
		"https://sqs.us-east-1.api.aws/123456789012/a":                                "us-east-1",
		"https://vpce-0a1b-2c3d.sqs.ap-southeast-2.vpce.amazonaws.com/123456789012/a": "ap-southeast-2",
		"https://eu-west-1.queue.amazonaws.com/123456789012/a":                        "eu-west-1",
	} {
		target, problems, warnings := Complete(Target{Type: "sqs", URL: url, Keys: keys})
		if len(problems)+len(warnings) > 0 || target.Region != region || target.Endpoint+target.URL[len(target.Endpoint):] != url || strings.Count(target.Endpoint, "/") != 2 {
			t.Errorf("%s: %+v %v %v", url, target, problems, warnings)
		}
	}
	for _, c := range []struct {
		change func(*Target)
		want   string
	}{
		{func(t *Target) { t.URL = "" }, "url"},
		{func(t *Target) { t.URL = "ftp://sqs.eu-central-1.amazonaws.com/123456789012/a" }, "url"},
		{func(t *Target) { t.URL = "https://sqs.eu-central-1.amazonaws.com/a" }, "url"},
		{func(t *Target) { t.URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/a?b" }, "url"},
		{func(t *Target) {
			t.URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/" + strings.Repeat("a", 81)
		}, "url"},
		{func(t *Target) { t.URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/a.b" }, "url"},
		{func(t *Target) { t.URL = "https://a:b@sqs.eu-central-1.amazonaws.com/123456789012/a" }, "url"},
		{func(t *Target) { t.URL = "https://queue.example.com/123456789012/a" }, "region"},
		{func(t *Target) { t.Region = "EU" }, "region"},
		{func(t *Target) { t.Endpoint = "localhost:4566" }, "endpoint"},
		{func(t *Target) { t.Endpoint = "https://a/b" }, "endpoint"},
		{func(t *Target) { t.Endpoint = "https://a?b" }, "endpoint"},
		{func(t *Target) { t.Keys.AccessKeyID = "" }, "accessKeyID"},
		{func(t *Target) { t.Keys.AccessKeyID = "a/b" }, "accessKeyID"},
		{func(t *Target) { t.Keys.SecretAccessKey = "" }, "secretAccessKey"},
		{func(t *Target) { t.Keys.SecretAccessKey = "a b" }, "secretAccessKey"},
		{func(t *Target) { t.Keys.SessionToken = "a\n" }, "sessionToken"},
		{func(t *Target) { t.Token = "a" }, "token"},
		{func(t *Target) { t.Index = "a" }, "index"},
		{func(t *Target) { t.Headers = [][2]string{{"A", "b"}} }, "headers"},
		{func(t *Target) { t.Timeout = time.Millisecond }, "timeout"},
	} {
		target := Target{Type: "sqs", URL: queueURL, Keys: keys}
		c.change(&target)
		_, problems, _ := Complete(target)
		if len(problems) != 1 || problems[0][0] != c.want {
			t.Errorf("%s: %v", c.want, problems)
		}
	}
	for _, change := range []func(*Target){
		func(t *Target) { t.Region = "a" }, func(t *Target) { t.Endpoint = "https://a" }, func(t *Target) { t.Keys.AccessKeyID = "a" },
		func(t *Target) { t.Keys.SecretAccessKey = "a" }, func(t *Target) { t.Keys.SessionToken = "a" },
	} {
		target := Target{Type: "http", URL: "https://a"}
		change(&target)
		if _, problems, _ := Complete(target); len(problems) != 1 || problems[0][1] != "has no effect with type http" {
			t.Errorf("%v", problems)
		}
	}
}

// A message counts as taken once SQS has said which bytes it has, and these are the right
// ones. Nothing that it says otherwise is shown.
func TestSendMessage(t *testing.T) {
	status := 0
	text := ""
	date := time.Time{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for name, want := range map[string]string{
			"X-Amz-Target": "AmazonSQS.SendMessage", "Content-Type": "application/x-amz-json-1.0", "User-Agent": "hookward", "X-Amz-Security-Token": "token",
			"Authorization": "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLEEXAMPLE/" + time.Now().UTC().Format("20060102") + "/eu-central-1/sqs/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=",
		} {
			if !strings.HasPrefix(r.Header.Get(name), want) {
				t.Errorf("%s: %s", name, r.Header.Get(name))
			}
		}
		if r.URL.Path != "/" || r.Method != http.MethodPost || string(body) != `{"QueueUrl":"`+queueURL+`","MessageBody":"body"}`+"\n" {
			t.Errorf("%s %s %s", r.Method, r.URL, body)
		}
		if !date.IsZero() {
			rw.Header().Set("Date", date.UTC().Format(http.TimeFormat))
		}
		rw.Header().Set("Location", "https://elsewhere.example.com")
		rw.WriteHeader(status)
		_, _ = io.WriteString(rw, text)
	}))
	defer server.Close()
	token := keys
	token.SessionToken = "token"
	target, problems, _ := Complete(Target{Type: "sqs", URL: queueURL, Endpoint: server.URL + "/", Keys: token})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	s := New(target)
	defer Close(s)
	m := &sqs.Message{QueueURL: queueURL, Body: "body"}
	now := time.Now()
	for _, c := range []struct {
		status int
		text   string
		date   time.Time
		want   MessageOutcome
	}{
		{200, `{"MessageId":"1","MD5OfMessageBody":"841a2d689ad86bd1611447453c22c6fc"}`, time.Time{}, MessageOutcome{Taken: true}},
		{200, `{"MessageId":"1","MD5OfMessageBody":"hush"}`, time.Time{}, MessageOutcome{Problem: "answered 200, but has kept something else than what was sent"}},
		{200, `hush`, time.Time{}, MessageOutcome{Problem: "answered 200, but not as SQS does"}},
		{302, ``, time.Time{}, MessageOutcome{Problem: "answered 302, a redirect, which is not followed"}},
		{400, `{"__type":"a#InvalidMessageContents","message":"hush"}`, time.Time{}, MessageOutcome{Refused: true, Problem: "answered 400: InvalidMessageContents"}},
		{403, `{"__type":"a#AccessDenied","message":"hush"}`, now, MessageOutcome{Problem: "answered 403: AccessDenied"}},
		{403, `{"__type":"RequestExpired"}`, now.Add(-20 * time.Minute), MessageOutcome{Problem: "answered 403: RequestExpired; this machine's clock is "}},
		{403, `{"__type":"RequestExpired"}`, now.Add(20 * time.Minute), MessageOutcome{Problem: "answered 403: RequestExpired; this machine's clock is "}},
		{503, `hush`, now.Add(20 * time.Minute), MessageOutcome{Problem: "answered 503, but not as SQS does"}},
	} {
		status = c.status
		text = c.text
		date = c.date
		o := SendMessage(s, m)
		problem := strings.TrimPrefix(o.Problem, server.URL+" ")
		if o.Taken != c.want.Taken || o.Refused != c.want.Refused || !strings.HasPrefix(problem, c.want.Problem) || strings.Contains(problem, "hush") || (problem == "") != c.want.Taken {
			t.Errorf("%d %s: %+v", c.status, c.text, o)
		}
		off := c.status == 403 && c.date != now
		if strings.Contains(problem, " ahead of the server's") != (off && c.date.Before(now)) || strings.Contains(problem, " behind the server's") != (off && c.date.After(now)) {
			t.Errorf("%s: %s", c.date, problem)
		}
	}
	server.Close()
	if o := SendMessage(s, m); o.Taken || o.Refused || o.TooLarge || o.Problem == "" {
		t.Errorf("%+v", o)
	}
	if o := SendMessage(s, &sqs.Message{QueueURL: queueURL, Body: strings.Repeat("x", sqs.MaxSize+1)}); !o.TooLarge {
		t.Error(fmt.Sprint(o.Problem))
	}
}
