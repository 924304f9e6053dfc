package claim

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
	"github.com/hookward/hookward/internal/wal"
)

// maxJournal bounds what is read of a journal: more than a full table writes.
const maxJournal = 64 << 20

// entry is a line of a journal.
type entry struct {
	key string
	at  int64
}

// Read returns when deliveries were handed on, by their keys and as far as the files at a path
// say: in nanoseconds since 1970. It is for who looks at what no table writes to.
func Read(path string, tell func(level, message string)) map[string]int64 {
	handed := map[string]int64{}
	current, previous := recallBoth(path, tell)
	for _, e := range append(previous, current...) {
		takeOne(handed, e)
	}
	return handed
}

// recallBoth reads both generations, without what was taken back.
func recallBoth(path string, tell func(level, message string)) ([]entry, []entry) {
	current, gone := withoutForgotten(recall(path, tell))
	previous, _ := withoutForgotten(recall(path+".old", tell))
	return current, without(previous, gone)
}

// recall reads one file.
func recall(path string, tell func(level, message string)) []entry {
	if plainfile.Look(path).Info == nil {
		return nil
	}
	entries := []entry{}
	bad := 0
	damaged, problem := wal.Read(path, maxJournal, func(line []byte) {
		key, at := parseLine(string(line))
		if key == "" {
			bad++
			return
		}
		entries = append(entries, entry{key: key, at: at})
	})
	if problem != "" {
		tell("error", problem)
	}
	if bad+damaged > 0 {
		tell("error", "file "+path+" has "+strconv.Itoa(bad+damaged)+" lines that are damaged, and are passed over")
	}
	return entries
}

// take takes over into a generation what a file has, with the lock held. If there is no
// room for all, the last ones count.
func take(t *Table, into map[string]int64, entries []entry, j *journal) {
	now := time.Now().UnixNano() + j.offset
	for i := len(entries) - 1; i >= 0 && len(t.current)+len(t.previous) < t.most; i-- {
		if entries[i].at > now {
			entries[i].at = now // a clock that was set back is no reason to forget
		}
		if now-entries[i].at < t.window {
			takeOne(into, entries[i])
		}
	}
}

func takeOne(into map[string]int64, e entry) {
	at, known := into[e.key]
	if !known || at < e.at {
		into[e.key] = e.at
	}
}

// parseLine returns what a line says, or an empty key.
func parseLine(line string) (string, int64) {
	text, number, ok := strings.Cut(line, " ")
	key, err := hex.DecodeString(text)
	if !ok || err != nil || len(key) == 0 {
		return "", 0
	}
	at, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return "", 0
	}
	return string(key), at
}
