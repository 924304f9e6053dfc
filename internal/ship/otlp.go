package ship

import (
	"bytes"
	"encoding/json"
	"net/http"
	"sort"
	"strconv"

	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/words"
)

// otlpLog and otlpAttribute are the JSON encoding of parts of an ExportLogsServiceRequest, see
// https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding. A value is a
// map, because it may contain values, and the type of a struct can't contain
// itself in interpreted code.
type otlpLog struct {
	Time           string          `json:"timeUnixNano,omitempty"`
	ObservedTime   string          `json:"observedTimeUnixNano,omitempty"`
	SeverityNumber int             `json:"severityNumber"`
	SeverityText   string          `json:"severityText"`
	EventName      string          `json:"eventName"`
	Body           map[string]any  `json:"body"`
	Attributes     []otlpAttribute `json:"attributes"`
}

type otlpAttribute struct {
	Key   string         `json:"key"`
	Value map[string]any `json:"value"`
}

// otlpReply is the answer to logs or to metrics. The numbers may be written as texts.
type otlpReply struct {
	PartialSuccess struct {
		RejectedLogs   json.Number `json:"rejectedLogRecords"`
		RejectedPoints json.Number `json:"rejectedDataPoints"`
	} `json:"partialSuccess"`
}

const (
	severityInfo = 9
	severityWarn = 13
)

func sendOTLP(s *Sender, entries []*entry) outbox.Outcome {
	a := post(s, s.endpoint, otlpBody(s.target, entries))
	reply := otlpReply{}
	known := a.whole && json.Unmarshal(a.body, &reply) == nil
	if a.status == http.StatusBadRequest && !known && !wantsTLS(s, a) {
		// A collector answers in JSON, as it was asked. Some other receivers know
		// no JSON at all, and say so with the status of a mistake in the records.
		return unreadable(s, entries, a, "not as a collector does that takes JSON")
	}
	if !taken(a) {
		return unsuccessful(s, entries, a)
	}
	// Nothing is said by an empty answer, which means the same as {}.
	if !known && (!a.whole || len(bytes.TrimSpace(a.body)) > 0) {
		return unreadable(s, entries, a, "not as a collector does")
	}
	rejected, err := strconv.Atoi(string(reply.PartialSuccess.RejectedLogs))
	if err != nil || rejected <= 0 {
		return outbox.Outcome{}
	}
	return rejectedSome(s, entries, a, rejected)
}

// rejectedSome returns what it means that some records were rejected. They must
// not be sent again, says the specification, and it is not known which they are:
// as many are returned as there are, so that their number is right.
func rejectedSome(s *Sender, entries []*entry, a *answer, rejected int) outbox.Outcome {
	problem := answered(s, a) + ", but rejected " + strconv.Itoa(rejected) + " of " + counted(len(entries))
	if rejected < len(entries) {
		problem += ", and does not say which"
	} else {
		rejected = len(entries)
	}
	return outbox.Outcome{Refused: recordsOf(entries[len(entries)-rejected:]), Problem: problem}
}

func otlpBody(t Target, entries []*entry) []byte {
	resource := []otlpAttribute{{Key: "service.name", Value: otlpValue("hookward")}}
	if t.Host != "" {
		resource = append(resource, otlpAttribute{Key: "host.name", Value: otlpValue(t.Host)})
	}
	logs := make([]otlpLog, 0, len(entries))
	for _, e := range entries {
		logs = append(logs, otlpLogOf(e))
	}
	// Both are made of what JSON has, and can't fail.
	attributes, _ := json.Marshal(resource)
	records, _ := json.Marshal(logs)
	head := `{"resourceLogs":[{"resource":{"attributes":` + string(attributes) + `},"scopeLogs":[{"scope":{"name":"hookward"},"logRecords":`
	return append(append([]byte(head), records...), "}]}]}"...)
}

// otlpLogOf writes a record as an event: its name says what kind it is, its
// fields are attributes, and its body is a line for people, because some show
// nothing else.
func otlpLogOf(e *entry) otlpLog {
	log := otlpLog{SeverityNumber: severityInfo, SeverityText: "INFO", EventName: "hookward.audit", Body: otlpValue(words.OrDefault(e.title, "audit"))}
	if e.denied {
		log.SeverityNumber = severityWarn
		log.SeverityText = "WARN"
	}
	decoder := json.NewDecoder(bytes.NewReader(e.record))
	decoder.UseNumber() // the numbers of a sequence need all their digits
	fields := map[string]any{}
	_ = decoder.Decode(&fields)
	if !e.at.IsZero() {
		log.Time = strconv.FormatInt(e.at.UnixNano(), 10)
		log.ObservedTime = log.Time
		delete(fields, "@timestamp")
	}
	log.Attributes = otlpAttributesOf(fields)
	return log
}

func otlpAttributesOf(fields map[string]any) []otlpAttribute {
	names := make([]string, 0, len(fields))
	for name := range fields {
		names = append(names, name)
	}
	sort.Strings(names)
	attributes := make([]otlpAttribute, 0, len(names))
	for _, name := range names {
		attributes = append(attributes, otlpAttribute{Key: name, Value: otlpValue(fields[name])})
	}
	return attributes
}

// otlpValue writes a value of JSON with its type. That of null is an empty one.
func otlpValue(value any) map[string]any {
	switch v := value.(type) {
	case string:
		return map[string]any{"stringValue": v}
	case bool:
		return map[string]any{"boolValue": v}
	case json.Number:
		return otlpNumber(string(v))
	case []any:
		values := make([]map[string]any, 0, len(v))
		for _, item := range v {
			values = append(values, otlpValue(item))
		}
		return map[string]any{"arrayValue": map[string]any{"values": values}}
	case map[string]any:
		return map[string]any{"kvlistValue": map[string]any{"values": otlpAttributesOf(v)}}
	}
	return map[string]any{}
}

func otlpNumber(text string) map[string]any {
	_, err := strconv.ParseInt(text, 10, 64)
	if err == nil {
		return map[string]any{"intValue": text}
	}
	number, err := strconv.ParseFloat(text, 64)
	if err == nil {
		return map[string]any{"doubleValue": number}
	}
	return map[string]any{"stringValue": text} // too large for both
}

// metricsPath is where a collector takes metrics.
const metricsPath = "/v1/metrics"

// SendMetrics sends an ExportMetricsServiceRequest in JSON to a target of the type otlp,
// once, and returns what went wrong, or nothing. There can be one call at a time.
func SendMetrics(s *Sender, body []byte) string {
	address := appended(s.target.URL, metricsPath)
	a := post(s, address, body)
	shown := shownURL(address) + " answered " + strconv.Itoa(a.status)
	if a.status == 0 {
		return a.problem
	}
	if !taken(a) {
		return shown + meaning(s, a)
	}
	reply := otlpReply{}
	if len(bytes.TrimSpace(a.body)) == 0 && a.whole {
		return ""
	}
	if !a.whole || json.Unmarshal(a.body, &reply) != nil {
		return shown + ", but not as a collector does"
	}
	rejected, err := strconv.Atoi(string(reply.PartialSuccess.RejectedPoints))
	if err == nil && rejected > 0 {
		return shown + ", but rejected " + strconv.Itoa(rejected) + " of the data points"
	}
	return ""
}
