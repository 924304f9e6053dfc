package outbox

// Health is how an outbox is doing.
type Health struct {
	Up       bool  // the last attempt went well
	Failures int64 // attempts that did not
	Records  int64 // that it was given
	Lost     int64 // of these, and those that an earlier process has left
	Waiting  int64 // bytes, in memory and on disk
}

// QueueHealth returns how a queue is doing. It waits for no disk.
func QueueHealth(q *Queue) Health {
	memory, disk := waiting(q)
	q.mu.Lock()
	defer q.mu.Unlock()
	return Health{Up: q.failures == 0, Failures: q.failed, Records: q.uses, Lost: q.gaps.lost, Waiting: int64(memory) + disk}
}

// DirectHealth returns how a Direct is doing.
func DirectHealth(d *Direct) Health {
	d.mu.Lock()
	defer d.mu.Unlock()
	return Health{Up: d.failures == 0, Failures: d.failed, Records: d.uses, Lost: d.gaps.lost, Waiting: int64(d.waiting.size + len(d.rest))}
}

// DirectHasRoom says whether a line of so many bytes may wait: not where others have been
// dropped, however much room that has made.
func DirectHasRoom(d *Direct, n int) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.gaps.full && d.waiting.size+n <= d.most
}

// DirectIdle says whether nothing waits, and how many lines there have been.
func DirectIdle(d *Direct) (bool, int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return !d.busy, d.uses
}
