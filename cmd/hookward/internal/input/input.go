// Package input reads the files that a person has named. It is for the command, and not
// for the gate.
package input

import (
	"fmt"
	"io"
	"os"
)

// Read returns what a file has, or stdin where the name is "-". What has more than limit
// bytes is an error: it is held in memory.
func Read(name string, stdin io.Reader, limit int64) ([]byte, error) {
	from := stdin
	if name != "-" {
		file, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer func() { _ = file.Close() }()
		from = file
	}
	text, err := io.ReadAll(io.LimitReader(from, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > limit {
		return nil, fmt.Errorf("it has more than %d bytes", limit)
	}
	return text, nil
}
