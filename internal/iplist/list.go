package iplist

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/hookward/hookward/internal/fetch"
	"github.com/hookward/hookward/internal/ipset"
)

// List is a list that keeps itself fresh. Every gate that names the same source
// has the same document of it.
type List struct {
	Name     string // for people
	document *fetch.Document
}

const (
	fetchTimeout = 10 * time.Second
	maxBytes     = 8 << 20
	// A list may not grow so many times at once, and not shrink below half.
	maxGrowth = 100
	// Parts of all addresses below which a list may have any number of them: a
	// /12 of IPv4, and a /16 of IPv6. Single addresses become networks at times.
	large4 = 1.0 / (1 << 12)
	large6 = 1.0 / (1 << 16)
)

// Use returns the list of a complete source. The context is that of the gate
// that uses it. What the list has to say goes to tell, which must not block.
//
// A file, or a snapshot, is read before Use returns, unless its disk hangs; nothing is
// fetched before.
func Use(ctx context.Context, s Source, tell func(level, message string, now time.Time), now time.Time) *List {
	return &List{Name: nameOf(s), document: fetch.Use(ctx, documentOf(s, tell), now)}
}

// Keep says that a gate uses a list, as Use does where the list is at hand.
func Keep(ctx context.Context, l *List) {
	fetch.Keep(ctx, l.document)
}

// HealthOf returns how a list is doing.
func HealthOf(l *List) fetch.Health { return fetch.HealthOf(l.document) }

func documentOf(s Source, tell func(level, message string, now time.Time)) fetch.Source {
	return fetch.Source{
		Kind:       "list",
		Name:       nameOf(s),
		Key:        keyOf(s, true),
		ContentKey: keyOf(s, false),
		URL:        s.URL,
		Rules: fetch.Rules{
			Timeout:    fetchTimeout,
			MaxBytes:   maxBytes,
			PlainHTTP:  s.PlainHTTP,
			Redirects:  true,
			EndsItself: s.Format == "json",
		},
		File:           s.File,
		Refresh:        s.Refresh,
		StateDirectory: s.StateDirectory,
		Read: func(content []byte, before any) (any, string) {
			set, problem := read(s, content, setOf(before))
			return set, problem
		},
		Describe: func(value any) string { return ranges(setOf(value)) },
		Tell:     tell,
	}
}

// setOf returns the set that a document's value is, nil for none.
func setOf(value any) ipset.Set {
	if value == nil {
		return nil
	}
	return value.(ipset.Set)
}

// What Look says.
const (
	Unknown = iota // the list has never loaded
	Outside
	Inside
)

// Look says whether the address of a key, see ipset.Key, is in the list. It never
// waits for anything, and has little in it: it is called for every request.
func Look(l *List, key string) int {
	value := fetch.Value(l.document)
	if value == nil {
		return Unknown
	}
	if sort.SearchStrings(value.(ipset.Set), key)%2 == 1 { // as ipset.Contains, without the call
		return Inside
	}
	return Outside
}

// read makes a set of a version, or says what speaks against that.
func read(s Source, content []byte, before ipset.Set) (ipset.Set, string) {
	prefixes, problem := parse(s, content)
	if problem != "" {
		return nil, problem
	}
	set := ipset.Make(prefixes)
	problem = judge(s, set, before)
	if problem != "" {
		return nil, problem
	}
	return set, ""
}

// judge says what is wrong with a list that can be read.
func judge(s Source, set, before ipset.Set) string {
	all := ipset.Everything(set)
	if all != "" {
		return "has every " + all + " address"
	}
	if s.AcceptAnySize {
		return ""
	}
	ipv4, ipv6 := ipset.Coverage(set)
	if ipv4 > 0.5 || ipv6 > 0.5 {
		return "has more than half of all addresses of IPv4 or IPv6; if that is right, say acceptAnySize: true"
	}
	if before == nil {
		return ""
	}
	if 2*len(set) < len(before) {
		return fmt.Sprintf("has shrunk from %s to %s; if that is right, say acceptAnySize: true", ranges(before), ranges(set))
	}
	if len(set) > maxGrowth*len(before) {
		return fmt.Sprintf("has grown from %s to %s; if that is right, say acceptAnySize: true", ranges(before), ranges(set))
	}
	ipv4Before, ipv6Before := ipset.Coverage(before)
	if ipv4 > large4 && ipv4 > maxGrowth*ipv4Before || ipv6 > large6 && ipv6 > maxGrowth*ipv6Before {
		return "has more than a hundred times the addresses it had; if that is right, say acceptAnySize: true"
	}
	return ""
}

func ranges(set ipset.Set) string {
	if len(set) == 2 {
		return "1 range"
	}
	return fmt.Sprintf("%d ranges", len(set)/2)
}

// LookIn says whether the address of a key is in a set, or in any of some lists. Where it is in
// none of those that are loaded, and one is not, it is unknown.
func LookIn(own ipset.Set, lists []*List, key string) int {
	if sort.SearchStrings(own, key)%2 == 1 { // as above
		return Inside
	}
	if len(lists) == 1 {
		return Look(lists[0], key)
	}
	return lookAll(lists, key)
}

func lookAll(lists []*List, key string) int {
	found := Outside
	for _, list := range lists {
		is := Look(list, key)
		if is == Inside {
			return is
		}
		if is == Unknown {
			found = is
		}
	}
	return found
}

// NameWith returns the name of the first list that says something of a key, or another name
// where none does.
func NameWith(lists []*List, key string, says int, otherwise string) string {
	for _, list := range lists {
		if Look(list, key) == says {
			return list.Name
		}
	}
	return otherwise
}
