// Package keyset knows which keys an issuer has at present, where they stand outside of
// the configuration: at a URL, where its discovery document says, or in a file. It must
// not know what is verified with them.
package keyset

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/words"
)

// Source says where the keys of an issuer are, and how fresh they must be: the option jwks,
// completed, with the secret itself in ClientSecret.
type Source struct {
	config.JWKSOptions
	issuer string // whose document says where the set is; in the place of URL and File

	// stateDirectory is where the last good set outlives the process; empty for nowhere.
	stateDirectory string
}

const (
	defaultRefresh     = time.Hour
	defaultFileRefresh = 10 * time.Second
	defaultMaxStale    = 24 * time.Hour
	defaultMinRefresh  = 30 * time.Second
	perKeyMinRefresh   = 5 * time.Second
	leastRefresh       = time.Second
	politeRefresh      = time.Minute // less often than this is enough for anybody else's server
	mostRefresh        = 24 * time.Hour
	mostStale          = 30 * 24 * time.Hour
)

// Compile compiles the option jwks at a path: one source for all issuers, or with
// discovery one for each of them. Nothing is fetched yet.
func Compile(n *config.Notes, resolver *secrets.Resolver, o config.JWKSOptions, path string, issuers []string, stateDirectory string) []Source {
	s := Source{JWKSOptions: o, stateDirectory: stateDirectory}
	wrong := func(option, kind, text string) { config.AddProblem(n, path+"."+option, kind, text) }
	checkPlace(n, o, path)
	if o.PerKey {
		compilePerKey(n, resolver, &s, path)
	} else if o.ClientID != "" || o.ClientSecret != "" {
		wrong("clientID", config.KindNoEffect, "has no effect without perKey, and clientSecret has none either")
	}
	checkTimes(n, &s, path)
	if o.PlainHTTP && o.File != "" {
		wrong("plainHTTP", config.KindNoEffect, "has no effect on a file")
	}
	if o.PlainHTTP && strings.HasPrefix(o.URL, "https:") {
		wrong("plainHTTP", config.KindNoEffect, "has no effect, because the URL is https")
	}
	if o.PlainHTTP && o.File == "" {
		config.AddWarning(n, path+".plainHTTP", config.KindInvalid, "lets whoever can change what comes by http let themselves in")
	}
	if !o.Discovery {
		return []Source{s}
	}
	sources := []Source{}
	if len(issuers) == 0 {
		wrong("discovery", config.KindRequired, "needs issuers, by whose documents the keys are found")
	}
	for i, issuer := range issuers {
		problem := wrongURL(issuer, o.PlainHTTP)
		if problem == "" && strings.Contains(issuer, "?") {
			problem = "can't have a query"
		}
		if problem != "" {
			wrong("discovery", config.KindInvalid, fmt.Sprintf("needs issuers that are URLs; issuers[%d] %s", i, problem))
		}
		s.issuer = issuer
		sources = append(sources, s)
	}
	return sources
}

// compilePerKey finds out by which name single keys are asked for.
func compilePerKey(n *config.Notes, resolver *secrets.Resolver, s *Source, path string) {
	if s.URL == "" {
		config.AddProblem(n, path+".perKey", config.KindRequired, "needs url, where single keys are asked for")
	}
	if s.Refresh != 0 {
		config.AddProblem(n, path+".refresh", config.KindNoEffect, "has no effect with perKey: a key is asked for once a day")
	}
	if s.ClientID == "" {
		config.AddProblem(n, path+".clientID", config.KindRequired, "is required with perKey")
	}
	if s.ClientSecret == "" {
		config.AddProblem(n, path+".clientSecret", config.KindRequired, "is required with perKey; write env:NAME or file:/path")
		return
	}
	s.ClientSecret = string(secrets.ResolveOption(resolver, n, path+".clientSecret", s.ClientSecret, "utf8"))
}

// checkPlace says where there is not exactly one place.
func checkPlace(n *config.Notes, o config.JWKSOptions, path string) {
	places := 0
	for _, given := range []bool{o.URL != "", o.Discovery, o.File != ""} {
		if given {
			places++
		}
	}
	switch {
	case places == 0:
		config.AddProblem(n, path+".url", config.KindRequired, "is required, or discovery, or file")
	case places > 1:
		config.AddProblem(n, path+".url", config.KindContradiction, "contradicts discovery or file; give one of the three")
	case o.URL != "":
		problem := wrongURL(o.URL, o.PlainHTTP)
		if problem != "" {
			config.AddProblem(n, path+".url", config.KindInvalid, problem)
		}
	case o.File != "" && !strings.HasPrefix(o.File, "/"):
		config.AddProblem(n, path+".file", config.KindInvalid, "must be an absolute path")
	}
}

// wrongURL says why keys can't be had from a URL.
func wrongURL(text string, plainHTTP bool) string {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return "must be a whole URL, such as https://issuer.example.com/keys"
	case u.Scheme == "http" && !plainHTTP:
		return "must begin with https://, because whoever can change the keys can let themselves in; plainHTTP: true if that can't be"
	case u.Scheme != "http" && u.Scheme != "https":
		return "must begin with https://"
	case u.User != nil:
		return "can't contain a user or a password"
	case u.Fragment != "":
		return "can't have a fragment"
	}
	return ""
}

// checkTimes fills the defaults in, and says which times make no sense.
func checkTimes(n *config.Notes, s *Source, path string) {
	if s.File != "" && s.MinRefresh != 0 {
		config.AddProblem(n, path+".minRefresh", config.KindNoEffect, "has no effect on a file, which is looked at every `refresh`")
	}
	usual := defaultRefresh
	if s.File != "" {
		usual = defaultFileRefresh
	}
	s.Refresh = orDefault(s.Refresh, usual)
	s.MaxStale = orDefault(s.MaxStale, defaultMaxStale)
	if s.PerKey {
		s.MinRefresh = orDefault(s.MinRefresh, perKeyMinRefresh)
	}
	s.MinRefresh = orDefault(s.MinRefresh, defaultMinRefresh)
	switch {
	case s.Refresh < leastRefresh || s.Refresh > mostRefresh:
		config.AddProblem(n, path+".refresh", config.KindInvalid, "must be between 1s and 24h")
	case s.File == "" && s.Refresh < politeRefresh:
		config.AddWarning(n, path+".refresh", config.KindInvalid, "is less than a minute; servers of others may answer that with a ban")
	}
	if s.MaxStale < s.Refresh || s.MaxStale > mostStale {
		config.AddProblem(n, path+".maxStale", config.KindInvalid, "must be between refresh and 720h")
	}
	if s.MinRefresh < leastRefresh || s.MinRefresh > time.Hour {
		config.AddProblem(n, path+".minRefresh", config.KindInvalid, "must be between 1s and 1h")
	}
}

func orDefault(given, fallback time.Duration) time.Duration {
	if given == 0 {
		return fallback
	}
	return given
}

// nameOf returns what people call a source. The query of a URL may hold a key.
func nameOf(s Source) string {
	if s.issuer != "" {
		return "of the issuer " + words.Quote(s.issuer)
	}
	address, _, _ := strings.Cut(s.URL, "?")
	return address + s.File
}

// keyOf returns what two sources have in common that are the same set: with its options
// the whole key, and without them that of its content.
func keyOf(s Source, options bool) string {
	key := fmt.Sprintf("%q %q %q", s.URL, s.issuer, s.File)
	if options {
		key += fmt.Sprintf(" %s %v %q", s.Refresh, s.PlainHTTP, s.stateDirectory)
	}
	return "key set " + key
}
