package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// What --print prints does the same, whatever bytes there are, and has no secret.
func TestSendPrint(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skip("there is no " + tool)
		}
	}
	g := guard(t, githubGate)
	dir := t.TempDir()
	file := filepath.Join(dir, "it's a $(file) @")
	if err := os.WriteFile(file, []byte("\x00\xff\r\nof a file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, data := range []string{"", "@" + file, "it's `$(touch x)` \"$HOME\" \\n %s\r\n\n", "@-", "@-text", "-d", " "} {
		input := "@from stdin\x00\xfe\n"
		if data == "@-text" {
			data = "@-"
			input = "@file"
		}
		stdout, stderr := &strings.Builder{}, &strings.Builder{}
		arguments := []string{"send", "--provider", "github", "--secret", "env:SEND_SECRET", "--data", data, "--print", "--header", "X-Empty:", "--header", "X-Odd: it's $HOME", g.URL + "/a%20b[1]/../{c}?d='e'"}
		status := run(arguments, streams{strings.NewReader(input), stdout, stderr})
		if status != exitGood || stderr.String() != "" || strings.Contains(stdout.String(), sendSecret) {
			t.Errorf("%q: %d %s%s", data, status, stdout, stderr)
			continue
		}
		g.forget()
		command := exec.Command("bash", "-c", stdout.String())
		command.Dir = dir
		out, err := command.CombinedOutput()
		want := data
		passed, bodies := g.take()
		switch data {
		case "":
			if len(passed) == 1 {
				want = fill(githubPush, passed[0].Header.Get("X-GitHub-Delivery"))
			}
		case "@-":
			want = input
		case "@" + file:
			want = "\x00\xff\r\nof a file\n"
		}
		if err != nil || len(bodies) != 1 || bodies[0] != want || !strings.Contains(string(out), "200 OK") {
			t.Errorf("%q: %v %q\n%s\n%s", data, err, bodies, stdout, out)
			continue
		}
		r := passed[0]
		if r.Header.Get("X-Odd") != "it's $HOME" || len(r.Header["X-Empty"]) != 1 || r.URL.EscapedPath() != "/a%20b%5B1%5D/../%7Bc%7D" {
			t.Errorf("%q: %v %s", data, r.Header, r.URL)
		}
	}
	if names, _ := os.ReadDir(dir); len(names) != 1 {
		t.Errorf("the shell has run what it should not: %v", names)
	}
}
