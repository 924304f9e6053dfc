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
	for _, data := range []string{"", "@" + file, "it's `$(touch x)` \"$HOME\" \\n %s\r\n\n", "@-", "@-text", "-d", " ", "\x1b[201~\ntouch x\n", "\u009b201~", "a\rb", "a\tb\n"} {
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
		if hasControl(stdout.String(), "\n\t") {
			t.Errorf("%q: what is to be pasted has control characters: %q", data, stdout)
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

// What a header and a URL can't have is refused, whether it is printed or sent; a file
// with such a name goes into the command by its content.
func TestSendControlCharacters(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	g := guard(t, githubGate)
	own := []string{"--secret", "env:SEND_SECRET", "--set", "signature.header=X-Sig", "--set"}
	github := []string{"--provider", "github", "--secret", "env:SEND_SECRET"}
	for _, control := range []string{"\x1b[201~", "\n", "\r", "\u009b", "\x9b", "\x7f"} {
		for _, c := range []struct {
			scheme    []string
			arguments []string
			want      string
		}{
			{github, []string{"--id", "a" + control, g.URL}, "--id: must be"},
			{github, []string{"--event", "a" + control, g.URL}, "--event: must be"},
			{github, []string{"--content-type", "a" + control, g.URL}, "--content-type: must be"},
			{github, []string{"--header", "X-A: a" + control + "b", g.URL}, "--header: "},
			{github, []string{"--header", "X-A" + control + ": a", g.URL}, "--header: "},
			{github, []string{"--connect-to", "a" + control + ":80", g.URL}, "--connect-to: must be"},
			{github, []string{g.URL + "/?a=" + control}, "the URL must be"},
			{own, []string{"signature.format=a" + control + "{hex}", g.URL}, "control character"},
		} {
			for _, more := range []string{"--print", "--json"} {
				if c.scheme[1] == "env:SEND_SECRET" && control == "\x9b" && more == "--json" {
					continue // one byte of Latin-1, which a header can have
				}
				status, stdout, stderr := hookward(append(append([]string{"send", more}, c.scheme...), c.arguments...)...)
				if status != exitUsage || stdout != "" || !strings.Contains(stderr, c.want) || hasControl(stderr, "\n") {
					t.Errorf("%q %q: %d %q %q", more, c.arguments, status, stdout, stderr)
				}
			}
		}
	}
	if passed, _ := g.take(); len(passed) > 0 {
		t.Errorf("%d have passed", len(passed))
	}
	file := filepath.Join(t.TempDir(), "\x1b[201~")
	if err := os.WriteFile(file, []byte("of a file"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := hookward(append([]string{"send", "--print", "--data", "@" + file, g.URL}, github...)...)
	if status != exitGood || stderr != "" || !strings.Contains(stdout, "'of a file'") || hasControl(stdout, "\n") {
		t.Errorf("a file: %d %q %q", status, stdout, stderr)
	}
}
