package redact

import (
	"fmt"
	"regexp"
	"sort"
	"strconv"
	"strings"
)

const (
	maxSteps = 32  // of a path
	maxPath  = 512 // bytes
)

// item is what may stand behind a name that holds a list.
var item = regexp.MustCompile(`^(?:\[(?:\*|[0-9]*)\])+$`)

// parsePath compiles a path: names with dots between them. `*` is any one name,
// `**` any number of names, none too. The path begins at the document's root, be
// it the body or a document within a string of it. Lists are no level: items.card
// is the card of each item, and may be written items[].card. An index is taken for
// any: an order is easily changed. Names are compared without case and signs. The
// second result is what is wrong with it.
func parsePath(text string) ([]string, string) {
	steps := []string{}
	if len(text) > maxPath {
		return nil, "has more than " + strconv.Itoa(maxPath) + " bytes"
	}
	if strings.TrimSpace(text) == "" {
		return nil, "is empty"
	}
	for _, word := range strings.Split(text, ".") {
		name, _, indexed := strings.Cut(word, "[")
		if indexed && !item.MatchString(word[len(name):]) {
			return nil, quote(text) + " is not a path, such as a.b, *.b, **.b or a[].b"
		}
		name = strings.TrimSpace(name)
		if name == "" && indexed && len(steps) == 0 {
			continue // the document is the list
		}
		if name != "*" && name != "**" {
			if strings.Contains(name, "*") {
				return nil, quote(text) + " has a name with * in it; * is a whole name, and ** any number of them"
			}
			name = fold(name)
			if name == "" {
				return nil, quote(text) + " has a name without letters and digits"
			}
		}
		if name == "**" && len(steps) > 0 && steps[len(steps)-1] == "**" {
			continue // twice any number is any number
		}
		steps = append(steps, name)
	}
	if len(steps) == 0 || steps[len(steps)-1] == "**" {
		return nil, quote(text) + " has to end with a name, or with * for all names"
	}
	if len(steps) > maxSteps {
		return nil, quote(text) + " has more than " + strconv.Itoa(maxSteps) + " names"
	}
	return steps, ""
}

func quote(text string) string {
	if len(text) > 64 {
		return strconv.QuoteToASCII(text[:64]) + "..."
	}
	return strconv.QuoteToASCII(text)
}

// addPaths compiles paths into rules.
func addPaths(r *Rules, paths []string) [][2]string {
	problems := [][2]string{}
	for i, text := range paths {
		steps, problem := parsePath(text)
		if problem != "" {
			problems = append(problems, [2]string{"redact[" + strconv.Itoa(i) + "]", problem})
			continue
		}
		r.starts = append(r.starts, len(r.steps))
		for _, step := range steps {
			r.names[step] = true
		}
		r.steps = append(append(r.steps, steps...), "")
	}
	return problems
}

// The sets of positions that the values of documents have. See memory.
const (
	nowhere = 0  // the set that no path goes on from
	root    = 1  // the set that all begin with, where there are paths
	hit     = -1 // the end of a path
	unknown = -2

	// maxSets bounds how many sets are kept. A document may need more.
	maxSets = 512
)

// startOf returns the set of a document's root.
func startOf(r *Rules, m *memory) int {
	if len(r.starts) == 0 {
		return nowhere
	}
	if len(m.sets) == 0 {
		m.ids = map[string]int{}
		intern(m, map[int]bool{})
		set := map[int]bool{}
		for _, position := range r.starts {
			arrive(r, set, position)
		}
		intern(m, set)
	}
	return root
}

// follow returns the set that a name of a class leads to, or hit.
func follow(r *Rules, m *memory, set int, class string) int {
	if set == nowhere {
		return nowhere
	}
	if class == plainName {
		next := m.other[set]
		if next == unknown {
			next = leadTo(r, m, set, [][]string{{""}})
			m.other[set] = next
		}
		return next
	}
	next, known := m.named[set][class]
	if !known {
		next = leadTo(r, m, set, readings(class[1:]))
		if m.leads < maxClasses {
			m.leads++
			m.named[set][strings.Clone(class)] = next
		}
	}
	return next
}

// readings returns what a name may stand for: itself, and the path that it spells,
// with numbers for names and for positions in lists.
func readings(name string) [][]string {
	all := [][]string{{fold(name)}}
	parts := segments(name)
	if len(parts) == 1 && parts[0] == name {
		return all
	}
	with := []string{}
	without := []string{}
	for _, part := range parts {
		with = append(with, fold(part))
		_, err := strconv.ParseUint(part, 10, 64)
		if err != nil {
			without = append(without, fold(part))
		}
	}
	return append(all, with, without)
}

// leadTo returns the set that a name leads to which can be read in several ways.
// Every part of a reading counts: what is below the end of a path is redacted.
func leadTo(r *Rules, m *memory, from int, readings [][]string) int {
	all := map[int]bool{}
	for _, names := range readings {
		at := map[int]bool{}
		for _, position := range m.sets[from] {
			at[position] = true
		}
		for _, name := range names {
			at = step(r, at, name)
			if at[hit] {
				return hit
			}
		}
		for position := range at {
			if len(names) > 0 { // else this name would be none
				all[position] = true
			}
		}
	}
	return intern(m, all)
}

// step returns the positions behind a name.
func step(r *Rules, from map[int]bool, name string) map[int]bool {
	to := map[int]bool{}
	for position := range from {
		want := r.steps[position]
		if want == "**" {
			arrive(r, to, position)
		} else if want == "*" || want == name {
			arrive(r, to, position+1)
		}
	}
	return to
}

// arrive adds a position, and the one behind it where `**` may be nothing.
func arrive(r *Rules, set map[int]bool, position int) {
	if r.steps[position] == "" {
		set[hit] = true
		return
	}
	set[position] = true
	if r.steps[position] == "**" {
		set[position+1] = true
	}
}

// intern returns the number of a set.
func intern(m *memory, set map[int]bool) int {
	list := make([]int, 0, len(set))
	for position := range set {
		list = append(list, position)
	}
	sort.Ints(list)
	key := fmt.Sprint(list)
	id, known := m.ids[key]
	if known {
		return id
	}
	id = len(m.sets)
	m.ids[key] = id
	m.sets = append(m.sets, list)
	m.named = append(m.named, map[string]int{})
	m.other = append(m.other, unknown)
	return id
}
