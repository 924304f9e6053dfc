// Package iplist knows what is a list of IP addresses that stands outside of the
// configuration: at a URL, as providers publish them, or in a file. It must not know
// how it got here, which fetch does, nor what being in it means.
//
// An update that looks wrong is refused as a whole, and what was good stays in force.
package iplist

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/jsonpath"
)

// Source says where a list is, and how it is to be read.
type Source struct {
	URL  string // https, or http if PlainHTTP
	File string // an absolute path; in the place of URL

	Format string   // text, json or csv
	Path   []string // for json: where the addresses stand
	Where  []string // for json: NAME=VALUE, which entries count

	Refresh       time.Duration // how often to look for a newer version
	PlainHTTP     bool
	AcceptAnySize bool // take over a list that has shrunk or grown beyond belief

	// StateDirectory is where the last good version of a list from a URL
	// outlives the process; empty for nowhere.
	StateDirectory string
}

const (
	defaultURLRefresh  = time.Hour
	defaultFileRefresh = 10 * time.Second
	minRefresh         = time.Second
	politeRefresh      = time.Minute // less often than this is enough for anybody else's server
	maxRefresh         = 30 * 24 * time.Hour
	maxPaths           = 8
)

// Complete returns a source with its defaults filled in, what is wrong with it,
// and what is questionable; each with the name of an option of lists[].
func Complete(s Source) (Source, [][2]string, [][2]string) {
	problems, warnings := [][2]string{}, [][2]string{}
	wrong := func(option, text string) { problems = append(problems, [2]string{option, text}) }
	switch {
	case s.URL != "" && s.File != "":
		wrong("file", "contradicts url; a list comes from one place")
	case s.URL != "":
		checkURL(&s, wrong)
	case s.File == "":
		wrong("url", "is required, or file")
	case !strings.HasPrefix(s.File, "/"):
		wrong("file", "must be an absolute path")
	}
	if s.PlainHTTP && s.URL == "" {
		wrong("plainHTTP", "has no effect without url")
	}
	if s.Refresh == 0 {
		s.Refresh = defaultURLRefresh
		if s.File != "" {
			s.Refresh = defaultFileRefresh
		}
	}
	if s.Refresh < minRefresh || s.Refresh > maxRefresh {
		wrong("refresh", "must be between 1s and 720h")
	} else if s.URL != "" && s.Refresh < politeRefresh {
		warnings = append(warnings, [2]string{"refresh", "is less than a minute; servers of others may answer that with a ban"})
	}
	checkFormat(&s, wrong)
	return s, problems, warnings
}

func checkURL(s *Source, wrong func(option, text string)) {
	u, err := url.Parse(s.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		wrong("url", "must be a whole URL, such as https://api.github.com/meta")
	case u.Scheme == "http" && !s.PlainHTTP:
		wrong("url", "must begin with https://, because whoever can change the list can let themselves in; plainHTTP: true if that can't be")
	case u.Scheme == "https" && s.PlainHTTP:
		wrong("plainHTTP", "has no effect, because the URL is https")
	case u.Scheme != "http" && u.Scheme != "https":
		wrong("url", "must begin with https://")
	case u.User != nil:
		wrong("url", "can't contain a user or a password")
	case u.Fragment != "":
		wrong("url", "can't have a fragment")
	}
}

func checkFormat(s *Source, wrong func(option, text string)) {
	if s.Format == "" {
		s.Format = "text"
		if len(s.Path) > 0 {
			s.Format = "json"
		}
	}
	switch s.Format {
	case "text", "csv":
		if len(s.Path) > 0 {
			wrong("path", "has no effect in a list that is no JSON")
		}
		if len(s.Where) > 0 {
			wrong("where", "has no effect in a list that is no JSON")
		}
	case "json":
		if len(s.Path) == 0 {
			wrong("path", "is required for a list in JSON, such as hooks or items[].cidr")
		}
		if len(s.Path) > maxPaths {
			wrong("path", "has more than 8 entries")
		}
		_, problems := compileQueries(s.Path, s.Where)
		for _, p := range problems {
			wrong(p[0], p[1])
		}
	default:
		wrong("format", "must be text, json or csv")
	}
}

// query is a compiled path: the way to the objects that Where looks at, and from
// there to the addresses.
type query struct {
	text       string
	objects    []jsonpath.Step
	addresses  []jsonpath.Step
	conditions []condition
}

// condition is a compiled entry of Where.
type condition struct {
	path  []jsonpath.Step
	value string
}

// compileQueries compiles paths and conditions, or says what is wrong with them.
func compileQueries(paths, where []string) ([]query, [][2]string) {
	problems := [][2]string{}
	conditions := []condition{}
	for i, text := range where {
		name, value, ok := strings.Cut(text, "=")
		path, problem := jsonpath.Parse(name)
		if !ok || value == "" || problem != "" || strings.TrimSpace(name) != name || strings.TrimSpace(value) != value {
			problems = append(problems, [2]string{fmt.Sprintf("where[%d]", i), "must be NAME=VALUE, such as service=SNS"})
			continue
		}
		conditions = append(conditions, condition{path: path, value: value})
	}
	queries := []query{}
	for i, text := range paths {
		steps, problem := jsonpath.ParseAny(text)
		if problem != "" {
			problems = append(problems, [2]string{fmt.Sprintf("path[%d]", i), problem})
			continue
		}
		at := objectsIn(steps)
		if at == 0 && len(conditions) > 0 {
			problems = append(problems, [2]string{"where", fmt.Sprintf("has no effect on path[%d], which leads through no list of objects", i)})
		}
		queries = append(queries, query{text: text, objects: steps[:at], addresses: steps[at:], conditions: conditions})
	}
	return queries, problems
}

// objectsIn returns the length of the part of a path that leads to the innermost
// objects of which there are several.
func objectsIn(steps []jsonpath.Step) int {
	end := len(steps)
	for end > 0 && isEvery(steps[end-1]) {
		end--
	}
	for end > 0 && !isEvery(steps[end-1]) && !steps[end-1].Any {
		end--
	}
	return end
}

func isEvery(s jsonpath.Step) bool {
	return s.Name == "" && s.Item == jsonpath.Every
}

// nameOf returns what people call a list. The query of a URL may hold a key.
func nameOf(s Source) string {
	name := s.File
	if s.URL != "" {
		address, _, _ := strings.Cut(s.URL, "?")
		name = address
	}
	if len(s.Path) > 0 {
		name += " (" + strings.Join(append(append([]string{}, s.Path...), s.Where...), ", ") + ")"
	}
	return name
}

// keyOf returns what two sources have in common that are the same list: with its
// options the whole key, and without them that of its content.
func keyOf(s Source, options bool) string {
	key := fmt.Sprintf("%q %q %q %q %q", s.URL, s.File, s.Format, s.Path, s.Where)
	if options {
		key += fmt.Sprintf(" %s %v %q", s.Refresh, s.AcceptAnySize, s.StateDirectory)
	}
	return key
}
