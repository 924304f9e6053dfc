package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/sqs"
	"github.com/hookward/hookward/dev/testkit"
)

// However a queue fails, what is given up stays in the store, is told of without its text,
// and arrives once the queue is well. Nobody else waits for that.
func TestDeadLettersFail(t *testing.T) {
	unsteadily(t)
	server, front, endpoint := queues(t)
	token := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(token, []byte("a-token-of-before"), 0o600); err != nil {
		t.Fatal(err)
	}
	front.SessionToken = "a-token-for-an-hour"
	faults := []struct {
		name string
		mode sqs.Mode
		said string
	}{
		{"denied", sqs.Mode{Status: 403, Code: "AccessDenied"}, " answered 403: AccessDenied"},
		{"skewed", sqs.Mode{Status: 403, Code: "InvalidSignatureException", Date: time.Now().Add(-20 * time.Minute)}, "of the server's, and AWS refuses more than 5m"},
		{"broken", sqs.Mode{Status: 500, Code: "InternalError"}, " answered 500: InternalError"},
		{"throttled", sqs.Mode{Status: 400, Code: "ThrottlingException"}, " answered 400: ThrottlingException"},
		{"missing", sqs.Mode{Status: 400, Code: "QueueDoesNotExist"}, " answered 400: QueueDoesNotExist"},
		{"contents", sqs.Mode{Status: 400, Code: "InvalidMessageContents"}, "1 dead letters are not taken by sqs contents, and stay in the store: "},
		{"hanging", sqs.Mode{Hang: true}, " gave no answer within 2s"},
		{"stale", sqs.Mode{}, " answered 403: SignatureDoesNotMatch"},
	}
	gates := []gate{{name: "other", options: lettersTo(t, "", toQueue(endpoint+"/000000000000/denied", endpoint)+", {type: stdout}")}}
	urls := map[string]string{}
	for _, f := range faults {
		url, err := server.Queue(f.name, nil)
		if err != nil {
			t.Fatal(err)
		}
		urls[f.name] = url
		front.Set(f.name, f.mode)
		output := strings.Replace(toQueue(url, endpoint), "secretAccessKey", `sessionToken: "file:`+token+`", secretAccessKey`, 1)
		gates = append(gates, gate{name: f.name, options: lettersTo(t, "keep: 1s, ", output)})
	}
	s := start(t, script(), gates, awsSecret)
	ids := map[string]string{}
	for _, f := range faults {
		ids[f.name] = s.dies(t, f.name, "do not show this: "+f.name)
	}
	other := s.dies(t, "other", "to stdout")
	testkit.Await(t, "the letter on stdout", func() bool {
		lines := s.Stdout.Lines(`"event.dataset":"hookward.dead_letter"`)
		return len(lines) == 1 && strings.Contains(lines[0], `"http.request.body.content":"to stdout"`) && strings.Contains(lines[0], `"event.id":"`+other+`.2"`)
	})
	for _, f := range faults {
		testkit.Await(t, f.name+" is told: "+f.said, func() bool {
			for _, line := range s.Stderr.Lines(f.said) {
				if strings.Contains(line, f.name) {
					return true
				}
			}
			return false
		})
	}
	s.notPrinted(t, "do not show this")
	if err := os.WriteFile(token, []byte(front.SessionToken), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, f := range faults {
		front.Set(f.name, sqs.Mode{})
	}
	for _, f := range faults {
		if f.name == "contents" {
			continue // it is offered again after an hour
		}
		for _, m := range received(t, server, urls[f.name], 1) {
			if attributeOf(m, "id") != ids[f.name] || *m.Body != "do not show this: "+f.name {
				t.Errorf("%s: %v", f.name, m.MessageAttributes)
			}
		}
		s.ends(t, ids[f.name], "handed_over")
	}
	for _, r := range s.transitions(t) {
		if r.Action == "expired" && r.Kept == ids["contents"] {
			t.Error("what the queue does not want is gone")
		}
	}
}

// A process that ends between a message and its answer sends it again, by its id, and one
// that ends otherwise sends nothing again.
func TestDeadLettersSurviveKill(t *testing.T) {
	server, front, endpoint := queues(t)
	m := &mended{}
	backend, err := gateway.Serve(t.Context(), "127.0.0.1:0", m)
	if err != nil {
		t.Fatal(err)
	}
	queue, err := server.Queue("hooks-dlq", nil)
	if err != nil {
		t.Fatal(err)
	}
	output := strings.Replace(toQueue(queue, endpoint), "timeout: 2s", "timeout: 5m", 1)
	dynamic := strings.Replace(keptAs("kept", filepath.Join(t.TempDir(), "state"), backend), "store: {", "deadLetter: {outputs: ["+output+"]}, store: {", 1)
	settings := gateway.Settings{Env: []string{"GH=" + secret, "STORE=" + storeKey, "AWS_SECRET=" + sqs.SecretAccessKey}}
	run := func() *gateway.Gateway {
		g, err := gateway.Start(t.Context(), binaryOf(t, settings), dynamic, settings)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(g.Stop)
		return g
	}
	front.Set("hooks-dlq", sqs.Mode{Lose: true})
	g := run()
	sendKept(t, g, "the first")
	sendKept(t, g, "the second")
	first := received(t, server, queue, 1)[0]
	g.Kill()
	front.Set("hooks-dlq", sqs.Mode{})
	g = run()
	seen := map[string]string{}
	for _, one := range received(t, server, queue, 2) {
		seen[attributeOf(one, "id")] = *one.Body
	}
	if len(seen) != 2 || seen[attributeOf(first, "id")] != *first.Body {
		t.Errorf("%v, and %s came first", seen, *first.Body)
	}
	testkit.Await(t, "both are noted", func() bool { return len(g.Stdout.Lines(`"event.action":"handed_over"`)) == 2 })
	g.Kill()
	g = run()
	sendKept(t, g, "the third")
	if m := received(t, server, queue, 1)[0]; *m.Body != "the third" {
		t.Errorf("%s has come again", *m.Body)
	}
	g.Stop()
}
