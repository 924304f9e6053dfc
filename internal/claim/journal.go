package claim

import (
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hookward/hookward/internal/plainfile"
	"github.com/hookward/hookward/internal/wal"
)

// journal is where a table outlives the process: one line for each delivery, its
// key in hexadecimal and the nanosecond since 1970 at which it was handed on.
type journal struct {
	path string   // of the present generation; that before has ".old" behind it
	file *wal.Log // nil: there is none until the next generation
	tell func(problem string)
}

// maxJournal bounds what is read of a journal: more than a full table writes.
const maxJournal = 64 << 20

// Open lets a table outlive the process in files at a path, and recalls what they
// hold, beside what it remembers already. What goes wrong with them is told, and
// costs nothing but the memory of a restart.
func Open(t *Table, path string, now int64) {
	j := &journal{path: path, tell: t.tell}
	t.mu.Lock()
	defer t.mu.Unlock()
	recall(t, t.current, path, now)
	recall(t, t.previous, path+".old", now)
	t.since = now
	t.until = now + t.window
	t.room = 0
	openJournal(j)
	t.journal = j
}

// recall reads one file into a generation. If there is no room for all, the last
// ones count.
func recall(t *Table, into map[string]int64, path string, now int64) {
	if plainfile.Look(path).Info == nil {
		return
	}
	keys := []string{}
	oldest := 0
	bad := 0
	damaged, problem := wal.Read(path, maxJournal, func(line []byte) {
		key, at := parseLine(string(line))
		if key == "" {
			bad++
			return
		}
		if at > now {
			at = now // a clock that was set back is no reason to forget
		}
		if now-at >= t.window {
			return
		}
		into[key] = at
		keys = append(keys, key)
		if len(t.current)+len(t.previous) > t.most {
			delete(into, keys[oldest])
			oldest++
		}
	})
	if problem != "" {
		t.tell(problem)
	}
	if bad+damaged > 0 {
		t.tell("file " + path + " has " + strconv.Itoa(bad+damaged) + " lines that are damaged, and are passed over")
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

// openJournal opens the file of the present generation.
func openJournal(j *journal) {
	err := os.MkdirAll(filepath.Dir(j.path), 0o700)
	if err == nil {
		j.file, err = wal.Open(j.path)
	}
	if err != nil {
		tellWhy(j, err)
	}
}

// note writes down one delivery. Where that fails, the next one may well be.
func note(j *journal, key string, at int64) {
	if j.file == nil {
		return
	}
	err := wal.Append(j.file, fmt.Appendf(nil, "%x %d", key, at))
	if err != nil {
		tellWhy(j, err)
	}
}

func tellWhy(j *journal, err error) {
	j.tell("can't be remembered across a restart: " + err.Error())
}

// turnJournal begins the file of a new generation.
func turnJournal(j *journal) {
	wal.Close(j.file)
	j.file = nil
	err := os.Rename(j.path, j.path+".old")
	if err != nil && !os.IsNotExist(err) {
		tellWhy(j, err)
		return
	}
	openJournal(j)
}

// Close closes the files of a table. It goes on without them.
func Close(t *Table) {
	t.mu.Lock()
	if t.journal != nil {
		wal.Close(t.journal.file)
	}
	t.journal = nil
	t.mu.Unlock()
}
