package policy

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
)

const queueURL = "https://sqs.eu-central-1.amazonaws.com/123456789012/hooks-dlq"

func queue(more map[string]any) map[string]any {
	o := map[string]any{"type": "sqs", "url": queueURL, "accessKeyID": "AKIDEXAMPLEEXAMPLE", "secretAccessKey": "file:/dev/null/no"}
	for name, value := range more {
		o[name] = value
		if value == nil {
			delete(o, name)
		}
	}
	return o
}

func letters(options map[string]any, more map[string]any) map[string]any {
	raw := hooktest.GithubWith(map[string]any{"stateDirectory": "/var/lib/hookward", "replay": "true", "delivery": map[string]any{"deadLetter": options}})
	for name, value := range more {
		raw[name] = value
		if value == nil {
			delete(raw, name)
		}
	}
	return raw
}

// Mistakes are named with their path and a cure.
func TestDeadLetterMistakes(t *testing.T) {
	const at = "delivery.deadLetter.outputs"
	stdout := map[string]any{"type": "stdout"}
	jwt := map[string]any{"provider": nil, "replay": nil, "secrets": "0123456789abcdef0123456789abcdef"}
	with := func(more map[string]any) map[string]any {
		for name, value := range jwt {
			if _, given := more[name]; !given {
				more[name] = value
			}
		}
		return more
	}
	for name, c := range map[string]struct {
		options map[string]any
		more    map[string]any
		want    string
	}{
		"nothing kept":    {map[string]any{"keep": "0s"}, nil, "delivery.deadLetter.keep: can't be 0 without deadLetter.outputs"},
		"negative":        {map[string]any{"keep": "-1s"}, nil, "delivery.deadLetter.keep: "},
		"none":            {map[string]any{"outputs": "false"}, nil, at + ": can't be false"},
		"no type":         {map[string]any{"outputs": []any{map[string]any{"url": "https://a"}}}, nil, at + "[0].type: is required: sqs, stdout"},
		"unknown":         {map[string]any{"outputs": []any{map[string]any{"type": "sns"}}}, nil, at + "[0].type: "},
		"twice":           {map[string]any{"outputs": []any{stdout, stdout}}, nil, at + "[1]: goes to the same place as another output"},
		"many":            {map[string]any{"outputs": []any{stdout, stdout, stdout, stdout, stdout, stdout, stdout, stdout, stdout}}, nil, at + ": are more than 8"},
		"batches":         {map[string]any{"outputs": []any{map[string]any{"type": "http", "url": "https://a", "batchBytes": "1000"}}}, nil, at + "[0].batchBytes: "},
		"buffer":          {map[string]any{"outputs": []any{map[string]any{"type": "stdout", "bufferBytes": "1000000"}}}, nil, at + "[0].bufferBytes: "},
		"others' options": {map[string]any{"outputs": []any{queue(map[string]any{"index": "a"})}}, nil, at + "[0].index: has no effect with type sqs"},
		"key of stdout":   {map[string]any{"outputs": []any{map[string]any{"type": "stdout", "accessKeyID": "a"}}}, nil, at + "[0].accessKeyID: has no effect"},
		"no key":          {map[string]any{"outputs": []any{queue(map[string]any{"accessKeyID": nil})}}, nil, at + "[0].accessKeyID: is required"},
		"no secret":       {map[string]any{"outputs": []any{queue(map[string]any{"secretAccessKey": nil})}}, nil, at + "[0].secretAccessKey: is required"},
		"missing file":    {map[string]any{"outputs": []any{queue(nil)}}, nil, at + "[0].secretAccessKey: file /dev/null/no"},
		"no region":       {map[string]any{"outputs": []any{queue(map[string]any{"url": "https://a/123456789012/q"})}}, nil, at + "[0].region: is required"},
		"no queue":        {map[string]any{"outputs": []any{queue(map[string]any{"url": "https://sqs.eu-central-1.amazonaws.com"})}}, nil, at + "[0].url: must be a queue's URL"},
		"the log's file": {map[string]any{"outputs": []any{map[string]any{"type": "file", "path": "/a.log"}}}, map[string]any{"audit": map[string]any{"outputs": []any{map[string]any{"type": "file", "path": "/a.log"}}}},
			at + "[0].path: is the file of audit.outputs"},
		"records to a queue": {map[string]any{"keep": "1h"}, map[string]any{"audit": map[string]any{"outputs": []any{queue(nil)}}}, "audit.outputs[0].accessKeyID: "},
		"token in the body":  {map[string]any{"outputs": []any{stdout}}, map[string]any{"provider": nil, "replay": nil, "token": map[string]any{"field": "json:token"}}, at + ": would have the token"},
		"token in the query": {map[string]any{"outputs": []any{stdout}}, with(map[string]any{"jwt": map[string]any{"algorithms": "HS256", "audiences": "a", "requiredClaims": "exp", "query": "t", "forwardToken": "always"}}), at + ": would have the token"},
	} {
		said := strings.Join(config.Sentences(Compile(letters(c.options, c.more)).Problems), "\n")
		if !strings.Contains(said, c.want) {
			t.Errorf("%s: %q, want %q", name, said, c.want)
		}
	}
}

// What is right is compiled: how long the dead are kept, where they go, and what they are
// told apart by.
func TestDeadLetterOptions(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	write := func(secret string) {
		if err := os.WriteFile(file, []byte(secret), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")
	compiled := func(options map[string]any) *Delivery {
		c := Compile(letters(options, nil))
		if c.Policy == nil {
			t.Fatal(config.Sentences(c.Problems))
		}
		return c.Policy.Delivery
	}
	if d := compiled(map[string]any{"keep": "1h"}); d.Options.Keep != time.Hour || len(d.Letters) != 0 || len(d.Options.Outputs) != 0 {
		t.Errorf("%+v", d)
	}
	outputs := []any{
		queue(map[string]any{"secretAccessKey": "file:" + file}), queue(map[string]any{"secretAccessKey": "file:" + file, "url": strings.Replace(queueURL, "eu-central-1", "us-east-1", 1)}),
		map[string]any{"type": "elasticsearch", "url": "https://search.example.com"}, map[string]any{"type": "file", "path": "/var/log/letters.log"},
	}
	d := compiled(map[string]any{"outputs": outputs})
	if d.Options.Keep != 720*time.Hour || len(d.Letters) != 4 || d.Letters[0].Target.Region != "eu-central-1" || d.Letters[0].Target.Keys.SecretAccessKey == "" || d.Letters[2].Target.Index != "logs-hookward.dead_letter-default" {
		t.Errorf("%+v", d)
	}
	marks := map[string]bool{}
	for i, want := range []string{"sqs hooks-dlq", "sqs hooks-dlq #2", "elasticsearch https://search.example.com", "file /var/log/letters.log"} {
		o := d.Options.Outputs[i]
		if o.Name != want || len(o.Mark) != 8 || marks[o.Mark] {
			t.Errorf("%+v, want %s", o, want)
		}
		marks[o.Mark] = true
	}
	// The place of an output says who it is, and no key does.
	write("another")
	again := compiled(map[string]any{"outputs": outputs[:1], "keep": "0s"})
	if again.Options.Keep != 0 || again.Options.Outputs[0] != d.Options.Outputs[0] || again.Letters[0].Digest == d.Letters[0].Digest {
		t.Errorf("%+v", again)
	}
}
