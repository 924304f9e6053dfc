package fetch

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/plainfile"
)

// snapshotHead is the first line of a snapshot. What follows is the document as
// it was fetched, so that reading it goes through the same checks.
type snapshotHead struct {
	Source       string `json:"source"`
	Updated      string `json:"updated"`
	ETag         string `json:"etag,omitempty"`
	LastModified string `json:"last_modified,omitempty"`
	SHA256       string `json:"sha256"` // of the document
}

// snapshotPath returns where a document's snapshot is, or nothing if it has none.
func snapshotPath(s Source) string {
	if s.StateDirectory == "" || s.URL == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(s.ContentKey))
	return filepath.Join(s.StateDirectory, strings.ReplaceAll(s.Kind, " ", "-")+"-"+hex.EncodeToString(sum[:16]))
}

// saveSnapshot writes a version that was found good. It is whole in its place at
// once, or not there.
func saveSnapshot(s Source, v *Version, now time.Time) error {
	path := snapshotPath(s)
	if path == "" {
		return nil
	}
	sum := sha256.Sum256(v.Content)
	head, err := json.Marshal(&snapshotHead{
		Source:       s.URL,
		Updated:      now.UTC().Format(time.RFC3339),
		ETag:         v.etag,
		LastModified: v.lastModified,
		SHA256:       hex.EncodeToString(sum[:]),
	})
	if err != nil {
		return err
	}
	err = os.MkdirAll(s.StateDirectory, 0o700)
	if err != nil {
		return err
	}
	if plainfile.WritableByAll(plainfile.Look(s.StateDirectory)) {
		return errors.New("everybody on this machine may write to stateDirectory")
	}
	f, err := os.OpenFile(path+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(append(append(head, '\n'), v.Content...))
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// loadSnapshot returns the saved version and its time. It returns nil, and what
// is wrong, where there is one that can't be used, and nil alone where there is
// none.
func loadSnapshot(s Source) (*Version, time.Time, string) {
	path := snapshotPath(s)
	if path == "" {
		return nil, time.Time{}, ""
	}
	state := plainfile.Look(path)
	if state.Info == nil {
		return nil, time.Time{}, ""
	}
	if plainfile.WritableByAll(state) || plainfile.WritableByAll(plainfile.Look(s.StateDirectory)) {
		return nil, time.Time{}, "its snapshot may be written by everybody on this machine"
	}
	b, problem := readFile(state, s.Rules.MaxBytes+maxHeaderBytes)
	if problem != "" {
		return nil, time.Time{}, "its snapshot " + problem
	}
	line, content, _ := bytes.Cut(b, []byte("\n"))
	head := snapshotHead{}
	err := json.Unmarshal(line, &head)
	sum := sha256.Sum256(content)
	if err != nil || head.SHA256 != hex.EncodeToString(sum[:]) {
		return nil, time.Time{}, "its snapshot is damaged"
	}
	updated, err := time.Parse(time.RFC3339, head.Updated)
	if err != nil {
		return nil, time.Time{}, "its snapshot is damaged"
	}
	return &Version{Content: content, etag: validator(head.ETag), lastModified: validator(head.LastModified)}, updated, ""
}
