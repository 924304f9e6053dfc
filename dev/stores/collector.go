package stores

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/hookward/hookward/dev/testkit"
)

// CollectorServer is a running OpenTelemetry Collector: its OTLP receiver and
// its file exporter, from collector/main.go.
type CollectorServer struct {
	*Process
	// URL is what /v1/logs and /v1/metrics come after.
	URL string

	file, metrics string
}

// Record is a log record that the Collector has exported.
type Record struct {
	// Resource and Attributes are the values by their names, as JSON has them:
	// numbers are float64, also those that OTLP writes as strings.
	Resource, Attributes map[string]any
	// Log is the whole logRecord in OTLP's JSON.
	Log map[string]any
}

// The Collector's own metrics would take a port.
const collectorConfig = `receivers: {otlp: {protocols: {http: {endpoint: %q}}}}
exporters:
  file: {path: %q, append: true, flush_interval: 20ms}
  file/metrics: {path: %q, append: true, flush_interval: 20ms}
service:
  telemetry: {metrics: {level: none}, logs: {level: warn}}
  pipelines:
    logs: {receivers: [otlp], exporters: [file]}
    metrics: {receivers: [otlp], exporters: [file/metrics]}
`

// Collector runs an OpenTelemetry Collector v0.160.0 that takes logs and
// metrics by OTLP/HTTP, in JSON and in protobuf.
func Collector(t testing.TB) *CollectorServer {
	t.Helper()
	binary, err := collectorBuild.path(context.Background(), os.Stderr)
	if err != nil {
		t.Fatal(err)
	}
	directory, address := t.TempDir(), testkit.Addresses(t, 1)[0]
	c := &CollectorServer{URL: "http://" + address, file: filepath.Join(directory, "records"), metrics: filepath.Join(directory, "metrics")}
	config := filepath.Join(directory, "config.yaml")
	if err := os.WriteFile(config, fmt.Appendf(nil, collectorConfig, address, c.file, c.metrics), 0o644); err != nil {
		t.Fatal(err)
	}
	c.Process = newProcess(t, func() bool { return bound("tcp", address) }, binary, "--config=file:"+config)
	return c
}

// Metrics returns the requests with metrics that the Collector has exported so far, in
// OTLP's JSON.
func (c *CollectorServer) Metrics(t testing.TB) []string {
	t.Helper()
	content, err := os.ReadFile(c.metrics)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	requests := []string{}
	for _, line := range completeLines(content) {
		requests = append(requests, string(line))
	}
	return requests
}

// Records returns the log records that the Collector has exported so far, soon
// after it has taken them.
func (c *CollectorServer) Records(t testing.TB) []Record {
	t.Helper()
	content, err := os.ReadFile(c.file)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	records := []Record{}
	for _, line := range completeLines(content) {
		var request struct {
			ResourceLogs []struct {
				Resource  struct{ Attributes []keyValue }
				ScopeLogs []struct{ LogRecords []json.RawMessage }
			}
		}
		if err := json.Unmarshal(line, &request); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		for _, resource := range request.ResourceLogs {
			for _, scope := range resource.ScopeLogs {
				for _, raw := range scope.LogRecords {
					var typed struct{ Attributes []keyValue }
					record := Record{}
					if err := json.Unmarshal(raw, &typed); err != nil {
						t.Fatalf("%v: %s", err, raw)
					}
					if err := json.Unmarshal(raw, &record.Log); err != nil {
						t.Fatalf("%v: %s", err, raw)
					}
					record.Resource, record.Attributes = values(resource.Resource.Attributes), values(typed.Attributes)
					records = append(records, record)
				}
			}
		}
	}
	return records
}

// Wait is Records, repeated until there is a number of them.
func (c *CollectorServer) Wait(t testing.TB, count int) []Record {
	t.Helper()
	var records []Record
	testkit.Await(t, "the Collector has exported "+strconv.Itoa(count)+" records", func() bool {
		records = c.Records(t)
		return len(records) >= count
	})
	return records
}

// keyValue and anyValue are OTLP's KeyValue and AnyValue in JSON.
type keyValue struct {
	Key   string
	Value anyValue
}

type anyValue struct {
	StringValue *string
	IntValue    *json.Number // a string, or a number
	DoubleValue *float64
	BoolValue   *bool
	BytesValue  *string
	ArrayValue  *struct{ Values []anyValue }
	KvlistValue *struct{ Values []keyValue }
}

func values(list []keyValue) map[string]any {
	found := map[string]any{}
	for _, item := range list {
		found[item.Key] = item.Value.plain()
	}
	return found
}

func (v anyValue) plain() any {
	switch {
	case v.StringValue != nil:
		return *v.StringValue
	case v.IntValue != nil:
		number, err := v.IntValue.Float64()
		if err != nil {
			return v.IntValue.String()
		}
		return number
	case v.DoubleValue != nil:
		return *v.DoubleValue
	case v.BoolValue != nil:
		return *v.BoolValue
	case v.BytesValue != nil:
		return *v.BytesValue
	case v.ArrayValue != nil:
		list := []any{}
		for _, item := range v.ArrayValue.Values {
			list = append(list, item.plain())
		}
		return list
	case v.KvlistValue != nil:
		return values(v.KvlistValue.Values)
	}
	return nil
}

// completeLines returns the lines of a file that another process is writing.
func completeLines(content []byte) [][]byte {
	end := bytes.LastIndexByte(content, '\n')
	if end < 0 {
		return nil
	}
	return bytes.Split(content[:end], []byte("\n"))
}
