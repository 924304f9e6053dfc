package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
)

// Span is a time in which no Traefik worked on a store, in milliseconds since 1970.
type Span struct{ From, To int64 }

const (
	servedFile    = "served" // its time is when a gate was last there: a command is no gate
	downtimesFile = "downtimes"
	maxDowntimes  = 30
	// shortLife is how short a Traefik's life between two downtimes may be to count as none.
	shortLife = int64(time.Minute / time.Millisecond)
)

// Serve notes that a gate works on a store. It is to be called again and again.
func Serve(s *Store, now time.Time) {
	path := filepath.Join(s.Directory, servedFile)
	if os.Chtimes(path, now, now) != nil {
		_ = os.WriteFile(path, nil, 0o600)
	}
}

// LastServed returns when a gate last said so; now, where none has.
func LastServed(s *Store) time.Time { return timeOf(s, servedFile) }

// timeOf returns when a file was last touched; now, where there is none.
func timeOf(s *Store, name string) time.Time {
	state := plainfile.Look(filepath.Join(s.Directory, name))
	if s.Medium != nil || state.Info == nil {
		return time.Now()
	}
	return state.Info.ModTime()
}

// NoteDowntime notes when no gate was there, and returns all such times that are known. With a
// clock that is set, some of them may be too long, and lie upon others.
func NoteDowntime(s *Store, from, to time.Time) []Span {
	spans := []Span{}
	if s.Medium != nil {
		return spans
	}
	content, _ := plainfile.Read(plainfile.Look(filepath.Join(s.Directory, downtimesFile)), 1<<16)
	lines := strings.Split(string(content), "\n")
	lines = append(lines, fmt.Sprint(from.UnixMilli(), " ", to.UnixMilli()))
	for _, line := range lines {
		one := Span{}
		n, _ := fmt.Sscan(line, &one.From, &one.To)
		last := len(spans) - 1
		switch {
		case n != 2 || one.From >= one.To:
		case last >= 0 && one.From >= spans[last].From && one.From-spans[last].To < shortLife:
			if spans[last].To < one.To {
				spans[last].To = one.To
			}
		default:
			spans = append(spans, one)
		}
	}
	if len(spans) > maxDowntimes {
		spans = spans[len(spans)-maxDowntimes:]
	}
	text := ""
	for _, one := range spans {
		text += fmt.Sprint(one.From, " ", one.To, "\n")
	}
	_ = replace(s, downtimesFile, []byte(text)) // else they count the next time
	return spans
}
