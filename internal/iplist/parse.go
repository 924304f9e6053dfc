package iplist

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/ipset"
	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/words"
)

// maxEntries bounds a list. The largest that providers publish have some ten
// thousand.
const (
	maxEntries = 100_000
	maxLines   = 2 * maxEntries
	maxLine    = 4096 // bytes
	// maxCommas bounds what a document of a few megabytes becomes in memory.
	maxCommas = 500_000
)

// parse reads a list. It is refused as a whole for one entry that can't be read:
// what follows that may be missing, too. The second result is what is wrong, in
// words that follow the list's name.
func parse(s Source, content []byte) ([]netip.Prefix, string) {
	content = bytes.TrimPrefix(content, []byte("\xef\xbb\xbf"))
	text := bytes.TrimSpace(content)
	switch {
	case len(text) == 0:
		return nil, "is empty"
	case text[0] == '<':
		return nil, "is a page for people, HTML or XML"
	case !utf8.Valid(text):
		return nil, "is not text"
	case bytes.Count(text, []byte(",")) > maxCommas:
		return nil, "has more than " + strconv.Itoa(maxCommas) + " commas"
	}
	var prefixes []netip.Prefix
	var problem string
	switch s.Format {
	case "json":
		prefixes, problem = parseJSON(s, content)
	case "csv":
		prefixes, problem = parseCSV(content)
	default:
		prefixes, problem = parseText(content)
	}
	if problem == "" && len(prefixes) == 0 {
		problem = "has no entries"
	}
	return prefixes, problem
}

// parseText reads one address or CIDR a line. What follows # or ; is a comment.
func parseText(content []byte) ([]netip.Prefix, string) {
	problem := checkLines(content)
	if problem != "" {
		return nil, problem
	}
	prefixes := []netip.Prefix{}
	for i, line := range strings.Split(string(content), "\n") {
		comment := strings.IndexAny(line, "#;")
		if comment >= 0 {
			line = line[:comment]
		}
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		prefix, _, problem := ipset.ParsePrefix(line)
		if problem != "" {
			return nil, fmt.Sprintf("has in line %d %s, which %s", i+1, words.Quote(line), problem)
		}
		prefixes = append(prefixes, prefix)
		if len(prefixes) > maxEntries {
			return nil, tooMany()
		}
	}
	return prefixes, ""
}

// checkLines bounds the lines of a list, before anything is made of them.
func checkLines(content []byte) string {
	if bytes.Count(content, []byte("\n")) > maxLines {
		return "has more than " + strconv.Itoa(maxLines) + " lines"
	}
	for len(content) > maxLine {
		end := bytes.IndexByte(content[:maxLine+1], '\n')
		if end < 0 {
			return "has a line of more than " + strconv.Itoa(maxLine) + " bytes"
		}
		content = content[end+1:]
	}
	return ""
}

// parseCSV reads the first column, RFC 4180. Lines that begin with # are
// comments, as in RFC 8805, and the first line may name the columns.
func parseCSV(content []byte) ([]netip.Prefix, string) {
	problem := checkLines(content)
	if problem != "" {
		return nil, problem
	}
	reader := csv.NewReader(bytes.NewReader(content))
	reader.Comment = '#'
	reader.FieldsPerRecord = -1
	reader.ReuseRecord = true
	prefixes := []netip.Prefix{}
	for i := 1; ; i++ {
		record, err := reader.Read()
		if err == io.EOF {
			return prefixes, ""
		}
		if err != nil {
			return nil, "is not CSV: " + err.Error()
		}
		prefix, _, problem := ipset.ParsePrefix(record[0])
		if problem != "" && i == 1 && !strings.ContainsAny(record[0], ".:") {
			continue
		}
		if problem != "" {
			return nil, fmt.Sprintf("has in record %d %s, which %s", i, words.Quote(record[0]), problem)
		}
		prefixes = append(prefixes, prefix)
		if len(prefixes) > maxEntries {
			return nil, tooMany()
		}
	}
}

// parseJSON reads what the paths lead to: text, or lists of it.
func parseJSON(s Source, content []byte) ([]netip.Prefix, string) {
	var document any
	err := json.Unmarshal(content, &document)
	if err != nil {
		return nil, "is not JSON: " + err.Error()
	}
	queries, _ := compileQueries(s.Path, s.Where)
	prefixes := []netip.Prefix{}
	for i := range queries {
		found, problem := find(&queries[i], document)
		if problem != "" {
			return nil, problem
		}
		prefixes = append(prefixes, found...)
		if len(prefixes) > maxEntries {
			return nil, tooMany()
		}
	}
	return prefixes, ""
}

// find returns what one path leads to. Objects may lack what it names, if others
// have it; what is there must be an address, or a list of addresses.
func find(q *query, document any) ([]netip.Prefix, string) {
	objects := jsonpath.Values(document, q.objects, maxEntries)
	if objects == nil {
		return nil, tooMany()
	}
	prefixes := []netip.Prefix{}
	there := false
	for _, object := range objects {
		if !holds(q.conditions, object) {
			continue
		}
		values := jsonpath.Values(object, q.addresses, maxEntries)
		if values == nil {
			return nil, tooMany()
		}
		for _, value := range values {
			if value == nil {
				continue // another object may have it
			}
			var problem string
			prefixes, problem = appendPrefixes(prefixes, value, q)
			if problem != "" {
				return nil, problem
			}
			there = true
		}
	}
	if !there {
		return nil, "has nothing at " + words.Quote(q.text)
	}
	return prefixes, ""
}

func appendPrefixes(to []netip.Prefix, value any, q *query) ([]netip.Prefix, string) {
	list := jsonpath.List(value)
	if list == nil {
		list = []any{value}
	}
	for _, one := range list {
		text, isText := textOf(one)
		if !isText {
			return nil, "has something else than text at " + words.Quote(q.text)
		}
		prefix, _, problem := ipset.ParsePrefix(text)
		if problem != "" {
			return nil, fmt.Sprintf("has at %s %s, which %s", words.Quote(q.text), words.Quote(text), problem)
		}
		to = append(to, prefix)
		if len(to) > maxEntries {
			return nil, tooMany()
		}
	}
	return to, ""
}

// holds says whether all conditions hold: a text is the one that is wanted, or a
// list has it.
func holds(conditions []condition, object any) bool {
	for i := range conditions {
		values := jsonpath.Values(object, conditions[i].path, maxEntries)
		if len(values) == 1 && jsonpath.List(values[0]) != nil {
			values = jsonpath.List(values[0])
		}
		if !hasText(values, conditions[i].value) {
			return false
		}
	}
	return true
}

func hasText(values []any, want string) bool {
	for _, value := range values {
		text, isText := textOf(value)
		if isText && text == want {
			return true
		}
	}
	return false
}

func textOf(value any) (string, bool) {
	text, ok := value.(string)
	return text, ok
}

func tooMany() string {
	return "has more than " + strconv.Itoa(maxEntries) + " entries"
}
