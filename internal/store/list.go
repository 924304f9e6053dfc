package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
)

// namesAtOnce bounds what is read of a directory at once.
const namesAtOnce = 500

// List calls found for each delivery of a state, in no order, until it returns false. Names
// that are not ours are counted. It holds no more than some hundred names at once, however
// many there are.
func List(s *Store, state string, found func(e *Entry) bool) (int, error) {
	if s.Medium != nil {
		return s.Medium.List(state, false, found)
	}
	foreign := 0
	for i := range shards {
		n, goOn, err := listShard(s, state, shards[i:i+1], found)
		foreign += n
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return foreign, err
		}
		if !goOn {
			break
		}
	}
	return foreign, nil
}

// listShard returns how many names are not ours, and whether to go on.
func listShard(s *Store, state, shard string, found func(e *Entry) bool) (int, bool, error) {
	f, err := os.Open(filepath.Join(s.Directory, state, shard))
	if err != nil {
		return 0, true, err
	}
	defer func() { _ = f.Close() }()
	foreign := 0
	for {
		files, err := f.ReadDir(namesAtOnce)
		for _, file := range files {
			e := entryOf(state, shard, file.Name())
			if e == nil || !file.Type().IsRegular() {
				foreign++
				continue
			}
			info, err := file.Info()
			if err != nil {
				continue // it has moved meanwhile
			}
			e.Size = info.Size()
			if !found(e) {
				return foreign, false, nil
			}
		}
		if err == io.EOF {
			return foreign, true, nil
		}
		if err != nil {
			return foreign, true, err
		}
	}
}

// Find returns the delivery of an id, or nil. Of one that stands in two states, because the
// machine ended at the wrong moment, the one that was tried more often counts.
func Find(s *Store, id string) *Entry {
	if !isID.MatchString(id) {
		return nil
	}
	if s.Medium != nil {
		return s.Medium.Find(id)
	}
	var one *Entry
	for _, state := range []string{Waiting, Dead, Delivered} {
		_, _, _ = listShard(s, state, id[len(id)-1:], func(e *Entry) bool {
			if e.ID == id && (one == nil || e.Attempts > one.Attempts) {
				one = e
			}
			return true
		})
	}
	return one
}
