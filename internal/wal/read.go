package wal

import (
	"bufio"
	"bytes"
	"hash/crc32"
	"io"
	"path/filepath"
	"strconv"

	"github.com/hookward/hookward/internal/plainfile"
)

const (
	// pieceBytes is how much is read at once.
	pieceBytes = 64 << 10
	// maxLine bounds what is held of a file that has no lines.
	maxLine = 128 << 20
)

// Read gives the lines of the log at a path to each, in order, and never holds more than
// one of them. A line is good until each returns. Read returns
// how many were passed over because they are damaged, and what is wrong with the file
// as a whole.
func Read(path string, most int64, each func(line []byte)) (int, string) {
	state := plainfile.Look(path)
	if plainfile.WritableByAll(state) || plainfile.WritableByAll(plainfile.Look(filepath.Dir(path))) {
		return 0, "file " + path + " may be written by everybody on this machine; it is not read"
	}
	f, problem := plainfile.Open(state)
	if problem != "" {
		return 0, "file " + path + " " + problem
	}
	defer func() { _ = f.Close() }()
	if state.Info.Size() > most {
		return 0, "file " + path + " is larger than " + strconv.FormatInt(most, 10) + " bytes"
	}
	damaged := 0
	r := bufio.NewReaderSize(f, pieceBytes)
	for {
		sealed, err := readLine(r)
		line := unseal(sealed)
		if line != nil {
			each(line)
		} else if len(sealed) > 0 && err == nil { // what is left at the end was cut off
			damaged++
		}
		if err == io.EOF {
			return damaged, ""
		}
		if err != nil {
			return damaged, "file " + path + " can't be read to its end: " + err.Error()
		}
	}
}

// readLine returns the next line without its newline, or what there is at the end. One
// that is too long is held only in part, so that it is damaged.
func readLine(r *bufio.Reader) ([]byte, error) {
	piece, err := r.ReadSlice('\n')
	line := piece
	if err == bufio.ErrBufferFull {
		line = append([]byte{}, piece...)
	}
	for err == bufio.ErrBufferFull {
		piece, err = r.ReadSlice('\n')
		if len(line) < maxLine {
			line = append(line, piece...)
		}
	}
	return bytes.TrimSuffix(line, []byte("\n")), err
}

// unseal returns what is behind the sum of a line, or nil where that is not right.
func unseal(sealed []byte) []byte {
	at := bytes.IndexByte(sealed, ' ')
	if at < 0 {
		return nil
	}
	sum, err := strconv.ParseUint(string(sealed[:at]), 16, 32)
	if err != nil || uint32(sum) != crc32.ChecksumIEEE(sealed[at+1:]) {
		return nil
	}
	return sealed[at+1:]
}
