package redact

import (
	"net/url"
	"regexp"
	"strings"
)

// Links in texts carry tokens in their queries, and in the queries of links that are
// a value there. A name that is secret in a query is secret here, too.

var (
	// linkPart is where a parameter begins, or where one ends in any case. Each % and
	// each 25 behind it is one more query that the link is encoded in.
	linkPart = regexp.MustCompile(`[?#&;\s"<>]|%(?:25)*(?:3[fFbB]|2[36])`)

	// linkQuery is where a query begins, and equals where a value does.
	linkQuery = regexp.MustCompile(`[?#]|%(?:25)*(?:3[fF]|23)`)
	equals    = regexp.MustCompile(`=|%(?:25)*3[dD]`)

	// slashes puts a character that names are compared without in place of what is hidden.
	slashes = strings.NewReplacer("\x01", "/", "\x02", "/", "\x03", "/", "\x04", "/", "\x05", "/", "\x06", "/", "\x07", "/", "\x08", "/")
)

// linkHints are in every string that has a link with a query, as it is written.
const linkHints = "?#%\\"

// hasLinks says whether some link in a document, whose escapes are hidden, may have a
// secret in its query.
func hasLinks(r *Rules, m *memory, hidden string) bool {
	if strings.Contains(hidden, `\u00`) {
		return true // whatever is escaped there
	}
	return linkQuery.MatchString(hidden) && len(linkSecrets(r, m, slashes.Replace(hidden))) > 0
}

// linkSecrets returns where secrets stand in the queries of links in a text: the
// beginning of each and its end.
func linkSecrets(r *Rules, m *memory, text string) [][]int {
	if !linkQuery.MatchString(text) {
		return nil
	}
	var found [][]int
	parts := linkPart.FindAllStringIndex(text, -1)
	inQuery := false
	done := 0
	for k, at := range parts {
		mark := text[at[0]:at[1]]
		if linkQuery.MatchString(mark) {
			inQuery = true
		} else if isBreak(mark) {
			inQuery = false
		}
		if !inQuery || at[0] < done {
			continue
		}
		end := len(text)
		if k+1 < len(parts) {
			end = parts[k+1][0]
		}
		equal := equals.FindStringIndex(text[at[1]:end])
		if equal == nil || !isLinkSecret(r, m, text[at[1]:at[1]+equal[0]], encodings(mark)) {
			continue
		}
		done = valueEnd(text, parts[k+1:], encodings(mark))
		if at[1]+equal[1] < done {
			found = append(found, []int{at[1] + equal[1], done})
		}
	}
	return found
}

// isBreak says whether a part is in no link.
func isBreak(mark string) bool { return strings.ContainsAny(mark, " \t\n\f\r\"<>") }

// encodings returns how often a part is encoded.
func encodings(mark string) int {
	if mark[0] != '%' {
		return 0
	}
	return strings.Count(mark[:len(mark)-2], "25") + 1
}

// valueEnd returns where a value ends: at the next parameter of its own query or of
// one that has it, at a fragment, or with the link.
func valueEnd(text string, parts [][]int, level int) int {
	for _, at := range parts {
		mark := text[at[0]:at[1]]
		if isBreak(mark) || encodings(mark) <= level && (mark == "&" || mark == "#" || strings.HasSuffix(mark, "26") || strings.HasSuffix(mark, "23")) {
			return at[0]
		}
	}
	return len(text)
}

// isLinkSecret says whether a name in a query that is encoded so often is a secret's.
func isLinkSecret(r *Rules, m *memory, name string, level int) bool {
	for i := 0; i <= level; i++ {
		plain, err := url.QueryUnescape(name)
		if err != nil {
			return true // it can't be read
		}
		if i < level {
			name = plain
		}
	}
	class := classifyField(r, m, kindQuery, name)
	return class == secretName || class == noName
}
