package store

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// States, and the directories of that name.
const (
	Waiting   = "waiting"   // it is to be tried
	Dead      = "dead"      // it was given up, and is kept to be looked at, or to be tried again
	Delivered = "delivered" // it has arrived, and is kept for a while to be looked at
)

// Entry is what the place and the name of a file say of a delivery:
// STATE/X/ID.ATTEMPTS.STEP.WHEN, and .REASON behind that of a dead one, and .MARKS behind
// that where it was handed over. X is the last digit of the id, so that no directory has
// all of them. Where it has arrived and is tried again all the same, STEP ends with "d".
type Entry struct {
	State    string
	ID       string
	Attempts int   // how often it was tried, from its first arrival on
	Step     int   // which step of the schedule comes next, from 0; it begins anew with a replay
	Arrived  bool  // it is replayed, or dead, and the backend had it before; of Delivered it goes without saying
	When     int64 // when it is due, died or arrived: milliseconds since 1970
	Reason   string
	Marks    string // of outputs that have a dead one, each once, with "-" between them: see Hand
	Size     int64  // of the file
	Seen     int64  // until when its owner before was there, as When; 0 where there was none
}

// again stands behind the step of what the backend had before.
const again = "d"

var (
	isID     = regexp.MustCompile(`^[0-9a-f]{28,36}$`)
	isName   = regexp.MustCompile(`^([0-9a-f]{28,36})\.([0-9]{1,6})\.([0-9]{1,4}d?)\.([0-9]{1,15})(?:\.([a-z_]{1,32})(?:\.([0-9a-f]{8}p?(?:-[0-9a-f]{8}p?){0,15}))?)?$`)
	isReason = regexp.MustCompile(`^[a-z_]{1,32}$`)
	isMark   = regexp.MustCompile(`^[0-9a-f]{8}p?$`)
)

// IDs are when this process began, in milliseconds since 1970, a random word of it, and a
// number, in hexadecimal: no other process makes the same one, and those of one sort by
// time.
var (
	processWord = newWord()

	// Prefix and LastNumber make an id: the next number, atomically, in hexadecimal. It has
	// eight digits for the first four thousand million of them.
	Prefix     = fmt.Sprintf("%012x", time.Now().UnixMilli()&0xffffffffffff) + processWord
	LastNumber = newNumber() // a pointer, since Yaegi takes no address of another package's variable
)

func newNumber() *int64 {
	n := int64(0x10000000)
	return &n
}

func newWord() string {
	random := make([]byte, 4)
	_, _ = rand.Read(random)
	return hex.EncodeToString(random)
}

// NewID returns an id that no other delivery has.
func NewID() string {
	return Prefix + strconv.FormatInt(atomic.AddInt64(LastNumber, 1), 16)
}

// FitsID says whether a text may be a delivery's id. Whoever has an id from outside asks
// this first.
func FitsID(text string) bool { return isID.MatchString(text) }

// NameOf returns the path of a delivery's file below the store's directory, which says all that
// changes about it.
func NameOf(e *Entry) string {
	step := strconv.Itoa(e.Step)
	if e.Arrived {
		step += again
	}
	name := e.State + "/" + e.ID[len(e.ID)-1:] + "/" + e.ID + "." + strconv.Itoa(e.Attempts) + "." + step + "." + strconv.FormatInt(e.When, 10)
	if e.State == Dead {
		name += "." + e.Reason
		if e.Marks != "" {
			name += "." + e.Marks
		}
	}
	return name
}

// EntryOf reads what NameOf has made of what waits or is dead, and returns nil where it has not.
func EntryOf(path string) *Entry {
	parts := strings.Split(path, "/")
	if len(parts) != 3 || parts[0] != Waiting && parts[0] != Dead {
		return nil
	}
	return entryOf(parts[0], parts[1], parts[2])
}

// entryOf reads a name, and returns nil where it is none of ours.
func entryOf(state, shard, name string) *Entry {
	parts := isName.FindStringSubmatch(name)
	if parts == nil || !strings.HasSuffix(parts[1], shard) || (state == Dead) != (parts[5] != "") {
		return nil
	}
	e := &Entry{State: state, ID: parts[1], Reason: parts[5], Marks: parts[6], Arrived: strings.HasSuffix(parts[3], again)}
	if e.Arrived && state == Delivered {
		return nil
	}
	e.Attempts, _ = strconv.Atoi(parts[2])
	e.Step, _ = strconv.Atoi(strings.TrimSuffix(parts[3], again))
	e.When, _ = strconv.ParseInt(parts[4], 10, 64)
	if NameOf(e) != state+"/"+shard+"/"+name {
		return nil // such as 007 for 7: two names for one delivery
	}
	return e
}
