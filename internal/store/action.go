package store

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
)

// What an operator does to deliveries.
const (
	Replay = "replay"
	Drop   = "drop"
	Adopt  = "adopt"
)

// Action is what an operator has done to a delivery, be it with the command while no Traefik
// works on the store, or through the one that does.
type Action struct {
	Time     time.Time `json:"time"`
	ID       string    `json:"id"`
	Action   string    `json:"action"`
	From     string    `json:"from,omitempty"` // whose it was, where it is adopted
	State    string    `json:"state"`          // it was in
	Death    string    `json:"death,omitempty"`
	Attempts int       `json:"attempts"`
	Actor    string    `json:"actor"`
	Reason   string    `json:"reason"`
	Claim    string    `json:"claim,omitempty"` // of what waited and is dropped, in hexadecimal: see ClaimOf
	Error    string    `json:"error,omitempty"` // why it was not done after all
}

// NoteClaim notes the claim of a delivery that is dropped, which its sender may send again:
// whoever remembers the claim has to forget it. In a store that is shared the drop does that.
func NoteClaim(s *Store, a *Action, claim string) {
	if s.Medium == nil && a.Action == Drop && a.State == Waiting {
		a.Claim = hex.EncodeToString([]byte(claim))
	}
}

// ClaimOf returns that claim, or nothing.
func ClaimOf(a *Action) string {
	claim, err := hex.DecodeString(a.Claim)
	if err != nil || a.Action != Drop || a.Error != "" {
		return ""
	}
	return string(claim)
}

const (
	actionsFile = "changes"
	toldFile    = "changes.told" // how many bytes of it the gate has recorded
	maxActions  = 4 << 20        // bytes of the file, and of that with those from before
)

// NoteAction writes an action down, and syncs it.
func NoteAction(s *Store, a *Action) error {
	line, err := json.Marshal(a)
	if err != nil {
		return err
	}
	if s.Medium != nil {
		return s.Medium.NoteAction(string(line))
	}
	// A line end in front ends what another one has left unfinished.
	return writeTo(filepath.Join(s.Directory, actionsFile), os.O_APPEND, []byte("\n"+string(line)+"\n"))
}

// IsFull says whether a disk has refused something because there is no room: then a drop, which
// makes some, is done before it is written down.
func IsFull(err error) bool {
	return err != nil && (strings.Contains(err.Error(), "no space left") || strings.Contains(err.Error(), "quota exceeded"))
}

// Actions calls found for each action that is known of a delivery, or of all where the id is
// empty, in order. The oldest are forgotten.
func Actions(s *Store, id string, found func(a *Action)) {
	if s.Medium != nil {
		findActions(s.Medium.Actions(), id, found)
		return
	}
	path := filepath.Join(s.Directory, actionsFile)
	for _, name := range []string{path + ".old", path} {
		content, _ := os.ReadFile(name)
		findActions(strings.Split(string(content), "\n"), id, found)
	}
}

func findActions(lines []string, id string, found func(a *Action)) {
	for _, line := range lines {
		if !strings.Contains(line, id) {
			continue
		}
		a := parseAction([]byte(line))
		if a != nil && (id == "" || a.ID == id) {
			found(a)
		}
	}
}

func parseAction(line []byte) *Action {
	a := &Action{}
	if len(line) == 0 || json.Unmarshal(line, a) != nil || !isID.MatchString(a.ID) {
		return nil
	}
	return a
}

// NewActions calls found for each action of which Told was not called yet, and returns what
// to call it with.
func NewActions(s *Store, found func(a *Action)) int64 {
	if s.Medium != nil {
		lines := s.Medium.NewActions()
		findActions(lines, "", found)
		return int64(len(lines))
	}
	content, _ := plainfile.Read(plainfile.Look(filepath.Join(s.Directory, toldFile)), 100)
	from, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64)
	if err != nil || from < 0 {
		from = 0
	}
	all, _ := os.ReadFile(filepath.Join(s.Directory, actionsFile))
	if from > int64(len(all)) {
		from = 0 // it is another file
	}
	end := int64(bytes.LastIndexByte(all, '\n') + 1)
	if from < end {
		findActions(strings.Split(string(all[from:end]), "\n"), "", found)
		from = end
	}
	return from
}

// ActionsEnd returns where the last action ends, for the only one who writes any.
func ActionsEnd(s *Store) int64 {
	info, err := os.Stat(filepath.Join(s.Directory, actionsFile))
	if err != nil {
		return 0
	}
	return info.Size()
}

// Told notes up to where actions are recorded. Where the disk refuses that, they are
// recorded twice. Those of a file that has become too long are put aside.
func Told(s *Store, end int64) {
	if s.Medium != nil {
		s.Medium.Told(end)
		return
	}
	if end > maxActions && end == ActionsEnd(s) && shorten(s) {
		end = 0
	}
	_ = replace(s, toldFile, []byte(strconv.FormatInt(end, 10)+"\n"))
}

// shorten puts the newest actions aside, all of which are recorded, and begins the file anew. An
// end of the process in between has some of them there twice, or has Told called again: a number
// of bytes beyond the end of a file is that of another one.
func shorten(s *Store) bool {
	path := filepath.Join(s.Directory, actionsFile)
	content, err := os.ReadFile(path)
	if err != nil {
		return false
	}
	if len(content) > maxActions {
		content = content[len(content)-maxActions:]
		content = content[bytes.IndexByte(content, '\n')+1:]
	}
	return replace(s, actionsFile+".old", content) == nil && os.Remove(path) == nil
}

// replace puts a file in the place of another one.
func replace(s *Store, name string, content []byte) error {
	aside := filepath.Join(s.Directory, temporary, name)
	_ = os.Remove(aside)
	err := writeSynced(aside, content)
	if err == nil {
		err = os.Rename(aside, filepath.Join(s.Directory, name))
	}
	return err
}
