package auditlog

import (
	"crypto/hmac"
	"hash"

	"github.com/hookward/hookward/internal/logfile"
)

// chain is where a check has got to.
type chain struct {
	mac     hash.Hash
	wanted  string // a value that some line has to have; empty: none
	found   bool
	started bool

	// What the next line may be linked to: the line before, and, where that is
	// wrong, the last one that was right, in case it was added.
	before string
	right  string

	sealed  int64 // lines that have a value
	run     int64 // lines without one, in a row
	runLine int64 // the first of them
}

func newChain(key []byte, wanted string) *chain {
	return &chain{mac: logfile.NewMAC(key), wanted: wanted}
}

// checkLink checks a line's value.
func checkLink(c *check, line []byte) {
	k := c.chain
	plain, value := logfile.Unseal(line)
	if value == "" {
		if k.run == 0 {
			k.runLine = c.line
		}
		k.run++
		return
	}
	endRun(c)
	k.sealed++
	own := logfile.Own(k.mac, plain)
	half := len(own)
	if !hmac.Equal([]byte(own), []byte(value[:half])) {
		problem(c, Changed, "the line is not as it was written, or was written with another key")
		k.before = value
		k.started = true
		return
	}
	links := func(previous string) bool {
		return hmac.Equal([]byte(logfile.Link(k.mac, previous, own)), []byte(value[half:]))
	}
	c.summary.Chained++
	c.summary.Last = value
	k.found = k.found || value == k.wanted
	right := true
	switch {
	case !k.started:
		// What was before is not here. That there was nothing, it says itself.
		first := c.summary.Lines == 1
		begins := links(logfile.Start)
		c.summary.Begins = first && begins
		c.summary.Continues = first && !begins
	case links(k.before) || k.right != "" && links(k.right):
	case value == k.before:
		problem(c, Repeated, "the line before stands here once more")
		right = false
	case links(logfile.Start):
		problem(c, BeginsAnew, "the chain begins anew here; what was before is not bound to what follows")
	default:
		problem(c, Missing, "the line does not follow the one before: lines between them are missing, or it is not in its place")
		right = false
	}
	k.started = true
	k.before = value
	if right {
		k.right = value
	}
}

// endRun reports lines without a value, once there is one that has a value again.
func endRun(c *check) {
	k := c.chain
	if k.run == 1 {
		problemAt(c, Unchained, c.file, k.runLine, "the line has no value of the chain")
	} else if k.run > 1 {
		problemAt(c, Unchained, c.file, k.runLine, "%d lines, from this one on, have no value of the chain", k.run)
	}
	k.run = 0
}

// endChain reports what only shows at the end.
func endChain(c *check) {
	k := c.chain
	if k.sealed > 0 && c.summary.Chained == 0 {
		problemAt(c, WrongKey, "", 0, "the key fits none of the lines")
	}
	if k.wanted != "" && !k.found {
		problemAt(c, NotFound, "", 0, "no line has the value %s: lines were removed since it was noted, or they are in other files", k.wanted)
	}
}
