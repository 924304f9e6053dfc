package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/logfile"
)

const key = "0123456789abcdef0123456789abcdef"

// hookward runs the command, and returns its exit status and what it prints.
func hookward(arguments ...string) (int, string, string) {
	stdout, stderr := bytes.Buffer{}, bytes.Buffer{}
	status := run(arguments, streams{strings.NewReader(""), &stdout, &stderr})
	return status, stdout.String(), stderr.String()
}

// inDirectory has a test run in a directory, in which it can name its files shortly.
func inDirectory(t *testing.T, directory string) {
	t.Helper()
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chdir(directory); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chdir(before) })
}

// log writes a chained log of four old files and a present one, three lines each.
func log(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.log")
	line := func(n int) string {
		return fmt.Sprintf(`{"event.sequence":%d,"hookward.middleware":"m","hookward.epoch":"e","x":"%030d"}`, n, n) + "\n"
	}
	now := time.Date(2025, 11, 25, 1, 50, 44, 0, time.UTC)
	f := logfile.New(logfile.Options{Path: path, MaxBytes: int64(3 * (len(line(10)) + 85)), Keep: 9, ChainKey: []byte(key)}, func(_, message string, _ time.Time) { t.Error(message) })
	for n := 10; n < 25; n++ {
		if _, err := logfile.Write(f, []byte(line(n)), now); err != nil {
			t.Fatal(err)
		}
		now = now.Add(time.Minute)
	}
	logfile.Close(f)
	if files, err := logfile.Old(path); err != nil || len(files) != 4 {
		t.Fatal(files, err)
	}
	return path
}

func TestUsage(t *testing.T) {
	t.Setenv("AUDIT_KEY", key)
	t.Setenv("BLANK", " ")
	path := log(t)
	value := strings.Repeat("0", 64)
	for _, c := range []struct {
		arguments string
		status    int
		stdout    string
		stderr    string
	}{
		{"", exitUsage, "", "usage: hookward COMMAND"},
		{"adit", exitUsage, "", `there is no command "adit", did you mean audit?`},
		{"nothing-like-it", exitUsage, "", "there is no command \"nothing-like-it\"\n"},
		{"help adit", exitUsage, "", "there is no command"},
		{"audit --nothing-like-it x", exitUsage, "", "there is no option --nothing-like-it ("},
		{"audit --jsn x", exitUsage, "", "did you mean --json?"},
		{"audit --hepl", exitUsage, "", "did you mean --help?"},
		{"audit --key", exitUsage, "", "--key: needs a value: env:NAME ("},
		{"audit --json=perhaps x", exitUsage, "", `--json: "perhaps" is not true or false`},
		{"audit ---key x", exitUsage, "", "not an option: ---key ("},
		{"audit ---key=" + key + " x", exitUsage, "", "not an option: ---key ("},
		{"send --age x", exitUsage, "", `--age: "x" is not a DURATION, such as 90s or 10m (`},
		{"send --age", exitUsage, "", "--age: needs a DURATION"},
		{"send --count 1.5", exitUsage, "", `--count: "1.5" is not a whole NUMBER`},
		{"verify -Y x", exitUsage, "", "there is no option -Y ("},
		{"version x", exitUsage, "", "takes no arguments"},
		{"audit", exitUsage, "", "name a file"},
		{"audit -kee x " + path, exitUsage, "", "there is no option --kee, did you mean --key? ('hookward help audit' lists"},
		{"audit -key " + key + " " + path, exitUsage, "", "--key: must be env:NAME or file:/path"},
		{"audit -key env:MISSING_KEY " + path, exitUsage, "", "environment variable MISSING_KEY is not set"},
		{"audit -key env:BLANK " + path, exitUsage, "", "is empty or blank"},
		{"audit -key file:/dev/null " + path, exitUsage, "", "is not a regular file"},
		{"audit -key file:/missing " + path, exitUsage, "", "can't be found, or not by you"},
		{"audit -last " + value + " " + path, exitUsage, "", "--last: needs --key"},
		{"audit -key env:AUDIT_KEY -last 12 " + path, exitUsage, "", "--last: must be 64"},
		{"audit " + path + "x", exitUsage, "", "no such file"},
		{"audit /dev/null", exitUsage, "", "not a regular file"},
		{"audit -", exitUsage, "0 lines in 1 file; 0 records reported as lost, 0 missing without a word\n", "there are no lines in it, so there was nothing to check"},
		{"audit --json -", exitUsage, `"good": false`, "there was nothing to check"},
		{"audit " + path + " " + path, exitUsage, "", "is named twice"},
		{"help", exitGood, "usage: hookward COMMAND", ""},
		{"-h", exitGood, "audit", ""},
		{"help audit", exitGood, "hookward audit --key env:AUDIT_KEY /var/log", ""},
		{"audit -h", exitGood, "-last", ""},
		{"audit --help", exitGood, "--last VALUE", ""},
		{"audit " + path + " --json", exitGood, `"good": true`, ""},
		{"audit -- --json", exitUsage, "", "--json: no such file"},
	} {
		status, stdout, stderr := hookward(strings.Fields(c.arguments)...)
		if status != c.status || !strings.Contains(stdout, c.stdout) || (stdout == "") != (c.stdout == "") || !strings.Contains(stderr, c.stderr) || (stderr == "") != (c.stderr == "") {
			t.Errorf("%s: %d\n%s\n%s", c.arguments, status, stdout, stderr)
		}
		if strings.Contains(stdout+stderr, key) {
			t.Errorf("%s: prints the key", c.arguments)
		}
	}
}

