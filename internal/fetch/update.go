package fetch

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
)

// readFile reads a file of the disk. Tests set it.
var readFile = plainfile.Read

// update asks the source for the document's present version and takes it over if it
// is good.
func update(d *Document, now time.Time) {
	if d.source.File != "" {
		updateFromFile(d, now)
		return
	}
	known := d.known
	if d.unsaved {
		known = Version{} // what is there to be saved must come again
	}
	v, problem := getVersion(d, known)
	if problem != "" {
		fail(d, problem, now)
		return
	}
	if v == nil {
		succeed(d, now)
		return
	}
	before := d.sum
	if !adopt(d, v.Content, now) {
		return
	}
	d.known = Version{address: v.address, etag: v.etag, lastModified: v.lastModified}
	d.fresh = v.fresh
	if d.sum == before && !d.unsaved {
		return
	}
	err := saveSnapshot(d.source, v, now)
	d.unsaved = err != nil
	if err != nil {
		d.source.Tell("error", "the "+titleOf(d)+" has no snapshot: "+err.Error(), now)
	}
}

// getVersion asks for the present version, in the source's own way if it has one.
func getVersion(d *Document, known Version) (*Version, string) {
	if d.source.Get != nil {
		v, problem := d.source.Get(known)
		return v, problem
	}
	v, problem := Get(d.source.URL, d.source.Rules, known)
	return v, problem
}

func updateFromFile(d *Document, now time.Time) {
	if d.failures == 0 && d.file.Path != "" && !plainfile.Changed(d.file) {
		succeed(d, now)
		return
	}
	state := plainfile.Look(d.source.File)
	content, problem := readFile(state, d.source.Rules.MaxBytes)
	if problem != "" {
		fail(d, problem, now)
		return
	}
	if plainfile.WritableByAll(state) {
		d.source.Tell("warn", "the "+titleOf(d)+" may be written by everybody on this machine", now)
	}
	if adopt(d, content, now) {
		d.file = state
	}
}

// adopt puts a version in force, unless it is already or something speaks against it, and
// says whether it is now. What was read before is not read again.
func adopt(d *Document, content []byte, now time.Time) bool {
	sum := sha256.Sum256(content)
	if sum == d.sum {
		succeed(d, now)
		return true
	}
	if d.refused != "" && sum == d.refusedSum {
		fail(d, d.refused, now)
		return false
	}
	before := valueOf(d)
	value, problem := d.source.Read(content, before)
	d.refused = problem
	d.refusedSum = sum
	if problem != "" {
		fail(d, problem, now)
		return false
	}
	setValue(d, value)
	succeed(d, now)
	said := fmt.Sprintf("the %s has %s", titleOf(d), d.source.Describe(value))
	if before != nil {
		said += fmt.Sprintf(", before %s", d.source.Describe(before))
	}
	d.source.Tell("info", said, now)
	d.sum = sum
	return true
}

func setValue(d *Document, value any) {
	d.mu.Lock()
	d.value = value
	d.mu.Unlock()
}

// titleOf returns what people call a document.
func titleOf(d *Document) string {
	return d.source.Kind + " " + d.source.Name
}

// succeed notes that the document is what its source has.
func succeed(d *Document, now time.Time) {
	if d.failures > 0 {
		d.source.Tell("info", fmt.Sprintf("the %s is up to date again, after %d failed attempts", titleOf(d), d.failures), now)
	}
	confirm(d, now)
	d.failures = 0
	d.cause = ""
}

// confirm notes when the source has last said that the document is this.
func confirm(d *Document, updated time.Time) {
	d.mu.Lock()
	d.updated = updated
	d.health.Up = true
	d.health.Updated = updated
	d.mu.Unlock()
}

// fail notes that an update was refused, and says so once for each cause, and
// again while it lasts.
func fail(d *Document, cause string, now time.Time) {
	d.mu.Lock()
	d.health.Up = false
	d.health.Failures++
	d.mu.Unlock()
	d.failures++
	if cause == d.cause && now.Sub(d.told) < repeatAfter && !now.Before(d.told) {
		return
	}
	d.cause = cause
	d.told = now
	d.source.Tell("error", fmt.Sprintf("the %s %s; %s (failed attempts: %d)", titleOf(d), cause, inForce(d, now), d.failures), now)
}

// inForce says what a document that can't be updated has.
func inForce(d *Document, now time.Time) string {
	switch {
	case valueOf(d) == nil:
		return "it has never been loaded"
	case d.updated.IsZero():
		return "what it had before stays in force"
	}
	return "what it had " + now.Sub(d.updated).Round(time.Second).String() + " ago stays in force"
}

// recallSnapshot puts the last good version of before the process's start in
// force, however old it is, until its source is asked.
func recallSnapshot(d *Document, now time.Time) {
	defer func() {
		if p := recover(); p != nil {
			d.source.Tell("error", "the "+titleOf(d)+" starts without its snapshot: reading it panicked: "+fmt.Sprint(p), now)
		}
	}()
	v, updated, problem := loadSnapshot(d.source)
	if v == nil && problem == "" || valueOf(d) != nil {
		return
	}
	if problem == "" {
		value, wrong := d.source.Read(v.Content, valueOf(d)) // nil: as a literal, Yaegi would make something of it
		if wrong == "" {
			setValue(d, value)
			d.sum = sha256.Sum256(v.Content)
			// Not known by its validators: whoever has written the snapshot could
			// have the source confirm it with them, for ever.
			confirm(d, updated)
			d.source.Tell("info", fmt.Sprintf("the %s has %s, from a snapshot of %s", titleOf(d), d.source.Describe(value), updated.Format(time.RFC3339)), now)
			return
		}
		problem = "its snapshot " + wrong
	}
	d.source.Tell("error", "the "+titleOf(d)+" starts without its snapshot: "+problem, now)
}
