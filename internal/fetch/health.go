package fetch

import "time"

// Health is how a document is doing.
type Health struct {
	Up       bool          // the last attempt to update it went well
	Failures int64         // attempts that did not
	Updated  time.Time     // when its source has last said that the document is this; zero: never
	Refresh  time.Duration // how often that is to be
}

// HealthOf returns how a document is doing.
func HealthOf(d *Document) Health {
	d.mu.Lock()
	defer d.mu.Unlock()
	h := d.health
	h.Refresh = d.source.Refresh
	return h
}
