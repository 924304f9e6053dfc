package stores

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/testkit"
)

// Logs is a running VictoriaLogs, which speaks the protocols of Elasticsearch
// and Loki, and takes plain JSON lines. It has no syslog listener here, and of
// OTLP it takes protobuf alone.
type Logs struct {
	*Process
	// URL is its own.
	URL string
	// Elasticsearch, Loki and Lines are the URLs for senders: the first two are
	// what the paths of the protocols come after, the last is complete. They say
	// which field has the time; a record's text is its field "message".
	Elasticsearch, Loki, Lines string
}

// VictoriaLogs runs VictoriaLogs v1.121.0, the last version that is part of the
// VictoriaMetrics module. It forgets everything with the test.
func VictoriaLogs(t testing.TB) *Logs {
	t.Helper()
	binary, err := victoriaLogsBuild.path(context.Background(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	address := testkit.Addresses(t, 1)[0]
	l := &Logs{URL: "http://" + address}
	fields := "?_time_field=@timestamp&_msg_field=message"
	l.Elasticsearch, l.Loki, l.Lines = l.URL+"/insert/elasticsearch"+fields, l.URL+"/insert", l.URL+"/insert/jsonline"+fields
	l.Process = newProcess(t, answers(l.URL+"/health"), binary, "-httpListenAddr="+address, "-storageDataPath="+t.TempDir(),
		// Records of any age: by default those older than a week are dropped.
		"-retentionPeriod=100y", "-loggerLevel=WARN")
	return l
}

// Query returns the records that a LogsQL query finds, among all that
// VictoriaLogs has taken so far. All values are strings.
func (l *Logs) Query(t testing.TB, logsql string) []map[string]any {
	t.Helper()
	client := &http.Client{Timeout: patience}
	// What has just come can't be found before it is flushed, seconds later.
	flushed, err := client.Get(l.URL + "/internal/force_flush")
	if err != nil {
		t.Fatal(err)
	}
	_ = flushed.Body.Close()
	response, err := client.PostForm(l.URL+"/select/logsql/query", url.Values{"query": {logsql}})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	found := []map[string]any{}
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if response.StatusCode != http.StatusOK {
			t.Fatalf("%s: %s: %s", logsql, response.Status, lines.Text())
		}
		record := map[string]any{}
		if err := json.Unmarshal(lines.Bytes(), &record); err != nil {
			t.Fatalf("%s: %v: %s", logsql, err, lines.Text())
		}
		found = append(found, record)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// Wait is Query, repeated until it finds a number of records.
func (l *Logs) Wait(t testing.TB, logsql string, count int) []map[string]any {
	t.Helper()
	var found []map[string]any
	testkit.Await(t, "VictoriaLogs has what "+strings.TrimSpace(logsql)+" is to find", func() bool {
		found = l.Query(t, logsql)
		if len(found) < count {
			time.Sleep(100 * time.Millisecond) // each query flushes a part to disk
		}
		return len(found) >= count
	})
	return found
}
