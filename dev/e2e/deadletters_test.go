package e2e

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/sqs"
	"github.com/hookward/hookward/dev/testkit"
)

// queues runs an emulator of SQS with a front that checks signatures, until the test ends.
func queues(t *testing.T) (*sqs.Server, *sqs.Front, string) {
	t.Helper()
	server, err := sqs.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	front, err := sqs.NewFront(server)
	if err != nil {
		t.Fatal(err)
	}
	endpoint, err := gateway.Serve(t.Context(), "127.0.0.1:0", front)
	if err != nil {
		t.Fatal(err)
	}
	return server, front, endpoint
}

// lettersTo is a configuration whose dead letters go to some outputs.
func lettersTo(t *testing.T, more, outputs string) string {
	return kept(t, ", timeout: 2s, deadLetter: {"+more+"outputs: ["+outputs+"]}")
}

// toQueue is an output: a queue behind an endpoint.
func toQueue(url, endpoint string) string {
	return fmt.Sprintf(`{type: sqs, url: %q, endpoint: %q, region: %s, accessKeyID: %s, secretAccessKey: "env:AWS_SECRET", timeout: 2s}`, url, endpoint, sqs.Region, sqs.AccessKeyID)
}

var awsSecret = gateway.Settings{Env: []string{"AWS_SECRET=" + sqs.SecretAccessKey}}

// dies has a delivery given up, and returns its id.
func (s *site) dies(t *testing.T, gate, body string, lines ...string) string {
	t.Helper()
	a := s.post(t, gate, body, append([]string{signed(secret, body), "X-Answers: 503 404"}, lines...)...)
	id := s.stored(t, a)
	s.ends(t, id, "dead")
	return id
}

// received waits for messages of a queue.
func received(t *testing.T, server *sqs.Server, queue string, n int) []types.Message {
	t.Helper()
	all := []types.Message{}
	testkit.Await(t, fmt.Sprintf("%d messages in %s", n, queue), func() bool {
		got, err := server.Receive(queue)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, got...)
		return len(all) >= n
	})
	if got, err := server.Receive(queue); len(got) > 0 || err != nil {
		t.Errorf("%d more in %s, %v", len(got), queue, err)
	}
	return all
}

// bodyOf returns the body that a message stands for.
func bodyOf(t *testing.T, m types.Message) string {
	t.Helper()
	switch encoding := attributeOf(m, "encoding"); encoding {
	case "text":
		return *m.Body
	case "none":
		return ""
	case "base64":
		body, err := base64.StdEncoding.DecodeString(*m.Body)
		if err != nil {
			t.Error(err)
		}
		return string(body)
	default:
		return encoding
	}
}

func attributeOf(m types.Message, name string) string {
	a, ok := m.MessageAttributes[name]
	if !ok || a.StringValue == nil {
		return ""
	}
	return *a.StringValue
}

// awkward are bodies that a queue may not take as they are, and how they are encoded.
var awkward = []struct{ body, encoding string }{
	{`{"a": "\u00e4ä € <&>", "b": "\t"}` + "\r\n\t", "text"},
	{"😀", "base64"}, // which AWS takes, and the emulator does not
	{"a control \x08", "base64"}, {"NUL \x00", "base64"}, {"\xff\xfe", "base64"}, {"\ufffe", "base64"}, {"\uffff", "base64"}, {"half a pair \xed\xa0\x80", "base64"},
	{"\u007f\u0085\u2028\ufeff", "text"}, {"", "none"}, {strings.Repeat("€", 300_000), "text"},
}

