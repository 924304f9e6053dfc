package keyset

import (
	"context"
	"time"

	"github.com/hookward/hookward/internal/fetch"
	"github.com/hookward/hookward/internal/jwk"
)

// Set are the keys of one issuer, which keep themselves fresh. Every gate that names the
// same source has the same document of them.
type Set struct {
	Issuer   string // whose they are alone; empty where the source names none
	source   Source
	document *fetch.Document // nil where there is a ring
	ring     *ring
}

// What Find says.
const (
	Unavailable = iota // the set could not be had, or is too old, or it can't be told whether the key is in it
	Ready
	Unknown // the issuer has no such key
	Misfit  // the key is there, for another algorithm
)

const (
	fetchTimeout = 5 * time.Second // for everything, the discovery document too
	// patience is how long a request waits for a fetch. Senders wait for 5 seconds or more.
	patience = 2 * time.Second
	// soonest is how often Cache-Control can have a set fetched.
	soonest = 5 * time.Minute
)

// Use returns the keys of a complete source. The context is that of the gate that uses
// them. What there is to say of them goes to tell, which must not block.
//
// A file, or a snapshot, is read before Use returns; nothing is fetched before.
func Use(ctx context.Context, s Source, tell func(level, message string, now time.Time), now time.Time) *Set {
	if s.PerKey {
		return &Set{source: s, ring: ringOf(s, tell)}
	}
	return &Set{Issuer: s.issuer, source: s, document: fetch.Use(ctx, documentOf(s, tell), now)}
}

// Keep says that a gate uses a set, as Use does where the set is at hand.
func Keep(ctx context.Context, s *Set) {
	if s.document != nil {
		fetch.Keep(ctx, s.document)
	}
}

// HealthOf returns how a set is doing, and whether it is fetched as a whole at all.
func HealthOf(s *Set) (fetch.Health, bool) {
	if s.document == nil {
		return fetch.Health{}, false
	}
	return fetch.HealthOf(s.document), true
}

// NameOf returns the name of a set: its issuer, or where it is.
func NameOf(s *Set) string {
	if s.Issuer != "" {
		return s.Issuer
	}
	return nameOf(s.source)
}

func documentOf(s Source, tell func(level, message string, now time.Time)) fetch.Source {
	d := fetch.Source{
		Kind:           "key set",
		Name:           nameOf(s),
		Key:            keyOf(s, true),
		ContentKey:     keyOf(s, false),
		URL:            s.URL,
		Rules:          rulesOf(s),
		File:           s.File,
		Refresh:        s.Refresh,
		Soonest:        soonest,
		StateDirectory: s.stateDirectory,
		Read: func(content []byte, _ any) (any, string) {
			t, problem, warning := readTable(content)
			if warning != "" {
				tell("warn", "the key set "+nameOf(s)+" "+warning, time.Now())
			}
			if problem != "" {
				return nil, problem
			}
			return t, ""
		},
		Describe: func(value any) string { return describe(tableOf(value)) },
		Tell:     tell,
	}
	if s.Refresh < soonest {
		d.Soonest = s.Refresh
	}
	if s.issuer != "" {
		d.URL = s.issuer // for the snapshot
		d.Get = discovering(s, tell)
	}
	return d
}

func rulesOf(s Source) fetch.Rules {
	return fetch.Rules{Timeout: fetchTimeout, MaxBytes: jwk.MaxBytes, PlainHTTP: s.PlainHTTP, EndsItself: true}
}

// Find returns the keys that may have made a signature by a JWS algorithm, and Ready; or
// why there are none. The id is the one that the message names, or nothing.
//
// An id that is not known may be that of a new key: it waits for a fetch, which all who
// wait share and which happens once in minRefresh at most. Where that fails, nobody can
// say that there is no such key.
func Find(s *Set, id, algorithm string, now time.Time) ([]*jwk.Key, int) {
	if s.ring != nil {
		chosen, found := findOne(s.ring, id, algorithm, now)
		return chosen, found
	}
	chosen, found := Choose(current(s, now), id, algorithm)
	if found == Ready || found == Misfit {
		return chosen, found
	}
	if len(id) > maxID {
		return nil, Unknown
	}
	fresh := fetch.Ask(s.document, s.source.MinRefresh, patience)
	chosen, found = Choose(current(s, now), id, algorithm)
	if found == Unknown && !fresh {
		return nil, Unavailable
	}
	return chosen, found
}

// current returns the keys that are in force: nil where there are none yet, or where
// nobody has been able to confirm them for too long.
func current(s *Set, now time.Time) *Table {
	t := tableOf(fetch.Value(s.document))
	if t == nil || now.Sub(fetch.Updated(s.document)) > s.source.MaxStale {
		return nil
	}
	return t
}
