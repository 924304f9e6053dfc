package jwt

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/jsonpath"
)

// maxListed bounds the lists of claims that are looked through.
const maxListed = 64

// claimPath is a claim, by its name or by a path that begins in one.
type claimPath struct {
	name string
	path []jsonpath.Step
}

// parseClaim compiles the name of a claim. One that is no path is a name, as those that are
// URLs.
func parseClaim(name string) claimPath {
	steps, problem := jsonpath.Parse(name)
	if problem != "" {
		steps = nil
	}
	return claimPath{name, steps}
}

// valueOf returns what a claim has, or nil. A name counts before a path.
func valueOf(claims map[string]any, c *claimPath) any {
	value := claims[c.name]
	if value != nil || c.path == nil {
		return value
	}
	found := jsonpath.Values(claims, c.path, 1)
	if len(found) != 1 {
		return nil
	}
	return found[0]
}

// textsOf returns the texts of a claim: of a list those of its items. The second result is
// false where there is anything else among them, or too many.
func textsOf(value any) ([]string, bool) {
	list, isList := value.([]any)
	if !isList {
		list = []any{value}
	}
	if len(list) > maxListed {
		return nil, false
	}
	texts := make([]string, 0, len(list))
	for _, item := range list {
		text, ok := jsonpath.Text(item)
		if !ok {
			return nil, false
		}
		texts = append(texts, text)
	}
	return texts, true
}

// stringsOf is textsOf for what may be nothing but strings, such as aud.
func stringsOf(value any) ([]string, bool) {
	text, isText := value.(string)
	if isText {
		return []string{text}, true
	}
	list, isList := value.([]any)
	if !isList || len(list) > maxListed {
		return nil, false
	}
	texts := make([]string, 0, len(list))
	for _, item := range list {
		one, isText := item.(string)
		if !isText {
			return nil, false
		}
		texts = append(texts, one)
	}
	return texts, true
}

// hasAny says whether one of some texts is wanted, to the letter.
func hasAny(texts []string, wanted map[string]bool) bool {
	for _, text := range texts {
		if wanted[text] {
			return true
		}
	}
	return false
}

// scopesOf returns the words of scope, RFC 8693, 4.2, or of scp, which may be lists.
func scopesOf(claims map[string]any) map[string]bool {
	scopes := map[string]bool{}
	for _, name := range []string{"scope", "scp"} {
		texts, ok := stringsOf(claims[name])
		if !ok {
			continue
		}
		for _, text := range texts {
			for _, word := range strings.Split(text, " ") {
				scopes[word] = true
			}
		}
	}
	return scopes
}

// lastSecond is the end of the year 9999, beyond which a time.Time would wrap around.
const lastSecond = 253402300799

// Date reads a NumericDate, RFC 7519, 2: seconds since 1970, perhaps with a
// fraction, or milliseconds where the claim has such. The second result is false for
// anything else.
func Date(value any) (time.Time, bool) {
	number, isNumber := value.(json.Number)
	if !isNumber {
		return time.Time{}, false
	}
	seconds, err := strconv.ParseFloat(string(number), 64)
	if err != nil || !(seconds >= 0) {
		return time.Time{}, false
	}
	if seconds >= firstMillisecond {
		seconds /= 1000
	}
	if seconds > lastSecond {
		return time.Time{}, false
	}
	whole := int64(seconds)
	return time.Unix(whole, int64((seconds-float64(whole))*1e9)), true
}

// firstMillisecond is the number from which on a time is taken for milliseconds: as those
// it is in 1973, as seconds in 5138.
const firstMillisecond = 100_000_000_000
