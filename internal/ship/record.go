package ship

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/words"
)

// entry is a record, with what receivers want to know of it.
type entry struct {
	record []byte
	at     time.Time // zero where the record does not say
	id     string    // the same each time that the record is sent
	denied bool
	title  string // for people: the decision and its reason
}

// maxID is how long an identifier may be, in bytes. Elasticsearch takes 512.
const maxID = 512

// summary is the part of a record that is read here.
type summary struct {
	ID       string   `json:"event.id"`
	Time     string   `json:"@timestamp"`
	Type     []string `json:"event.type"`
	Reason   string   `json:"event.reason"`
	Decision string   `json:"hookward.decision"`
}

// readAll reads records, and returns those that are none apart.
func readAll(records [][]byte) ([]*entry, [][]byte) {
	entries := make([]*entry, 0, len(records))
	refused := [][]byte{}
	for _, record := range records {
		e := read(record)
		if e == nil {
			refused = append(refused, record)
			continue
		}
		entries = append(entries, e)
	}
	return entries, refused
}

// read returns nil for what is no JSON object on one line. Of two lines, the
// second could pass for a record, or for a command, of its own.
func read(record []byte) *entry {
	if len(record) == 0 || record[0] != '{' || bytes.IndexByte(record, '\n') >= 0 || !json.Valid(record) {
		return nil
	}
	s := summary{}
	// A field of another type than expected is left empty, and is no reason to
	// keep the record from those who can make something of it.
	_ = json.Unmarshal(record, &s)
	e := &entry{record: record, id: s.ID, denied: words.Contains(s.Type, "denied"), title: s.Decision}
	if s.Reason != "" {
		e.title = s.Decision + ": " + s.Reason
	}
	if s.ID == "" || len(s.ID) > maxID {
		sum := sha256.Sum256(record)
		e.id = hex.EncodeToString(sum[:16])
	}
	at, err := time.Parse(time.RFC3339Nano, s.Time)
	if err == nil {
		e.at = at.UTC()
	}
	return e
}

// recordsOf returns the records of entries, in their order.
func recordsOf(entries []*entry) [][]byte {
	records := make([][]byte, 0, len(entries))
	for _, e := range entries {
		records = append(records, e.record)
	}
	return records
}

// counted writes a number of records in words.
func counted(n int) string {
	if n == 1 {
		return "1 record"
	}
	return strconv.Itoa(n) + " records"
}
