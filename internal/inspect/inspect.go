// Package inspect knows what a gate would make of a configuration, where its secrets
// can't be had as well. It must not know how a request is judged, and Traefik never
// loads it.
package inspect

import (
	"fmt"
	"sort"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/handshakes"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/signature"
)

// Inspection is what a gate would make of a configuration.
type Inspection struct {
	Problems []Remark // the gate would answer 503 to everything
	Warnings []Remark // it would work, and say so on stderr
	Secrets  []SecretText
	// SignsURL says whether the scheme signs the address that is called, Pinned
	// whether publicURL has all of it, and Headers which request headers are read,
	// canonical. They are empty where there are problems.
	SignsURL bool
	Pinned   bool
	Headers  []string
}

// Remark is something to say of an option.
type Remark struct {
	Path string // such as secrets[0]; empty where it is about the whole
	Kind string // one of those below, or another
	Text string // without the path
}

// Kinds of remarks that rules are made of.
const (
	KindUnknownOption   = config.KindUnknownOption
	KindUnknownProvider = config.KindUnknownProvider
	KindRequired        = config.KindRequired
	KindInClear         = config.KindInClear
	KindWeakSecret      = config.KindWeakSecret
)

// SecretText is an option that is written like a secret, as it is written: the text
// may be the secret itself, and must not be shown.
type SecretText struct {
	Path, Text  string
	Public      bool // a public key, or a certificate
	Placeholder bool // it was taken for a good one, whatever it is
}

// Inspect compiles a configuration as New does, and starts nothing: no list is
// fetched, no file opened but those that secrets come from, and nobody connected to.
// Where isElsewhere says of the text of a secret that it can only be resolved in
// Traefik, a secret that fits stands in for it.
func Inspect(raw map[string]any, isElsewhere func(text string) bool) Inspection {
	result := InspectWith(raw, anywhere(isElsewhere), 0)
	// Which key fits is for the algorithm to say.
	for kind := 1; kind < publicKinds && hasMisfit(result); kind++ {
		result = InspectWith(raw, anywhere(isElsewhere), kind)
	}
	return further(raw, anywhere(isElsewhere), result)
}

// anywhere asks for the text of a secret alone, whatever option it stands in.
func anywhere(isElsewhere func(text string) bool) func(path, text string) bool {
	return func(_, text string) bool { return isElsewhere != nil && isElsewhere(text) }
}

func InspectWith(raw map[string]any, isElsewhere func(path, text string) bool, publicKind int) Inspection {
	result := Inspection{}
	c := policy.CompileWith(&secrets.Resolver{Placeholder: putPlaceholders(&result, isElsewhere, publicKind)}, raw)
	for _, r := range remarks(c.Problems) {
		section, isPair := strings.CutSuffix(r.Path, ".tls.cert")
		if isPair && standsIn(result, section+".tls.cert") != standsIn(result, section+".tls.key") {
			continue // a placeholder never fits to what somebody has written
		}
		result.Problems = append(result.Problems, r)
	}
	result.Warnings = remarks(append(c.Warnings, c.Degraded...))
	compiled := c.Policy
	if compiled != nil {
		result.SignsURL = signature.UsesURL(compiled.Schemes) || handshakes.DigestsURL(compiled.Handshakes) || signsAddress(compiled)
		for _, s := range compiled.Schemes {
			result.Pinned = result.Pinned || s.Pinned
		}
		for name := range compiled.Names {
			result.Headers = append(result.Headers, name)
		}
		sort.Strings(result.Headers)
	}
	return result
}

// putPlaceholders returns what puts a placeholder in the place of a secret that can't be resolved
// here, and notes all secrets.
func putPlaceholders(result *Inspection, isElsewhere func(path, text string) bool, publicKind int) func(path, ref, encoding string) *secrets.Secret {
	seen := map[string]bool{}
	return func(path, ref, encoding string) *secrets.Secret {
		replace := isElsewhere(path, ref)
		if !seen[path] {
			seen[path] = true
			isPublic := secrets.IsPublicKey(encoding) || isCertificate(path)
			result.Secrets = append(result.Secrets, SecretText{path, ref, isPublic, replace})
		}
		if !replace {
			return nil
		}
		return placeholderFor(path, ref, encoding, publicKind)
	}
}

func standsIn(result Inspection, path string) bool {
	for _, s := range result.Secrets {
		if s.Path == path {
			return s.Placeholder
		}
	}
	return false
}

// signsAddress says whether a part of the address is signed without publicURL.
func signsAddress(p *policy.Policy) bool {
	for _, s := range p.Schemes {
		if signature.SignsPart(s.Signs, "path", "query", "uri") {
			return true
		}
	}
	return false
}

func hasMisfit(result Inspection) bool {
	for _, s := range result.Secrets {
		for _, p := range result.Problems {
			if s.Placeholder && s.Public && p.Path == s.Path && p.Kind == config.KindMisfit {
				return true
			}
		}
	}
	return false
}

// further adds what compile does not come to, because it stops after problems of
// reading the options. Options with problems are left out; what might be said for their
// absence alone is not.
func further(raw map[string]any, isElsewhere func(path, text string) bool, known Inspection) Inspection {
	options, ofReading := config.Decode(raw)
	if len(ofReading) == 0 {
		return known
	}
	known.Secrets = nil
	rest := map[string]any{}
	for key, value := range raw {
		rest[key] = value
	}
	for _, p := range known.Problems {
		option, _, _ := strings.Cut(strings.Split(p.Path, ".")[0], "[")
		for key := range raw {
			if strings.EqualFold(key, option) {
				delete(rest, key)
			}
		}
	}
	if len(rest) > 0 {
		more := InspectWith(rest, isElsewhere, 0)
		known.Problems = append(known.Problems, independent(more.Problems)...)
		known.Warnings = append(known.Warnings, independent(more.Warnings)...)
		known.Secrets = more.Secrets
	}
	for _, s := range known.Secrets {
		if strings.HasPrefix(s.Path, "secrets[") {
			return known
		}
	}
	// No scheme has asked for the secrets. What can be said of them is said without.
	n, resolver := &config.Notes{}, &secrets.Resolver{Placeholder: putPlaceholders(&known, isElsewhere, 0)}
	for i, ref := range options.Secrets {
		secrets.ResolveOption(resolver, n, fmt.Sprintf("secrets[%d]", i), ref, "utf8")
	}
	known.Warnings = append(known.Warnings, remarks(n.Warnings)...)
	return known
}

func independent(remarks []Remark) []Remark {
	kept := []Remark{}
	for _, r := range remarks {
		if !config.Dependent[r.Kind] {
			kept = append(kept, r)
		}
	}
	return kept
}

func remarks(problems []config.Problem) []Remark {
	var said []Remark
	for _, p := range problems {
		said = append(said, Remark{p.Path, p.Kind, p.Text})
	}
	return said
}

// IsMistakenSecret says whether a gate refuses a text that stands in the place of a
// secret, because it looks like a reference, a path, a name or a placeholder.
func IsMistakenSecret(text string) bool { return secrets.Mistaken(text) != "" }

// OptionNames returns the options at the top.
func OptionNames() []string { return config.OptionNames(&config.Options{}) }

// Distance says how many letters two names differ in, whatever their case.
func Distance(a, b string) int { return config.Distance(strings.ToLower(a), strings.ToLower(b)) }

// DidYouMean returns ", did you mean NAME?" with the name that is spelt most nearly like
// a word, as the gate does for its options, or nothing where none is near.
func DidYouMean(word string, names []string) string {
	return config.Suggestion(word, names)
}
