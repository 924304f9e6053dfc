package claim

import (
	"bytes"
	"encoding/hex"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hookward/hookward/internal/plainfile"
)

// journal is where a table outlives the process: one line for each delivery, its
// key in hexadecimal and the nanosecond since 1970 at which it was handed on.
// Lines are only ever appended, each with one write, so that the end of the
// process loses none, and the end of the machine only the last ones.
type journal struct {
	path string // of the present generation; that before has ".old" behind it
	file *os.File
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

// recall reads one file into a generation.
func recall(t *Table, into map[string]int64, path string, now int64) {
	state := plainfile.Look(path)
	if state.Info == nil {
		return
	}
	if plainfile.WritableByAll(state) || plainfile.WritableByAll(plainfile.Look(filepath.Dir(path))) {
		t.tell("file " + path + " may be written by everybody on this machine; it is not read")
		return
	}
	content, problem := plainfile.Read(state, maxJournal)
	if problem != "" {
		t.tell("file " + path + " " + problem)
		return
	}
	bad := 0
	lines := strings.Split(string(content), "\n")
	for i := len(lines) - 1; i >= 0; i-- { // the last ones first, if there is no room for all
		key, at := parseLine(lines[i])
		if key == "" {
			bad++
			continue
		}
		if at > now {
			at = now // a clock that was set back is no reason to forget
		}
		if now-at < t.window && len(t.current)+len(t.previous) < t.most {
			into[key] = at
		}
	}
	if bad > 1 { // behind the last newline there is nothing, or a line that was cut off
		t.tell("file " + path + " has " + strconv.Itoa(bad-1) + " lines that are damaged, and are passed over")
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

// openJournal opens the file of the present generation. A line that was cut off
// gets its end, so that the next one is whole.
func openJournal(j *journal) {
	err := os.MkdirAll(filepath.Dir(j.path), 0o700)
	if err == nil {
		j.file, err = os.OpenFile(j.path, os.O_APPEND|os.O_CREATE|os.O_RDWR, 0o600)
	}
	if err == nil {
		err = endLine(j.file)
	}
	if err != nil {
		giveUp(j, err)
	}
}

func endLine(f *os.File) error {
	size, err := f.Seek(0, 2)
	if err != nil || size == 0 {
		return err
	}
	last := make([]byte, 1)
	_, err = f.ReadAt(last, size-1)
	if err != nil || bytes.Equal(last, []byte("\n")) {
		return err
	}
	_, err = f.Write([]byte("\n"))
	return err
}

// giveUp goes on without the file, until the next generation.
func giveUp(j *journal, err error) {
	if j.file != nil {
		_ = j.file.Close()
		j.file = nil
	}
	j.tell("can't be remembered across a restart: " + err.Error())
}

// note writes down one delivery.
func note(j *journal, key string, at int64) {
	if j.file == nil {
		return
	}
	_, err := j.file.Write([]byte(hex.EncodeToString([]byte(key)) + " " + strconv.FormatInt(at, 10) + "\n"))
	if err != nil {
		giveUp(j, err)
	}
}

// turnJournal begins the file of a new generation.
func turnJournal(j *journal) {
	if j.file != nil {
		_ = j.file.Close()
		j.file = nil
	}
	err := os.Rename(j.path, j.path+".old")
	if err != nil && !os.IsNotExist(err) {
		giveUp(j, err)
		return
	}
	openJournal(j)
}

// Close closes the files of a table. It goes on without them.
func Close(t *Table) {
	t.mu.Lock()
	if t.journal != nil && t.journal.file != nil {
		_ = t.journal.file.Close()
	}
	t.journal = nil
	t.mu.Unlock()
}
