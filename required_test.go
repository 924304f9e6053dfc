package hookward

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/ahead"
	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

// requiredInto returns a configuration that requires records, in a file that can't be
// made yet, and what makes it possible.
func requiredInto(t *testing.T) (map[string]any, string, func()) {
	t.Helper()
	directory := filepath.Join(hooktest.Directory(t), "log")
	if err := os.WriteFile(directory, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, "audit.log")
	raw := hooktest.GithubWith(map[string]any{"stateDirectory": hooktest.Directory(t), "audit": map[string]any{"required": "true", "outputs": map[string]any{
		"type": "file", "path": path, "bufferBytes": "65536",
	}}})
	return raw, path, func() {
		if err := os.Remove(directory); err != nil {
			t.Fatal(err)
		}
	}
}

// recordedIn returns the numbers of the records in a file, and how many have more than
// what was known before the request was forwarded.
func recordedIn(t *testing.T, path string) (map[float64]int, int) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	numbers := map[float64]int{}
	whole := 0
	for _, line := range strings.Split(strings.TrimSpace(string(content)), "\n") {
		record := map[string]any{}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if record["event.reason"] == "records_lost" && record["hookward.gap.count"] != nil {
			for n := record["hookward.gap.first"].(float64); n <= record["hookward.gap.last"].(float64); n++ {
				numbers[-n]++
			}
			continue
		}
		numbers[record["event.sequence"].(float64)]++
		if record["hookward.interrupted"] == nil {
			whole++
		}
	}
	return numbers, whole
}

// Where no more records may wait for an output, no request passes that would need one.
func TestRequiredOfAFullOutput(t *testing.T) {
	_, reports := capture(t)
	raw, path, mend := requiredInto(t)
	b := &hooktest.Backend{}
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	passed := 0
	for passed < 1000 {
		rw := through(g, b.Handler(), hooktest.SignedPost(fmt.Sprint(passed)))
		if rw.Code == http.StatusServiceUnavailable {
			break
		}
		passed++
	}
	if passed == 1000 || passed < 20 || len(b.Requests) != passed || !strings.Contains(reports.String(), "output file "+path+" has no room for it") {
		t.Fatalf("%d passed, %d at the backend, reports %s", passed, len(b.Requests), reports)
	}
	mend()
	settleOutputs(t)
	if rw := through(g, b.Handler(), hooktest.SignedPost("after")); rw.Code != http.StatusAccepted {
		t.Errorf("it does not come back: %d", rw.Code)
	}
	numbers, _ := recordedIn(t, path)
	for n := 1; n <= passed; n++ {
		if numbers[float64(n)] != 1 {
			t.Errorf("the record of request %d is there %d times", n, numbers[float64(n)])
		}
	}
	await.Until(t, "something is still announced", func() bool { return announced(t, g) == 0 })
}

// What was under way when there was no room any more is recorded from its announcement,
// and what was not announced is told as lost.
func TestDroppedRecordsAreReadBack(t *testing.T) {
	capture(t)
	raw, path, mend := requiredInto(t)
	g := newTestGate(t.Name(), raw, hooktest.TestTime)
	underWay := []*exchange{}
	for i := 0; i < 200; i++ {
		x := decide(g, hooktest.SignedPost(fmt.Sprint(i)), hooktest.TestTime)
		if !x.forward {
			t.Fatalf("%d: %s", i, x.reason)
		}
		x.Status = http.StatusOK
		x.completed = true
		underWay = append(underWay, x)
	}
	for i := 0; i < 100; i++ {
		through(g, (&hooktest.Backend{}).Handler(), hooktest.NewPost("unsigned"))
	}
	for _, x := range underWay {
		finish(x)
	}
	if n := announced(t, g); n != 200 {
		t.Errorf("%d are announced, before any has arrived", n)
	}
	if x := decide(g, hooktest.SignedPost("one more"), hooktest.TestTime); x.reason != verdict.AuditUnavailable {
		t.Errorf("another one passes, where there was no room for others: %s", x.reason)
	}
	mend()
	settleOutputs(t)
	numbers, whole := recordedIn(t, path)
	for n := float64(1); n <= 200; n++ {
		if numbers[n] != 1 {
			t.Errorf("the record of request %v is there %d times", n, numbers[n])
		}
	}
	for n := float64(201); n <= 300; n++ {
		if numbers[n]+numbers[-n] != 1 {
			t.Errorf("the record of refused request %v is there %d times, and told as lost %d times", n, numbers[n], numbers[-n])
		}
	}
	if whole < 30 || whole > 250 {
		t.Errorf("%d of 300 records did not have to be read back", whole)
	}
	await.Until(t, "something is still announced", func() bool { return announced(t, g) == 0 && ahead.IsEmpty(audit.Announcements) })
}
