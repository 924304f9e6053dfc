// Package diagnosis looks for what a gate refuses a request for: it changes the
// request, or the configuration, in one way at a time, and asks the gate again. It is
// for the command, and not for the gate.
package diagnosis

import (
	"crypto/sha256"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/hookward/hookward"
	"github.com/hookward/hookward/explain"
	"github.com/hookward/hookward/internal/config"
)

// Case is a request that was refused.
type Case struct {
	Config   *hookward.Config
	Request  *http.Request // without its body
	Body     []byte
	Declared int64  // Content-Length, or -1
	Scheme   string // of the URL, where that is known
	At       time.Time
	Present  time.Time // this machine's clock
	Verdict  explain.Explanation
}

// Cause is something that makes the signature, or the token, right.
type Cause struct {
	Name string `json:"name"` // stable, such as "body-newline"
	Text string `json:"text"`
	Cure string `json:"cure,omitempty"`
}

// Result is what was found. Without causes, hints say where to look.
type Result struct {
	Causes []Cause  `json:"causes"`
	Hints  []string `json:"hints"`
	Tried  int      `json:"tried"`             // how often the gate was asked
	Over   bool     `json:"stopped,omitempty"` // there was more to try than is tried
}

const (
	// maxTried and maxSigned bound the work: how often the gate is asked, and how many
	// bytes are signed for that.
	maxTried  = 4000
	maxSigned = 1 << 30
	maxCauses = 5
	// perTrial is what each trial costs beside the body, in bytes.
	perTrial = 1 << 12
)

// search is a diagnosis in the making.
type search struct {
	Case
	raw     map[string]any
	schemes []config.SignatureOptions
	jwt     *config.JWTOptions // where tokens are verified; else nil
	texts   []string           // of the secrets
	result  Result
	signed  int
	known   map[string]bool // causes by their names
	bodies  map[[sha256.Size]byte]bool
}

// Find looks for the causes of a refusal, the most likely ones first, and stops with
// those of a kind.
func Find(c Case) Result {
	s := &search{Case: c, raw: c.Config.Raw, schemes: explain.Signatures(c.Config), known: map[string]bool{}, bodies: map[[sha256.Size]byte]bool{}}
	s.result.Causes = []Cause{}
	s.result.Hints = []string{}
	s.texts = secretTexts(s.raw)
	options, _ := config.Decode(s.raw)
	s.jwt = options.JWT
	for _, look := range s.looks() {
		if len(s.result.Causes) > 0 {
			break
		}
		look()
	}
	s.addHints()
	if s.result.Over {
		s.hint(fmt.Sprintf("there was more to try than is tried: stopped after %d times", s.result.Tried))
	}
	s.hideSecrets()
	return s.result
}

// looks returns where to look for the causes of a reason, in order.
func (s *search) looks() []func() {
	everything := []func(){s.trySecrets, s.tryBodies, s.tryURLs, s.tryLetters, s.tryPresets, s.trySchemes}
	if s.jwt != nil {
		return s.looksOfJWT()
	}
	switch s.Verdict.Reason {
	case "signature_mismatch":
		return everything
	case "signature_missing", "signature_malformed", "signature_duplicated", "signed_field_missing", "timestamp_missing":
		return []func(){s.tryPresets, s.trySchemes}
	case "url_mismatch":
		return []func(){s.tryURLs}
	case "body_malformed":
		return []func(){s.tryBodies}
	case "token_missing", "token_malformed":
		return []func(){s.tryTokens, s.tryPresets, s.trySchemes}
	case "token_mismatch":
		return []func(){s.trySecrets, s.tryTokens, s.tryPresets, s.trySchemes}
	case "timestamp_malformed", "timestamp_too_old", "timestamp_too_new":
		return []func(){s.tryUnits, s.noteClock}
	case "method_not_allowed":
		return []func(){s.noteMethod}
	case "body_too_large":
		return []func(){s.noteSize}
	}
	return nil
}

// trial is a changed request, or a changed configuration; what is left empty is as it
// was.
type trial struct {
	raw     map[string]any
	request *http.Request
	body    []byte
	emptied bool // the body is empty
}

// ask asks the gate about a trial.
func (s *search) ask(t trial) explain.Explanation {
	configuration, r, body := s.Config, s.Request, s.Body
	if t.raw != nil {
		configuration = &hookward.Config{Raw: t.raw}
	}
	if t.request != nil {
		r = t.request
	}
	if t.body != nil || t.emptied {
		body = t.body
	}
	if s.result.Tried >= maxTried || s.signed+len(body) > maxSigned {
		s.result.Over = true
		return explain.Explanation{}
	}
	s.result.Tried++
	s.signed += len(body) + perTrial
	return explain.Judge(configuration, r, body, s.At)
}

// try notes a cause if the gate takes the signature, or the token, for right.
func (s *search) try(t trial, c Cause) bool {
	if s.known[c.Name] || !s.ask(t).Matched {
		return false
	}
	s.add(c)
	return true
}

func (s *search) add(c Cause) {
	if !s.known[c.Name] && len(s.result.Causes) < maxCauses {
		s.known[c.Name] = true
		s.result.Causes = append(s.result.Causes, c)
	}
}

func (s *search) hint(text string) {
	s.result.Hints = append(s.result.Hints, text)
}

// hideSecrets leaves out what has a secret in it: a value of the request may be one.
func (s *search) hideSecrets() {
	const hidden = "found, but not shown, because there is a secret in it"
	for i := range s.result.Causes {
		c := &s.result.Causes[i]
		if s.hasSecret(c.Text) {
			c.Text = hidden
		}
		if s.hasSecret(c.Cure) {
			c.Cure = ""
		}
	}
	for i, text := range s.result.Hints {
		if s.hasSecret(text) {
			s.result.Hints[i] = hidden
		}
	}
}

func (s *search) hasSecret(text string) bool {
	for _, secret := range s.texts {
		trimmed := strings.TrimSpace(secret)
		if len(trimmed) >= 6 && strings.Contains(text, trimmed) {
			return true
		}
	}
	return false
}

// with returns a configuration in which an option has another value; the option may be
// one of a section.
func with(raw map[string]any, path string, value any) map[string]any {
	name, rest, nested := strings.Cut(path, ".")
	changed := map[string]any{}
	for other, old := range raw {
		if !strings.EqualFold(other, name) {
			changed[other] = old
		} else if section, ok := old.(map[string]any); ok && nested {
			changed[name] = with(section, rest, value)
		}
	}
	if nested && changed[name] == nil {
		changed[name] = with(nil, rest, value)
	} else if !nested && value != nil {
		changed[name] = value
	}
	return changed
}

// option returns the value of an option at the top; nil where there is none.
func option(raw map[string]any, name string) any {
	for other, value := range raw {
		if strings.EqualFold(other, name) {
			return value
		}
	}
	return nil
}
