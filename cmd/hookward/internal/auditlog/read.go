package auditlog

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
)

// maxLine is how long a line may be, without its newline.
// A record with the largest payload, each byte of it escaped, has 6 MiB.
const maxLine = 8 << 20

// read checks the lines of one file, compressed or not.
func read(c *check, path string) error {
	if path == "-" {
		return readPacked(c, path, c.stdin)
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New(path + " is not a regular file")
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	return readPacked(c, path, file)
}

// readPacked checks the lines of what may be compressed.
func readPacked(c *check, path string, from io.Reader) error {
	buffered := bufio.NewReader(from)
	head, _ := buffered.Peek(2)
	if !bytes.Equal(head, []byte{0x1f, 0x8b}) {
		return readLines(c, buffered)
	}
	unpacked, err := gzip.NewReader(buffered)
	if err == nil {
		err = readLines(c, unpacked)
	}
	if err != nil {
		problemAt(c, Damaged, path, 0, "it can't be unpacked beyond line %d: %v", c.line, err)
	}
	return nil
}

// readLines checks all lines that there are to read.
func readLines(c *check, r io.Reader) error {
	lines := c.lines
	lines.Reset(r)
	for {
		line, err := lines.ReadSlice('\n')
		if len(line) > 0 {
			c.line++
			c.summary.Lines++
		}
		switch {
		case err == nil:
			checkLine(c, line[:len(line)-1])
		case errors.Is(err, bufio.ErrBufferFull):
			problem(c, TooLong, "the line is longer than %d bytes; it is not checked", maxLine)
			for errors.Is(err, bufio.ErrBufferFull) {
				_, err = lines.ReadSlice('\n')
			}
			if err != nil {
				return unlessEnd(err)
			}
		default:
			if len(line) > 0 {
				checkTorn(c, line)
			}
			return unlessEnd(err)
		}
	}
}

func unlessEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// checkTorn checks a last line without a newline, of which nothing else is missing,
// perhaps.
func checkTorn(c *check, line []byte) {
	if !json.Valid(line) {
		problem(c, Torn, "the line is cut off after %d bytes", len(line))
		return
	}
	checkLine(c, line)
}

func checkLine(c *check, line []byte) {
	if c.chain != nil {
		checkLink(c, line)
	}
	checkNumber(c, line)
}
