package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/report"
)

var (
	errNotOpen    = errors.New("the file is not open")
	errNotEncoded = errors.New("it can't be encoded")
)

// lossRecord is the record of records that were lost: it stands where they would
// have stood, and makes a gap in the numbers one that is accounted for.
type lossRecord struct {
	ID         string   `json:"event.id"`
	Sequence   int64    `json:"event.sequence,omitempty"`
	Time       string   `json:"@timestamp"`
	ECSVersion string   `json:"ecs.version"`
	Dataset    string   `json:"event.dataset"`
	Kind       string   `json:"event.kind"`
	Type       []string `json:"event.type"`
	Outcome    string   `json:"event.outcome"`
	Reason     string   `json:"event.reason"`
	Epoch      string   `json:"hookward.epoch"`
	Middleware string   `json:"hookward.middleware"`
	First      int64    `json:"hookward.gap.first"`
	Last       int64    `json:"hookward.gap.last"`
	Count      int64    `json:"hookward.gap.count"`
}

const recordsLost = "records_lost"

// gapRecord returns the record of lost ones of a series, which is an epoch and a
// middleware.
func gapRecord(of string, first, last, count int64) []byte {
	epoch, name, _ := strings.Cut(of, " ")
	line, err := json.Marshal(&lossRecord{
		ID:         fmt.Sprintf("%s-gap-%d-%d", epoch, first, last),
		Time:       time.Now().UTC().Format(report.TimeLayout),
		ECSVersion: report.ECSVersion,
		Dataset:    Dataset,
		Kind:       "pipeline_error",
		Type:       []string{"error"},
		Outcome:    "failure",
		Reason:     recordsLost,
		Epoch:      epoch,
		Middleware: name,
		First:      first,
		Last:       last,
		Count:      count,
	})
	if err != nil {
		return nil
	}
	return line
}

// isGap says whether a line is the record of lost ones. No text of a stranger's has a quote
// in a record that is not escaped.
func isGap(line []byte) bool {
	return bytes.Contains(line, []byte(`"hookward.gap.count":`))
}
