package senders

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
)

// listed says whether a sender's scheme takes several signatures in one header.
func listed(t *testing.T, s *sender) bool {
	t.Helper()
	options, problems := config.Decode(s.Options)
	if len(problems) > 0 {
		t.Fatalf("%s: %v", s.Slug, problems)
	}
	return options.Signature != nil && strings.HasSuffix(options.Signature.Format, "...")
}

// clone copies a message, to change it.
func clone(m message) message {
	c := m
	c.Body = bytes.Clone(m.Body)
	c.Headers = nil
	for _, header := range m.Headers {
		c.Headers = append(c.Headers, slices.Clone(header))
	}
	return c
}

// headerAt returns the position of a header in a message, or -1.
func headerAt(m message, name string) int {
	return slices.IndexFunc(m.Headers, func(h []string) bool { return strings.EqualFold(h[0], name) })
}

// mutations are deliveries that differ from a good one by a character in what
// is signed, or in what is not.
func mutations(t *testing.T, s *sender) []*exchange {
	t.Helper()
	all := []*exchange{}
	add := func(what string, m message, pass bool, reasons ...string) {
		all = append(all, &exchange{what: s.Slug + ": " + what, message: m, pass: pass, reasons: reasons})
	}

	// Unsigned headers change nothing.
	m := clone(s.Good)
	m.Headers = append(m.Headers, []string{"X-Unsigned", "anything"}, []string{"X-Forwarded-For", "192.0.2.1"}, []string{"User-Agent", "Mallory/1"})
	slices.Reverse(m.Headers)
	add("more headers, in another order", m, true)

	for _, name := range s.Carrier.Header {
		at := headerAt(s.Good, name)
		if at < 0 {
			continue
		}
		if !listed(t, s) {
			m := clone(s.Good)
			m.Headers = append(m.Headers, slices.Clone(m.Headers[at]))
			add(name+" twice", m, false, "signature_duplicated", "token_duplicated")
		}
		if len(s.Carrier.Header) > 1 || s.Slug == "ebay" {
			continue // any one is enough; or there is more in it than the signature
		}
		value := s.Good.Headers[at][1]
		for eighth := range min(8, len(value)) {
			i := eighth * len(value) / 8
			m := clone(s.Good)
			changed := flip(value, i)
			m.Headers[at][1] = changed
			// What stays the same signature in another spelling may pass.
			if !strings.EqualFold(changed, value) && !unread(value, i) {
				add(fmt.Sprintf("%s flipped in eighth %d: %q", name, eighth, changed), m, false)
			}
		}
	}
	for _, name := range s.SignedHeaders {
		at := headerAt(s.Good, name)
		if at < 0 || s.Good.Headers[at][1] == "" {
			continue
		}
		m := clone(s.Good)
		m.Headers[at][1] = flip(m.Headers[at][1], len(m.Headers[at][1])-1)
		add(name+" changed", m, false)
		m = clone(s.Good)
		m.Headers = slices.Delete(m.Headers, at, at+1)
		add(name+" removed", m, false)
	}
	if s.BindsBody && len(s.Good.Body) > 0 {
		for i := 0; i < 16; i++ {
			m := clone(s.Good)
			at := i * len(m.Body) / 16
			other, known := kin(m.Body[at])
			if !known {
				other = m.Body[at] ^ 1<<(i%8)
			}
			m.Body[at] = other
			add(fmt.Sprintf("body flipped in sixteenth %d", i), m, false)
		}
		m := clone(s.Good)
		m.Body = append(m.Body, '\n')
		add("body with a newline more", m, false)
	}
	return all
}

// kin returns another character of the same kind: hexadecimal digits and base64 stay what
// they are. So what becomes of a change does not depend on what is there by chance.
func kin(c byte) (byte, bool) {
	switch {
	case c >= '0' && c <= '9':
		return c ^ 1, true
	case c >= 'a' && c <= 'z':
		return 'a' + ((c - 'a') ^ 1), true
	case c >= 'A' && c <= 'Z':
		return 'A' + ((c - 'A') ^ 1), true
	case c == '+' || c == '/':
		return c ^ '+' ^ '/', true
	case c == '-' || c == '_':
		return c ^ '-' ^ '_', true
	}
	return c, false
}

// flip changes one character of a text so that it can still stand in a header.
func flip(text string, at int) string {
	b := []byte(text)
	other, known := kin(b[at])
	if !known {
		other = b[at] ^ 1
	}
	if other < '!' || other > '~' {
		other ^= 3
	}
	b[at] = other
	return string(b)
}

// unread says whether a position of a list is in an element of another version,
// which the gate leaves unread, or in the space between two.
func unread(value string, at int) bool {
	start := strings.LastIndexAny(value[:at+1], ",; ") + 1
	element := value[start:]
	for _, other := range []string{"v0=", "h=", "v2,", "v1a,"} {
		if strings.HasPrefix(element, other) {
			return true
		}
	}
	return strings.ContainsRune(",; ", rune(value[at]))
}