// What is given up stands in the queue to the byte, with what else was known of it, as AWS'
// own SDK reads it, once; and a restart sends nothing again.
func TestDeadLettersToSQS(t *testing.T) {
	server, front, endpoint := queues(t)
	standard, err := server.Queue("hooks-dlq", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, script(), []gate{{name: "kept", options: lettersTo(t, "", toQueue(standard, endpoint))}}, awsSecret)
	for i, c := range awkward {
		id := s.dies(t, "kept", c.body, "Content-Type: application/json", "X-GitHub-Event: push", fmt.Sprintf("X-GitHub-Delivery: d%d", i), "Cookie: a=b", "Authorization: Bearer of the backend", "X-Name: Zoë 😀")
		m := received(t, server, standard, 1)[0]
		if got := bodyOf(t, m); got != c.body || attributeOf(m, "encoding") != c.encoding {
			t.Errorf("%.40q has become %.40q, %s", c.body, got, attributeOf(m, "encoding"))
		}
		want := map[string]string{"id": id, "middleware": "kept@file", "provider": "github", "event": "push", "reason": "rejected", "attempts": "2", "content-type": "application/json", "encoding": c.encoding}
		request := struct {
			Method, URI, Host string
			Headers           map[string][]string
			Omitted           []string
		}{}
		if err := json.Unmarshal([]byte(attributeOf(m, "request")), &request); err != nil {
			t.Fatal(err)
		}
		if request.Method != "POST" || !strings.HasPrefix(request.URI, "/kept/") || request.Headers["X-Hub-Signature-256"][0] != strings.TrimPrefix(signed(secret, c.body), "X-Hub-Signature-256: ") ||
			request.Headers["X-Name"][0] != "Zoë 😀" || request.Headers["Cookie"] != nil || request.Headers["Authorization"] != nil || !reflect.DeepEqual(request.Omitted, []string{"header:Authorization"}) {
			t.Errorf("%+v", request)
		}
		for name, value := range want {
			if got := attributeOf(m, name); got != value {
				t.Errorf("%s is %q, want %q", name, got, value)
			}
		}
		if len(m.MessageAttributes) != 10 || attributeOf(m, "received") == "" {
			t.Errorf("%v", m.MessageAttributes)
		}
		r := s.ends(t, id, "handed_over")
		if r.Outcome != "success" || r.Reason != "rejected" || r.Output != "sqs hooks-dlq" {
			t.Errorf("%+v", r)
		}
	}
	if n := front.Asked("hooks-dlq"); n != len(awkward)+1 {
		t.Errorf("%d messages were sent for %d and the one that was refused", n, len(awkward))
	}
}

// A FIFO queue keeps the order of the deaths, and one of two copies where nobody knew whether
// the first has arrived. What is too large is told of, and stays.
func TestDeadLettersToFIFO(t *testing.T) {
	unsteadily(t)
	server, front, endpoint := queues(t)
	fifo, err := server.Queue("hooks.fifo", nil)
	if err != nil {
		t.Fatal(err)
	}
	small, err := server.Queue("small", map[string]string{"MaximumMessageSize": "4096"})
	if err != nil {
		t.Fatal(err)
	}
	gone := t.TempDir() + "/dlq.log"
	s := start(t, script(), []gate{
		{name: "fifo", options: lettersTo(t, "keep: 0s, ", toQueue(fifo, endpoint))},
		{name: "small", options: lettersTo(t, "keep: 0s, ", toQueue(small, endpoint)+", {type: file, path: "+gone+"}")},
	}, awsSecret)
	front.Set("hooks.fifo", sqs.Mode{Lose: true})
	want := []string{}
	for i := 0; i < 5; i++ {
		want = append(want, s.dies(t, "fifo", fmt.Sprint("body ", i)))
	}
	testkit.Await(t, "the first is sent", func() bool { return front.Asked("hooks.fifo") > 1 })
	front.Set("hooks.fifo", sqs.Mode{})
	for i, m := range received(t, server, fifo, 5) {
		if attributeOf(m, "id") != want[i] || *m.Body != fmt.Sprint("body ", i) || m.Attributes["MessageGroupId"] != "fifo@file" || m.Attributes["MessageDeduplicationId"] != want[i]+".2" {
			t.Errorf("%d: %v, want %s", i, m.Attributes, want[i])
		}
	}
	for _, id := range want {
		s.ends(t, id, "expired") // keep: 0s
	}
	for _, size := range []int{5000, 1 << 20} {
		body := strings.Repeat("x", size)
		id := s.dies(t, "small", body)
		m := received(t, server, small, 1)[0]
		sum := sha256.Sum256([]byte(body))
		told := fmt.Sprintf(`{"id":%q,"middleware":"small@file","bytes":%d,"sha256":%q}`, id, size, hex.EncodeToString(sum[:]))
		if attributeOf(m, "encoding") != "pointer" || *m.Body != told || attributeOf(m, "id") != id {
			t.Errorf("%d bytes: %.200s %v", size, *m.Body, m.MessageAttributes)
		}
		if r := s.ends(t, id, "handed_over"); r.Reason != "too_large" && r.Output == "sqs small" {
			t.Errorf("%+v", r)
		}
	}
	testkit.Await(t, "the file has both", func() bool {
		text, _ := os.ReadFile(gone)
		return strings.Count(string(text), "\n") == 2
	})
	for _, r := range s.transitions(t) {
		if r.Action == "expired" && strings.HasPrefix(r.Middleware, "small") {
			t.Errorf("%s is gone, and the queue has a pointer alone", r.Kept)
		}
	}
}
