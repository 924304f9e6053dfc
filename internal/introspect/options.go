package introspect

import (
	"net/url"
	"time"

	"github.com/hookward/hookward/internal/config"
)

const (
	defaultTimeout       = 2 * time.Second
	defaultCache         = time.Minute
	defaultNegativeCache = 10 * time.Second
	defaultConcurrent    = 16
	basicMethod          = "client_secret_basic"
	postMethod           = "client_secret_post"
)

// Options are the option introspection, completed, with the secret itself and not where it is.
type Options config.IntrospectionOptions

// Complete fills in the defaults of the option introspection, and returns what is wrong
// with it, each with the name of an option in it.
func Complete(o *config.IntrospectionOptions) []config.Problem {
	n := &config.Notes{}
	if o.URL == "" {
		config.AddProblem(n, "url", config.KindRequired, "is required: the server's introspection endpoint, which its discovery document names introspection_endpoint")
	} else if problem := wrongURL(o); problem != "" {
		config.AddProblem(n, "url", config.KindInvalid, problem)
	}
	if o.ClientID == "" {
		config.AddProblem(n, "clientID", config.KindRequired, "is required: the name that the gate has at the server")
	}
	if o.ClientSecret == "" {
		config.AddProblem(n, "clientSecret", config.KindRequired, "is required; write env:NAME or file:/path")
	}
	if o.AuthMethod == "" {
		o.AuthMethod = basicMethod
	}
	if o.AuthMethod != basicMethod && o.AuthMethod != postMethod {
		config.AddProblem(n, "authMethod", config.KindInvalid, config.NotKnown(o.AuthMethod, []string{basicMethod, postMethod}))
	}
	o.Timeout = within(n, "timeout", o.Timeout, defaultTimeout, 100*time.Millisecond, 10*time.Second)
	o.Cache = within(n, "cache", o.Cache, defaultCache, time.Second, time.Hour)
	o.NegativeCache = within(n, "negativeCache", o.NegativeCache, defaultNegativeCache, time.Second, 10*time.Minute)
	if o.MaxConcurrent == 0 {
		o.MaxConcurrent = defaultConcurrent
	}
	if o.MaxConcurrent > 1000 {
		config.AddProblem(n, "maxConcurrent", config.KindInvalid, "must be at most 1000")
	}
	return n.Problems
}

// within returns a time, or its default, and says where it is out of bounds.
func within(n *config.Notes, option string, given, usual, least, most time.Duration) time.Duration {
	if given == 0 {
		return usual
	}
	if given < least || given > most {
		config.AddProblem(n, option, config.KindInvalid, "must be between "+least.String()+" and "+most.String())
	}
	return given
}

// wrongURL says why a server can't be asked at a URL.
func wrongURL(o *config.IntrospectionOptions) string {
	u, err := url.Parse(o.URL)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return "must be a whole URL, such as https://as.example.com/introspect"
	case u.Scheme == "http" && !o.PlainHTTP:
		return "must begin with https://, because the gate's secret goes there, and whoever can change the answers can let themselves in; plainHTTP: true if that can't be"
	case u.Scheme != "http" && u.Scheme != "https":
		return "must begin with https://"
	case u.Scheme == "https" && o.PlainHTTP:
		return "begins with https://, so that plainHTTP has no effect"
	case u.User != nil:
		return "can't contain a user or a password; clientID and clientSecret are for that"
	case u.Fragment != "":
		return "can't have a fragment"
	}
	return ""
}

// OptionsOf returns completed options as a client takes them.
func OptionsOf(o *config.IntrospectionOptions, secret string) *Options {
	own := Options(*o)
	own.ClientSecret = secret
	return &own
}
