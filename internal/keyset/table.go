package keyset

import (
	"fmt"
	"strings"

	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/words"
)

// Table are the keys of one issuer, by their ids. Nothing changes it.
type Table struct {
	all       []*jwk.Key
	byID      map[string][]*jwk.Key
	withoutID []*jwk.Key
}

const (
	// maxTried bounds the keys that are tried for a message that names none.
	maxTried = 8
	// maxID is longer than the id of any key: see jwk.
	maxID = 1024
	// maxShown bounds the keys that a line of the log has.
	maxShown = 10
)

// NewTable makes a table of keys.
func NewTable(keys []jwk.Key) *Table {
	t := &Table{byID: map[string][]*jwk.Key{}}
	for i := range keys {
		k := &keys[i]
		t.all = append(t.all, k)
		if k.ID == "" {
			t.withoutID = append(t.withoutID, k)
			continue
		}
		t.byID[k.ID] = append(t.byID[k.ID], k)
	}
	return t
}

// Choose returns the keys that may have made a signature by a JWS algorithm: those with
// the id, which the message names, or else those without one; and all for a message that
// names none. The second result is what Find says of that; of no table, it is Unavailable.
func Choose(t *Table, id, algorithm string) ([]*jwk.Key, int) {
	if t == nil {
		return nil, Unavailable
	}
	candidates := t.all
	if id != "" {
		candidates = t.byID[id]
		if len(candidates) == 0 {
			candidates = t.withoutID
		}
	}
	chosen := []*jwk.Key{}
	for _, k := range candidates {
		if len(chosen) < maxTried && jwk.Allows(k, algorithm) {
			chosen = append(chosen, k)
		}
	}
	switch {
	case len(chosen) > 0:
		return chosen, Ready
	case len(candidates) > 0:
		return nil, Misfit
	}
	return nil, Unknown
}

// All returns all keys of a table.
func All(t *Table) []*jwk.Key {
	return t.all
}

// tableOf returns the table that a document's value is, or nil.
func tableOf(value any) *Table {
	if value == nil {
		return nil
	}
	return value.(*Table)
}

// readTable makes a table of a JWK set, or says what speaks against that. The second text
// is what the operator should know of it all the same.
func readTable(content []byte) (*Table, string, string) {
	set, problem := jwk.ParseSet(content)
	switch {
	case problem != "":
		return nil, problem, ""
	case len(set.Keys) == 0 && len(set.Skipped) > 0:
		return nil, "has no key that can be used: key " + set.Skipped[0], ""
	case len(set.Keys) == 0:
		return nil, "has no public keys", ""
	case set.Private > 0:
		return NewTable(set.Keys), "", "has a private key in it, with which whoever can read it can sign; that key is left out"
	}
	return NewTable(set.Keys), "", ""
}

// describe says which keys a table has.
func describe(t *Table) string {
	texts := []string{}
	for i, k := range t.all {
		if i == maxShown {
			texts = append(texts, "...")
			break
		}
		name := k.Family
		if k.Algorithm != "" {
			name = k.Algorithm
		}
		if k.ID != "" {
			name += " " + words.Quote(k.ID)
		}
		texts = append(texts, name)
	}
	keys := "keys"
	if len(t.all) == 1 {
		keys = "key"
	}
	return fmt.Sprintf("%d %s (%s)", len(t.all), keys, strings.Join(texts, ", "))
}