func TestAudit(t *testing.T) {
	t.Setenv("AUDIT_KEY", key)
	t.Setenv("OTHER_KEY", strings.Repeat("x", 32))
	path := log(t)
	status, stdout, stderr := hookward("audit", path)
	if status != exitGood || stderr != "" || stdout != "15 lines in 5 files; 0 records reported as lost, 0 missing without a word\ngood\n" {
		t.Errorf("without a key: %d %s%s", status, stdout, stderr)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	out, errors := strings.Builder{}, strings.Builder{}
	status = run([]string{"audit", "-"}, streams{strings.NewReader(string(text)), &out, &errors})
	if status != exitGood || errors.Len() > 0 || !strings.Contains(out.String(), " in 1 file; ") || !strings.HasSuffix(out.String(), "\ngood\n") {
		t.Errorf("from stdin: %d %s%s", status, out.String(), errors.String())
	}
	keyFile := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(keyFile, []byte(key+"\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr = hookward("audit", "-key", "file:"+keyFile, path)
	_, last, ok := strings.Cut(stdout, "last value: ")
	if status != exitGood || stderr != "" || !ok || !strings.HasPrefix(stdout, "15 lines in 5 files, 15 of them as the key says; 0") || !strings.HasSuffix(stdout, "\ngood\n") || !strings.Contains(stdout, "begins with the first line") {
		t.Fatalf("with a key: %d %s%s", status, stdout, stderr)
	}
	last = last[:64]
	status, stdout, _ = hookward("audit", "-key", "env:AUDIT_KEY", "-last", last, path)
	if status != exitGood {
		t.Errorf("with the last value: %d %s", status, stdout)
	}
	status, stdout, _ = hookward("audit", "-key", "env:OTHER_KEY", path)
	if status != exitBroken || !strings.Contains(stdout, "the key fits none of the lines") || !strings.HasSuffix(stdout, "BROKEN: problems: 16\n") {
		t.Errorf("with another key: %d %s", status, stdout)
	}
	// As a shell names them, and some of them alone.
	files, err := filepath.Glob(path + "*")
	if err != nil || len(files) != 5 || files[0] != path {
		t.Fatal(files, err)
	}
	status, stdout, _ = hookward(append([]string{"audit", "-key", "env:AUDIT_KEY"}, files...)...)
	if status != exitGood {
		t.Errorf("all named: %d %s", status, stdout)
	}
	status, stdout, _ = hookward("audit", "-key", "env:AUDIT_KEY", files[2])
	if status != exitGood || !strings.Contains(stdout, "3 lines in 1 file,") || !strings.Contains(stdout, "older files are not here") {
		t.Errorf("one old file: %d %s", status, stdout)
	}
	status, stdout, _ = hookward("audit", "-key", "env:AUDIT_KEY", files[1], files[3])
	if status != exitBroken || !strings.Contains(stdout, files[3]+":1: the line does not follow") || !strings.Contains(stdout, "numbers 13 to 15 of") {
		t.Errorf("one left out: %d %s", status, stdout)
	}
	// The end is cut off.
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(b), "\n")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Join(lines[:2], ""))
	status, stdout, _ = hookward("audit", "-key", "env:AUDIT_KEY", path)
	if status != exitGood {
		t.Errorf("cut off: %d %s", status, stdout)
	}
	status, stdout, _ = hookward("audit", "-key", "env:AUDIT_KEY", "-last", last, path)
	if status != exitBroken || !strings.Contains(stdout, "no line has the value "+last) {
		t.Errorf("cut off, with the last value: %d %s", status, stdout)
	}
	// One line is changed.
	write(lines[0] + strings.Replace(lines[1], `"x"`, `"y"`, 1) + lines[2])
	status, stdout, _ = hookward("audit", "-key", "env:AUDIT_KEY", path)
	if status != exitBroken || !strings.HasPrefix(stdout, path+":2: the line is not as it was written") {
		t.Errorf("changed: %d %s", status, stdout)
	}
	status, stdout, _ = hookward("audit", "-key", "env:AUDIT_KEY", "-json", path)
	report := auditReport{}
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatal(err)
	}
	if status != exitBroken || report.Good || !report.Summary.Begins || report.Summary.Continues || len(report.Files) != 5 || report.Summary.Lines != 15 || report.Summary.Chained != 14 || len(report.Problems) != 1 || report.Problems[0].Line != 2 || report.Problems[0].File != path || report.Problems[0].Kind != "changed" {
		t.Errorf("as JSON: %d %s", status, stdout)
	}
	// The first line of all is changed, taken out, or has no value: what was before it is
	// another question each time.
	write(strings.Join(lines, ""))
	first, err := os.ReadFile(files[1])
	if err != nil {
		t.Fatal(err)
	}
	oldest := strings.SplitAfter(string(first), "\n")
	unsealed, _, _ := strings.Cut(oldest[0], `,"hookward.chain"`)
	const unknown = "whether the chain begins with the first line can't be told"
	for _, c := range []struct {
		text, want string
		good       int
	}{
		{oldest[0] + oldest[1] + oldest[2], "the chain begins with the first line\n", exitGood},
		{strings.Replace(oldest[0], `"x"`, `"y"`, 1) + oldest[1] + oldest[2], unknown, exitBroken},
		{unsealed + "}\n" + oldest[1] + oldest[2], unknown, exitBroken},
		{oldest[1] + oldest[2], "older files are not here", exitGood},
	} {
		if err := os.WriteFile(files[1], []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		status, stdout, _ = hookward("audit", "-key", "env:AUDIT_KEY", path)
		if status != c.good || !strings.Contains(stdout, c.want) || strings.Count(stdout, "first line") != 1 {
			t.Errorf("the first lines are %q: %d %s", c.text, status, stdout)
		}
	}
	// Rotated, and nothing written since.
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	status, stdout, _ = hookward("audit", "-key", "env:AUDIT_KEY", path)
	if status != exitGood || !strings.HasPrefix(stdout, "11 lines in 4 files") {
		t.Errorf("without the present file: %d %s", status, stdout)
	}
}

func TestManyProblems(t *testing.T) {
	t.Setenv("AUDIT_KEY", key)
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, []byte(strings.Repeat("x\n", 2000)), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, _ := hookward("audit", path)
	if status != exitBroken || strings.Count(stdout, "\n") != 53 || !strings.Contains(stdout, "\nand 1950 more\n") {
		t.Errorf("%d, %d lines", status, strings.Count(stdout, "\n"))
	}
}
