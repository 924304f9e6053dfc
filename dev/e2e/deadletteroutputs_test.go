package e2e

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/sqs"
	"github.com/hookward/hookward/dev/stores"
	"github.com/hookward/hookward/dev/testkit"
)

// What is given up reaches every other kind of output whole, once it is well, and before it
// may leave the store.
func TestDeadLettersToOutputs(t *testing.T) {
	unsteadily(t)
	all := sinks(t)
	file := filepath.Join(t.TempDir(), "letters", "dead.log")
	proxies := map[string]*stores.FaultProxy{}
	gates := []gate{{name: "file", options: lettersTo(t, "keep: 0s, ", "{type: file, path: "+file+`, chainKey: "env:CHAIN"}`)}}
	for _, one := range all {
		p := stores.Proxy(t, one.target)
		if !one.lossy {
			p.Answer(503, nil, "later")
		}
		proxies[one.name] = p
		gates = append(gates, gate{name: one.name, options: lettersTo(t, "keep: 0s, ", fmt.Sprintf(one.options, p.URL(one.target)))})
	}
	s := start(t, script(), gates, gateway.Settings{Env: []string{"SPLUNK=4d1e5b0c-6a0f-4b1e-9c52-0f6f3a1c7d2e", "CHAIN=a key for the chain of the lines of a file"}})
	ids := map[string][]string{}
	bodies := []string{`{"text": "ä 😀 <&>"}`, "bytes \xff\x00"}
	for _, g := range gates {
		for _, body := range bodies {
			ids[g.name] = append(ids[g.name], s.dies(t, g.name, body, "Content-Type: text/plain"))
		}
	}
	for _, one := range all {
		if one.lossy {
			continue
		}
		testkit.Await(t, one.name+" is told of", func() bool {
			return len(s.Stderr.Lines(`"`+one.name+`@file","message":"delivery: dead letters can't be handed over to `)) > 0
		})
		proxies[one.name].Pass()
	}
	for _, one := range all {
		found := map[string]map[string]any{}
		testkit.Await(t, "the letters in "+one.name, func() bool {
			for _, r := range one.records() {
				if id, _ := r["event.id"].(string); r["event.dataset"] == "hookward.dead_letter" {
					found[id] = r
				}
			}
			return len(found) == 2
		})
		for i, id := range ids[one.name] {
			r := found[id+".2"]
			got, _ := r["http.request.body.content"].(string)
			if text, has := r["hookward.body.base64"].(string); has && got == "" {
				body, _ := base64.StdEncoding.DecodeString(text)
				got = string(body)
			}
			if got != bodies[i] || r["event.reason"] != "rejected" {
				t.Errorf("%s: %v", one.name, r)
			}
		}
	}
	for _, g := range gates {
		for _, id := range ids[g.name] {
			s.ends(t, id, "handed_over")
			s.ends(t, id, "expired")
		}
	}
	text, err := os.ReadFile(file)
	if err != nil || strings.Count(string(text), "\n") != 2 || strings.Count(string(text), `"hookward.chain"`) != 2 {
		t.Errorf("%s %v", text, err)
	}
}

// knowsLocalhost has Node.js find the emulator by its queues' URLs.
const knowsLocalhost = "import { interceptLocalhostDns } from 'fauxqs'\ninterceptLocalhostDns()\n"

// The script of docs/delivery.md takes dead letters back, to the letter: through the gate,
// with the bytes and the headers of before.
func TestDeadLettersAndBack(t *testing.T) {
	unsteadily(t)
	server, _, endpoint := queues(t)
	queue, err := server.Queue("hooks-dlq", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, script(), []gate{{name: "kept", options: lettersTo(t, "", toQueue(queue, endpoint))}}, awsSecret)
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "delivery.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(string(page), "```js\n")
	code, _, _ = strings.Cut(code, "```\n")
	folder := t.TempDir()
	if os.WriteFile(folder+"/back.mjs", []byte(code), 0o600) != nil || os.WriteFile(folder+"/dns.mjs", []byte(knowsLocalhost), 0o600) != nil || os.Symlink(filepath.Join(root, "dev", "sqs", "node_modules"), folder+"/node_modules") != nil {
		t.Fatal("the script can't be written")
	}
	ids, paths := map[string]string{}, []string{}
	for _, body := range []string{"text ä", "\x00\xff", ""} {
		a := s.post(t, "kept", body, signed(secret, body), "X-Answers: 503 404", "X-Two: 1", "X-Two: 2")
		id := s.stored(t, a)
		s.ends(t, id, "handed_over")
		ids[a.path], paths = id, append(paths, a.path)
	}
	command := exec.CommandContext(t.Context(), "node", "--import", "./dns.mjs", "back.mjs", queue, s.URL)
	command.Dir = folder
	command.Env = append(os.Environ(), "AWS_REGION="+sqs.Region, "AWS_ACCESS_KEY_ID="+sqs.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+sqs.SecretAccessKey)
	out, err := command.CombinedOutput()
	if err != nil || strings.Count(string(out), " 200\n") != 3 {
		t.Fatalf("%v: %s", err, out)
	}
	if left, err := server.Receive(queue); len(left) > 0 || err != nil {
		t.Errorf("%d messages are left, %v", len(left), err)
	}
	for _, path := range paths {
		got := s.backend.at(path)
		last := got[len(got)-1]
		if len(got) != 3 || string(last.body) != string(got[0].body) || last.Header.Get("X-Hub-Signature-256") != got[0].Header.Get("X-Hub-Signature-256") || !reflect.DeepEqual(last.Header["X-Two"], []string{"1, 2"}) && !reflect.DeepEqual(last.Header["X-Two"], []string{"1", "2"}) {
			t.Errorf("%d arrivals: %+v", len(got), last)
		}
		s.ends(t, ids[path], "superseded")
		s.forget(path) // it has two records
	}
}
