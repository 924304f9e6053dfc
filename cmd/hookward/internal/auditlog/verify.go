// Package auditlog checks the audit logs that package logfile writes: that nobody has
// changed, removed, added or moved a line, and that no record is missing.
//
// # What the chain shows, and what it does not
//
// Each line's value depends on the line and on all lines before it, by a key. So
// without the key, nobody can change, add, move or remove a line in a way that is
// not found. But:
//
//   - Whoever has the key can write all of it anew. Traefik has it, so somebody who
//     rules Traefik's machine can get it; what they did before they got it stays.
//   - Lines cut off at the end of the newest file leave nothing that is wrong. They
//     are found by a value that was noted before, elsewhere: Summary has the last
//     one, and Files can be told to look for it.
//   - The same is true of the oldest files: that they are gone is found only if
//     a line says that the chain begins there, which Summary.Begins tells.
//   - A chain that begins anew is one that Traefik could not go on with, or one
//     before which somebody has removed everything.
//
// The numbers of the records need no key. They find records that were lost on their
// way and removed by mistake; who removes some on purpose can renumber the others.
package auditlog

import (
	"bufio"
	"fmt"
	"io"
	"sort"
)

// What a problem may be.
const (
	Changed    = "changed"     // the line is not as it was written, or was written with another key
	Missing    = "missing"     // lines before this one are missing, or it is not in its place
	Repeated   = "repeated"    // the line stands there twice
	BeginsAnew = "begins_anew" // the chain begins with this line, although there is something before it
	Unchained  = "unchained"   // lines without a value
	Torn       = "torn"        // the file's last line is cut off
	TooLong    = "too_long"    // a line of more than 2 MiB
	NoRecord   = "no_record"   // a line that is no JSON object
	Damaged    = "damaged"     // a compressed file can't be unpacked
	WrongKey   = "wrong_key"   // the key fits no line at all
	Number     = "number"      // numbers of records are missing, or there twice
	NotFound   = "not_found"   // the value that was noted is in no line
)

// Problem is something that is wrong with a log.
type Problem struct {
	Kind string `json:"kind"`
	File string `json:"file,omitempty"`
	Line int64  `json:"line,omitempty"` // from 1
	Text string `json:"text"`
}

// Summary is what was checked.
type Summary struct {
	Files    int   `json:"files"`
	Lines    int64 `json:"lines"`
	Problems int64 `json:"problems"`

	// Of the chain, with a key.
	Chained   int64  `json:"chained"`   // lines that the key fits
	Begins    bool   `json:"begins"`    // with the first one: nothing is missing before it
	Continues bool   `json:"continues"` // with the first one: it follows one that is not here
	Last      string `json:"last,omitempty"`

	// Of the numbers.
	Lost    int64    `json:"lost"`    // records that were reported as lost
	Missing int64    `json:"missing"` // records that are missing without a word
	Series  []Series `json:"series"`
}

// Series is what one middleware has recorded in one life of its process.
type Series struct {
	Middleware string `json:"middleware"`
	Epoch      string `json:"epoch"`
	First      int64  `json:"first"` // the lowest number; those before it may stand in older files
	Last       int64  `json:"last"`
	Records    int64  `json:"records"`
}

// check is a check at work.
type check struct {
	report  func(Problem)
	stdin   io.Reader
	summary Summary
	chain   *chain // nil: without a key
	series  map[string]*series

	lines *bufio.Reader
	file  string
	line  int64
}

// Files checks the files of one log, oldest first, and reports each problem as it is
// found; those of numbers come last, as records may stand out of order. Without a
// key, it checks the numbers alone. With last, a value of the chain, that has to be
// that of a line. A file "-" is stdin. It returns an error where a file can't be read.
func Files(key []byte, files []string, stdin io.Reader, last string, report func(Problem)) (Summary, error) {
	c := &check{report: report, stdin: stdin, series: map[string]*series{}, lines: bufio.NewReaderSize(nil, maxLine+1)}
	if len(key) > 0 {
		c.chain = newChain(key, last)
	}
	for _, file := range files {
		c.file, c.line = file, 0
		if err := read(c, file); err != nil {
			return c.summary, err
		}
		if c.chain != nil {
			endRun(c)
		}
		c.summary.Files++
	}
	if c.chain != nil {
		endChain(c)
	}
	endSeries(c)
	return c.summary, nil
}

// problem reports what is wrong with the present line.
func problem(c *check, kind, format string, values ...any) {
	problemAt(c, kind, c.file, c.line, format, values...)
}

func problemAt(c *check, kind, file string, line int64, format string, values ...any) {
	c.summary.Problems++
	c.report(Problem{Kind: kind, File: file, Line: line, Text: fmt.Sprintf(format, values...)})
}

// endSeries reports what is missing of each series.
func endSeries(c *check) {
	names := []string{}
	for name := range c.series {
		names = append(names, name)
	}
	sort.Strings(names)
	c.summary.Series = []Series{}
	for _, name := range names {
		s := c.series[name]
		account(s)
		for _, m := range s.missing {
			c.summary.Missing = sum(c.summary.Missing, m.last-m.first+1)
			text := "%s are missing before this record, and no record says that they were lost"
			if m.first == m.last {
				text = "%s is missing before this record, and no record says that it was lost"
			}
			problemAt(c, Number, m.file, m.line, text, describe(s, m.first, m.last))
		}
		c.summary.Series = append(c.summary.Series, s.Series)
	}
}
