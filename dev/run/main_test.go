package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hookward/hookward/dev/testkit"
)

// TestLines does what a newcomer does: starts the program, runs the lines that
// it prints exactly as printed, and presses Ctrl-C.
func TestLines(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "run")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	address := testkit.Addresses(t, 1)[0]

	program := exec.Command(binary, "-address", address)
	var stderr bytes.Buffer
	program.Stderr = &stderr
	stdout, err := program.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := program.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = program.Process.Kill() }()

	wants := []struct{ status, reason string }{
		{"HTTP/1.1 200 OK", "verified"},
		{"HTTP/1.1 401 Unauthorized", "signature_missing"},
		{"HTTP/1.1 401 Unauthorized", "signature_mismatch"},
		{"HTTP/1.1 503 Service Unavailable", "config_invalid"},
	}
	output := bufio.NewScanner(stdout)
	curls := []string{}
	for len(curls) < len(wants) && output.Scan() {
		if line := strings.TrimSpace(output.Text()); strings.HasPrefix(line, "curl ") {
			curls = append(curls, line)
		}
	}
	if len(curls) != len(wants) {
		t.Fatalf("the program printed %d lines: %q\n%s", len(curls), curls, stderr.String())
	}
	for i, want := range wants {
		answer, err := exec.Command("sh", "-c", curls[i]+" --silent --show-error").CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v: %s", curls[i], err, answer)
		}
		head, body, _ := strings.Cut(strings.ReplaceAll(string(answer), "\r", ""), "\n\n")
		if !strings.HasPrefix(head, want.status+"\n") {
			t.Errorf("%s: %s, want %s", curls[i], head, want.status)
		}
		if i == 0 && body != "Hello, World!" {
			t.Errorf("the backend received %q", body)
		}
		if reason := nextReason(output); reason != want.reason {
			t.Errorf("%s: audit record says %q, want %q", curls[i], reason, want.reason)
		}
	}
	if got := stderr.String(); !strings.Contains(got, "sekrets: is not an option, did you mean secrets?") {
		t.Errorf("the typo is not named: %s", got)
	}

	seen, err := exec.Command("curl", "--silent", "--show-error", "--header", "Authorization: Bearer "+readerToken, "http://"+address+"/hookward/api/deliveries").CombinedOutput()
	if err != nil {
		t.Fatalf("the console: %v: %s", err, seen)
	}
	for _, want := range wants {
		if !strings.Contains(string(seen), `"reason":"`+want.reason+`"`) {
			t.Errorf("the console lacks what was %s: %s", want.reason, seen)
		}
	}

	if err := program.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	for output.Scan() {
	}
	if err := program.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v\n%s", err, stderr.String())
	}
	if _, err := net.Dial("tcp", address); err == nil {
		t.Error("Traefik goes on after Ctrl-C")
	}
}

// nextReason waits for the next audit record.
func nextReason(output *bufio.Scanner) string {
	for output.Scan() {
		var record map[string]any
		if json.Unmarshal(output.Bytes(), &record) == nil {
			reason, _ := record["event.reason"].(string)
			return reason
		}
	}
	return ""
}

// A port that is taken is told of at once, with the way out.
func TestBusyPort(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = taken.Close() }()
	if err := run(t.Context(), taken.Addr().String()); err == nil || !strings.Contains(err.Error(), "address already in use; take another one: make run ADDRESS=") {
		t.Errorf("run says %v", err)
	}
}
