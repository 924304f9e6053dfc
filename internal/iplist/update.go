package iplist

import (
	"crypto/sha256"
	"fmt"
	"math/rand"
	"time"

	"github.com/hookward/hookward/internal/ipset"
	"github.com/hookward/hookward/internal/plainfile"
)

// update asks the source for the list's present version and takes it over if it
// is good.
func update(l *List, now time.Time) {
	if l.source.File != "" {
		updateFromFile(l, now)
		return
	}
	known := l.known
	if l.unsaved {
		known = version{} // what is there to be saved must come again
	}
	v, problem := fetch(l.source, known)
	if problem != "" {
		fail(l, problem, now)
		return
	}
	if v == nil {
		succeed(l, now)
		return
	}
	sum := sha256.Sum256(v.content)
	if sum != l.sum && !adopt(l, v.content, sum, now) {
		return
	}
	same := sum == l.sum
	l.sum = sum
	l.known = version{etag: v.etag, lastModified: v.lastModified}
	if same {
		succeed(l, now)
	}
	if same && !l.unsaved {
		return
	}
	err := saveSnapshot(l.source, v, now)
	l.unsaved = err != nil
	if err != nil {
		l.tell("error", "the list "+l.Name+" has no snapshot: "+err.Error(), now)
	}
}

func updateFromFile(l *List, now time.Time) {
	if l.failures == 0 && l.file.Path != "" && !plainfile.Changed(l.file) {
		succeed(l, now)
		return
	}
	state := plainfile.Look(l.source.File)
	content, problem := plainfile.Read(state, maxBytes)
	if problem != "" {
		fail(l, problem, now)
		return
	}
	if plainfile.WritableByAll(state) {
		l.tell("warn", "the list "+l.Name+" may be written by everybody on this machine", now)
	}
	sum := sha256.Sum256(content)
	if sum != l.sum && !adopt(l, content, sum, now) {
		return
	}
	if sum == l.sum {
		succeed(l, now)
	}
	l.sum = sum
	l.file = state
}

// adopt parses a version and puts it in force, if nothing speaks against it.
func adopt(l *List, content []byte, sum [sha256.Size]byte, now time.Time) bool {
	if l.refused != "" && sum == l.refusedSum {
		fail(l, l.refused, now) // as before, without reading all of it again
		return false
	}
	set, problem := read(l, content)
	l.refused = problem
	l.refusedSum = sum
	if problem != "" {
		fail(l, problem, now)
		return false
	}
	l.mu.Lock()
	before := l.set
	l.set = set
	l.mu.Unlock()
	succeed(l, now)
	said := fmt.Sprintf("the list %s has %s", l.Name, ranges(set))
	if before != nil {
		said += fmt.Sprintf(", before %s", ranges(before))
	}
	l.tell("info", said, now)
	return true
}

// read makes a set of a version, or says what speaks against that.
func read(l *List, content []byte) (ipset.Set, string) {
	prefixes, problem := parse(l.source, content)
	if problem != "" {
		return nil, problem
	}
	set := ipset.Make(prefixes)
	problem = judge(l, set)
	if problem != "" {
		return nil, problem
	}
	return set, ""
}

// judge says what is wrong with a list that can be read.
func judge(l *List, set ipset.Set) string {
	all := ipset.Everything(set)
	if all != "" {
		return "has every " + all + " address"
	}
	if l.source.AcceptAnySize {
		return ""
	}
	ipv4, ipv6 := ipset.Coverage(set)
	if ipv4 > 0.5 || ipv6 > 0.5 {
		return "has more than half of all addresses of IPv4 or IPv6; if that is right, say acceptAnySize: true"
	}
	l.mu.Lock()
	before := l.set
	l.mu.Unlock()
	if before == nil {
		return ""
	}
	if 2*len(set) < len(before) {
		return fmt.Sprintf("has shrunk from %s to %s; if that is right, say acceptAnySize: true", ranges(before), ranges(set))
	}
	if len(set) > maxGrowth*len(before) {
		return fmt.Sprintf("has grown from %s to %s; if that is right, say acceptAnySize: true", ranges(before), ranges(set))
	}
	ipv4Before, ipv6Before := ipset.Coverage(before)
	if ipv4 > large4 && ipv4 > maxGrowth*ipv4Before || ipv6 > large6 && ipv6 > maxGrowth*ipv6Before {
		return "has more than a hundred times the addresses it had; if that is right, say acceptAnySize: true"
	}
	return ""
}

func ranges(set ipset.Set) string {
	if len(set) == 2 {
		return "1 range"
	}
	return fmt.Sprintf("%d ranges", len(set)/2)
}

// succeed notes that the list is what its source has.
func succeed(l *List, now time.Time) {
	if l.failures > 0 {
		l.tell("info", fmt.Sprintf("the list %s is up to date again, after %d failed attempts", l.Name, l.failures), now)
	}
	l.updated = now
	l.failures = 0
	l.cause = ""
}

// fail notes that an update was refused, and says so once for each cause, and
// again while it lasts.
func fail(l *List, cause string, now time.Time) {
	l.failures++
	if cause == l.cause && now.Sub(l.told) < reminder && !now.Before(l.told) {
		return
	}
	l.cause = cause
	l.told = now
	l.tell("error", fmt.Sprintf("the list %s %s; %s (failed attempts: %d)", l.Name, cause, inForce(l, now), l.failures), now)
}

// inForce says what a list that can't be updated has.
func inForce(l *List, now time.Time) string {
	switch {
	case !loaded(l):
		return "it has never been loaded"
	case l.updated.IsZero():
		return "what it had before stays in force"
	}
	return "what it had " + now.Sub(l.updated).Round(time.Second).String() + " ago stays in force"
}

// recallSnapshot puts the last good version of before the process's start in
// force, however old it is, until its source is asked.
func recallSnapshot(l *List, now time.Time) {
	defer func() {
		if p := recover(); p != nil {
			l.tell("error", "the list "+l.Name+" starts without its snapshot: reading it panicked: "+fmt.Sprint(p), now)
		}
	}()
	v, updated, problem := loadSnapshot(l.source)
	if v == nil && problem == "" || loaded(l) {
		return
	}
	if problem == "" {
		set, wrong := read(l, v.content)
		if wrong == "" {
			l.mu.Lock()
			l.set = set
			l.mu.Unlock()
			l.sum = sha256.Sum256(v.content)
			// Not known by its validators: whoever has written the snapshot could
			// have the source confirm it with them, for ever.
			l.updated = updated
			l.tell("info", fmt.Sprintf("the list %s has %s, from a snapshot of %s", l.Name, ranges(set), updated.Format(time.RFC3339)), now)
			return
		}
		problem = "its snapshot " + wrong
	}
	l.tell("error", "the list "+l.Name+" starts without its snapshot: "+problem, now)
}

// jitter spreads the updates of several processes.
func jitter(d time.Duration) time.Duration {
	return d - d/5 + time.Duration(rand.Int63n(int64(d)*2/5+1))
}
