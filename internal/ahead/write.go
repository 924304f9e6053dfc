package ahead

import (
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/backoff"
	"github.com/hookward/hookward/internal/errand"
	"github.com/hookward/hookward/internal/plainfile"
	"github.com/hookward/hookward/internal/wal"
)

const (
	firstWait   = time.Second
	longestWait = 30 * time.Second
	// maxLog bounds what is read of a log.
	maxLog = 1 << 30
)

// write brings the file up to date. It is the writer's work.
func write(l *Log) {
	l.mu.Lock()
	lines := l.lines
	l.lines = nil
	closes := l.close
	l.close = false
	over := l.retired && len(l.begun) == 0
	l.mu.Unlock()
	if closes || over {
		end(l, over)
	}
	if over {
		return
	}
	var err error
	switch {
	case l.closed && len(lines) == 0:
		return
	case l.file == nil || len(lines) > 0 && wal.IsGone(l.file, time.Now()):
		err = writeAnew(l, true)
	case len(lines) > 0:
		err = writeLines(l, lines)
		if err == nil && wal.IsUntidy(l.file) {
			err = writeAnew(l, false)
		}
	}
	if err != nil {
		l.failures++
		l.tell("error", err.Error())
		errand.Later(l.writer, backoff.Wait(l.failures, firstWait, longestWait))
		return
	}
	if l.failures > 0 {
		l.failures = 0
		l.tell("info", "records can be written down again")
	}
}

// end closes the file, and removes it where nothing is left to be written down, unless
// it is another log's by now.
func end(l *Log, over bool) {
	if over {
		wal.Remove(l.file)
	} else {
		wal.Close(l.file)
	}
	l.file = nil
	l.closed = true
}

// writeLines writes lines behind those that are there.
func writeLines(l *Log, lines []line) error {
	texts := make([][]byte, len(lines))
	for i := range lines {
		texts[i] = []byte(lines[i].text)
	}
	err := l.append(l.file, texts)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cause = err
	if err != nil {
		wal.Close(l.file)
		l.file = nil // it is written anew
		return err
	}
	for i := range lines {
		if lines[i].begun != nil {
			lines[i].begun.written = true
		}
	}
	return nil
}

// writeAnew writes the file anew, with what is begun and not ended. Where the one that
// is there may be another's, it is read before.
func writeAnew(l *Log, looks bool) error {
	wal.Close(l.file)
	l.file = nil
	l.closed = false
	left := []Left{}
	if looks {
		left = adopt(l)
	}
	l.mu.Lock()
	l.lines = nil // of which is here what is not over
	numbers := make([]int, 0, len(l.begun))
	for number := range l.begun {
		numbers = append(numbers, int(number))
	}
	sort.Ints(numbers)
	kept := make([]*beginning, len(numbers))
	for i := range numbers {
		kept[i] = l.begun[int64(numbers[i])]
	}
	l.mu.Unlock()
	lines := make([]string, 0, len(kept)+1)
	lines = append(lines, "= "+l.token)
	for i := range kept {
		lines = append(lines, kept[i].line)
	}
	err := os.MkdirAll(filepath.Dir(l.path), 0o700)
	if err == nil {
		l.file, err = wal.Replace(l.path, lines)
	}
	l.mu.Lock()
	l.cause = err
	for i := 0; i < len(kept) && err == nil; i++ {
		kept[i].written = true
	}
	l.mu.Unlock()
	if len(left) > 0 {
		l.found(left)
	}
	return err
}

// adopt takes over what another process has left in the file. One that can't be read is
// set aside.
func adopt(l *Log) []Left {
	if plainfile.Look(l.path).Info == nil {
		return nil
	}
	lines, order, problem := left(l.path, l.token)
	if problem != "" {
		l.tell("error", problem+"; it is set aside")
		_ = os.Rename(l.path, l.path+".unreadable")
	}
	found := []Left{}
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, number := range order {
		_, text, _ := strings.Cut(lines[number], " ")
		delete(lines, number) // no second copy of all: there may be many
		l.last--
		b := note(l, l.last, text)
		found = append(found, Left{Number: l.last, Text: b.line[b.start:]})
	}
	return found
}

// left returns what was begun in a file and not ended, by numbers, these in their order,
// unless the file has the token.
func left(path, token string) (map[string]string, []string, string) {
	begun := map[string]string{}
	order := map[string]int{}
	n := 0
	ours := false
	_, problem := wal.Read(path, maxLog, func(line []byte) {
		sign, rest, _ := strings.Cut(string(line), " ")
		number, _, ok := strings.Cut(rest, " ")
		switch {
		case sign == "=":
			ours = rest == token
		case sign == "-":
			delete(begun, number)
			delete(order, number)
		case sign == "+" && ok && !ours:
			n++
			begun[number] = rest
			order[number] = n
		}
	})
	numbers := make([]string, 0, len(begun))
	for number := range begun {
		numbers = append(numbers, number)
	}
	sort.Slice(numbers, func(i, j int) bool { return order[numbers[i]] < order[numbers[j]] })
	return begun, numbers, problem
}
