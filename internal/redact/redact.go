// Package redact makes renditions of payloads and queries that are safe to keep
// in an audit log: what stands under a name that is known for secrets, also in the
// query of a link, at a path of the user's or looks like a card number is replaced.
// What can't be parsed can't be redacted, and has no rendition. It must not know
// whose payload it is.
package redact

import (
	"bytes"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"
)

// Marker stands in place of what is redacted.
const Marker = "[REDACTED]"

// Rules say what is redacted beside what always is. They don't change, and may be
// used by several goroutines at once.
type Rules struct {
	steps    []string        // of all paths, an empty one behind each
	starts   []int           // where in steps each path begins
	names    map[string]bool // that some path has in it, folded
	fields   map[string]bool // of queries and forms, as they are sent
	patterns []pattern
	all      []pattern      // these, and what is redacted in any case
	hint     *regexp.Regexp // is in all that any of them matches, but for escapes

	mu   sync.Mutex
	free []*memory
}

// memory is what renditions leave for later ones. One at a time uses it.
type memory struct {
	classes map[string]string // of names, as they are written

	// The automaton of all paths, as far as documents have needed it: a set of
	// positions in steps for each value, and which set each name leads to.
	sets  [][]int
	ids   map[string]int
	other []int            // where names lead that are in no path, or unknown
	named []map[string]int // where others do, by their class
	leads int              // in named
}

const (
	maxMemories = 16 // that are kept
	maxClasses  = 2048
	maxClassed  = 64 // bytes of a name that is kept
)

// Compile compiles rules: paths of what is redacted (see parsePath), the names of
// patterns that are redacted wherever they occur (card, email, iban), and names of
// query parameters and form fields that are compared exactly, once unescaped. The
// second result is what is wrong with them, each with the name of an option.
func Compile(paths []string, patterns []string, fields []string) (*Rules, [][2]string) {
	r := &Rules{names: map[string]bool{}, fields: map[string]bool{}}
	problems := addPaths(r, paths)
	problems = append(problems, addPatterns(r, patterns)...)
	for _, field := range fields {
		r.fields[field] = true
	}
	return r, problems
}

// Body returns a rendition of a body's first bytes, limit at most, and whether the
// body has more than that. It must be JSON, an object or a list, or else a form,
// if it may be one: the caller has seen the content type. The third result is
// false for all others, and for what is malformed.
//
// The limit counts bytes of the body and not of the rendition. So no rule moves
// what is left out, and none shows anything that is not shown without it. What
// the limit cuts through, is left out whole.
//
// JSON comes out as valid JSON without white space between its values, also where
// it is cut off: it is closed then. Order and duplicate names stay.
func Body(r *Rules, body []byte, form bool, limit int) (string, bool, bool) {
	body = bytes.TrimRight(body, space)
	start := bytes.TrimLeft(body, space)
	if len(start) == 0 || !utf8.Valid(start) {
		return "", false, false
	}
	first, cut := beginning(len(body), limit)
	text := string(body[:first])
	if start[0] == '{' || start[0] == '[' {
		if !json.Valid(start) {
			return "", false, false
		}
		m := borrow(r)
		text, _ = renderJSON(r, m, strings.TrimLeft(text, space), cut, 1)
		giveBack(r, m)
		return text, cut, true
	}
	if !form || !bytes.Contains(start, []byte("=")) || !isForm(string(start)) {
		return "", false, false
	}
	m := borrow(r)
	text, ok := renderPairs(r, m, strings.TrimLeft(text, space), cut, kindForm)
	giveBack(r, m)
	return text, ok && cut, ok
}

// beginning returns how many of so many bytes are within a limit, and whether some are not.
func beginning(size, limit int) (int, bool) {
	if size <= limit {
		return size, false
	}
	if limit < 0 {
		return 0, true
	}
	return limit, true
}

// space is what may surround a JSON value.
const space = " \t\r\n"

// maxParameters bounds the parameters of a query: anybody may send one, and each
// takes time.
const maxParameters = 40

// Query returns a rendition of a URL's raw query, of its first bytes, limit at
// most. For one that is malformed, or that has too many parameters, it is the
// marker alone.
func Query(r *Rules, raw string, limit int) string {
	if raw == "" {
		return ""
	}
	if strings.Count(raw, "&") >= maxParameters || !isForm(raw) {
		return Marker
	}
	first, cut := beginning(len(raw), limit)
	m := borrow(r)
	text, ok := renderPairs(r, m, raw[:first], cut, kindQuery)
	giveBack(r, m)
	if !ok {
		return Marker
	}
	return text
}

// isForm says whether a text is urlencoded throughout. Control characters are in
// none, and a semicolon separates fields for some readers, and for others not.
func isForm(text string) bool {
	if strings.ContainsAny(text, controls) {
		return false
	}
	plain, err := url.QueryUnescape(text)
	return err == nil && utf8.ValidString(plain)
}

const controls = ";\x00\x01\x02\x03\x04\x05\x06\x07\x08\t\n\x0b\x0c\r\x0e\x0f" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\x7f"

// borrow returns a memory that is the caller's until it is given back.
func borrow(r *Rules) *memory {
	r.mu.Lock()
	last := len(r.free) - 1
	if last >= 0 {
		m := r.free[last]
		r.free = r.free[:last]
		r.mu.Unlock()
		return m
	}
	r.mu.Unlock()
	return &memory{classes: map[string]string{}}
}

// giveBack lets others have a memory. One that is full is forgotten.
func giveBack(r *Rules, m *memory) {
	if len(m.classes) >= maxClasses || m.leads >= maxClasses || len(m.sets) >= maxSets {
		return
	}
	r.mu.Lock()
	if len(r.free) < maxMemories {
		r.free = append(r.free, m)
	}
	r.mu.Unlock()
}
