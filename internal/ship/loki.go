package ship

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/outbox"
)

// push is a request to Loki's
// https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs.
type push struct {
	Streams []stream `json:"streams"`
}

type stream struct {
	Labels map[string]string `json:"stream"`
	Values [][]string        `json:"values"` // time in nanoseconds, and line
}

// sendLoki sends all records as one stream. A record that is sent again is the
// same line at the same time, which Loki keeps once. That matters also where it
// answers with 400: it may have taken those that were right.
func sendLoki(s *Sender, entries []*entry) outbox.Outcome {
	labels := map[string]string{}
	for _, label := range s.target.Labels {
		labels[label[0]] = label[1]
	}
	body, _ := json.Marshal(&push{Streams: []stream{{Labels: labels, Values: valuesOf(entries)}}}) // of texts, which can't fail
	return postAll(s, entries, body)
}

func valuesOf(entries []*entry) [][]string {
	values := make([][]string, 0, len(entries))
	for _, e := range entries {
		at := e.at
		if at.IsZero() {
			at = time.Now() // Loki takes no line without a time
		}
		values = append(values, []string{strconv.FormatInt(at.UnixNano(), 10), string(e.record)})
	}
	return values
}
