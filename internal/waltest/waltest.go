// Package waltest has, for tests, a disk below a log of package wal that is full, or hangs.
// It must not know what is logged.
package waltest

import (
	"errors"
	"sync"

	"github.com/hookward/hookward/internal/wal"
)

// Disk stands in for wal.AppendAll.
type Disk struct {
	mu    sync.Mutex
	full  bool
	block chan bool // closed, where it doesn't hang
}

// NewDisk returns a disk that takes everything at once.
func NewDisk() *Disk {
	d := &Disk{block: make(chan bool)}
	close(d.block)
	return d
}

// AppendAll is wal.AppendAll on such a disk.
func (d *Disk) AppendAll(l *wal.Log, lines [][]byte) error {
	d.mu.Lock()
	full := d.full
	block := d.block
	d.mu.Unlock()
	<-block
	if full {
		return errors.New("no space left on device")
	}
	return wal.AppendAll(l, lines)
}

// Change has it be full from now on, or not, and hang until Release, or not.
func (d *Disk) Change(full, hangs bool) {
	d.mu.Lock()
	d.full = full
	d.block = make(chan bool)
	if !hangs {
		close(d.block)
	}
	d.mu.Unlock()
}

// Release has what hangs go on, and nothing hang any more.
func (d *Disk) Release() {
	d.mu.Lock()
	close(d.block)
	d.mu.Unlock()
}
