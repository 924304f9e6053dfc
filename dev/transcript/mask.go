package main

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// numbered are the paths that a test makes by counting: which request has which number
// depends on the order of Go's maps, and on how often a test had to ask.
var numbered = regexp.MustCompile(`^(/[^/]+)/\d+`)

// rules are what differs from run to run by nature, and what stands in for it.
var rules = []struct {
	pattern *regexp.Regexp
	mask    string
}{
	// Every process listens at a port that was free.
	{regexp.MustCompile(`(127\.0\.0\.\d+|localhost|\[::1\]):\d+`), "$1:PORT"},
	{regexp.MustCompile(`^(arrived header X-Forwarded-Port: )\d+$`), "${1}PORT"},
	// It is another time, and each takes its own.
	{regexp.MustCompile(`^(record (?:@timestamp|event\.duration|hookward\.(?:gate|backend)\.duration): ).*`), "${1}TIME"},
	{regexp.MustCompile(`^(answer header (?:Retry-After: |Ratelimit: .*;t=))\d+$`), "${1}SECONDS"},
	{regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[0-9.]*(?:Z|[+-]\d\d:\d\d)`), "TIME"},
	{regexp.MustCompile(`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w+ \d{4} \d\d:\d\d:\d\d \w+`), "TIME"},
	// An epoch is a random word, and a record's number is the order in which requests end.
	{regexp.MustCompile(`^(record (?:event\.id|event\.sequence|hookward\.epoch): ).*`), "${1}NUMBER"},
}

// word is what may be a random one.
var word = regexp.MustCompile(`[A-Za-z0-9+/_-]{9,}={0,2}`)

// masked returns the lines of a request without what differs by nature. Ids, signatures
// and digests become numbers, the same one the same number: so what was sent, what arrived
// and what was recorded still have to agree with each other.
func masked(name string, lines []string) []string {
	general := numbered.ReplaceAllString(name, "$1/#")
	numbers := map[string]string{}
	all := []string{general}
	for _, line := range lines {
		line = strings.ReplaceAll(line, name, general)
		for _, rule := range rules {
			line = rule.pattern.ReplaceAllString(line, rule.mask)
		}
		value := strings.Index(line, ": ") + 1 // a header's name is none of it
		all = append(all, line[:value]+word.ReplaceAllStringFunc(line[value:], func(text string) string {
			if !random(text) {
				return text
			}
			if numbers[text] == "" {
				numbers[text] = fmt.Sprintf("<%d>", len(numbers)+1)
			}
			return numbers[text]
		}))
	}
	return all
}

// random says whether a word looks as if it was made at random, or of what was: it is a
// large number, or has digits, or it is long and in letters of both cases.
func random(text string) bool {
	digits := strings.IndexFunc(text, unicode.IsDigit) >= 0
	letters := strings.IndexFunc(text, unicode.IsLetter) >= 0
	mixed := strings.IndexFunc(text, unicode.IsUpper) >= 0 && strings.IndexFunc(text, unicode.IsLower) >= 0
	joined := strings.ContainsAny(text, "+/_-")
	return digits && !letters || digits && len(text) >= 12 && !joined || (digits || mixed) && len(text) >= 20
}
