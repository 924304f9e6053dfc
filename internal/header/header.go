// Package header knows which names and texts may stand in a header, and how else a
// name can be spelt. It must not know which headers a gate reads or sets.
package header

import (
	"net/http"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/words"
)

// maxDashes bounds the spellings of a header's name: each of its dashes doubles
// them.
const maxDashes = 8

// IsName says whether a text is a token, RFC 9110, 5.6.2, with no more
// than maxDashes dashes and underscores.
func IsName(text string) bool {
	return text != "" && strings.Trim(text, "!#$%&'*+-.^_`|~0123456789"+words.Letters) == "" &&
		strings.Count(text, "-")+strings.Count(text, "_") <= maxDashes
}

// FitsValue are texts that may stand in a header and mean the same everywhere.
var FitsValue = regexp.MustCompile(`^[!-~]([ -~]{0,254}[!-~])?$`)

// Nearly all of them are shorter than MaxVisible and all visible, so that Visible leaves
// them as they are, which is found out in a fifth of the time.
const MaxVisible = 256

var Visible = words.Only('!', '~', "")

// Spoofs returns the other spellings of names, with a dash or an underscore for
// each of either, in the form in which the server delivers them.
func Spoofs(names map[string]bool) map[string]bool {
	found := map[string]bool{}
	for name := range names {
		words := strings.Split(strings.ReplaceAll(name, "_", "-"), "-")
		spellings := []string{words[0]}
		for _, word := range words[1:] {
			more := make([]string, 0, 2*len(spellings))
			for _, s := range spellings {
				more = append(more, s+"-"+word, s+"_"+word)
			}
			spellings = more
		}
		for _, s := range spellings {
			spelling := http.CanonicalHeaderKey(s)
			if !names[spelling] {
				found[spelling] = true
			}
		}
	}
	return found
}

// methodOverrides are headers in which frameworks look for another method than the
// request has: what is allowed as POST would be done as DELETE.
var methodOverrides = map[string]bool{"X-Http-Method-Override": true, "X-Http-Method": true, "X-Method-Override": true}

// AddOverrides adds these to the names that are taken out, in all spellings, but for those
// that the scheme reads.
func AddOverrides(removed, read map[string]bool) {
	for name := range Spoofs(methodOverrides) {
		removed[name] = !read[name]
	}
	for name := range methodOverrides {
		removed[name] = !read[name]
	}
}
