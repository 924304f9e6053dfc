// Package introspect knows what the server that has issued an access token says of it, and
// for how long that is believed (RFC 7662). It must not know what a token has to say.
package introspect

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/fetch"
	"github.com/hookward/hookward/internal/strictjson"
	"github.com/hookward/hookward/internal/words"
)

// Client asks one server, and remembers its answers. It outlives reloads.
type Client struct {
	options Options
	tell    func(level, message string, now time.Time)

	mu      sync.Mutex
	good    table
	bad     table
	asking  map[string][]chan *answer // who waits for the answer, by the token's digest
	circuit circuit
}

// answer is what is known of a token.
type answer struct {
	claims  map[string]any // of an active token
	outcome int
	unwell  bool // the server is
	until   time.Time
	size    int // bytes
}

// What Ask says of a token.
const (
	Unavailable = iota // nobody could say
	Active
	Inactive
	Malformed // it is no token that a server would issue
)

const (
	minToken   = 16
	maxToken   = 4096
	maxBytes   = 64 << 10 // of an answer
	maxWaiting = 256      // for one answer
)

// token68 are the characters of a bearer token, RFC 6750, 2.1.
const token68 = words.Letters + "0123456789-._~+/="

// New returns a client that has asked nothing yet. What it has to say of the server goes
// to tell, which must not block.
func New(o Options, tell func(level, message string, now time.Time)) *Client {
	return &Client{options: o, tell: tell, asking: map[string][]chan *answer{}}
}

// Asks says whether a client asks by some options.
func Asks(c *Client, o Options) bool {
	return c.options == o
}

// Ask returns what the server says of a token, as claims, and what that comes to. A good
// answer counts for as long as Cache says, and no longer than the token is good; a bad one
// for NegativeCache. All who ask for the same token wait for one answer.
func Ask(c *Client, token string, now time.Time) (map[string]any, int) {
	if len(token) < minToken || len(token) > maxToken || strings.Trim(token, token68) != "" {
		return nil, Malformed
	}
	key := digestOf(token)
	c.mu.Lock()
	found := lookUp(c, key, now)
	waiting, asked := c.asking[key]
	switch {
	case found != nil:
		c.mu.Unlock()
		return found.claims, found.outcome
	case len(waiting) >= maxWaiting:
		c.mu.Unlock()
		return nil, Unavailable
	case asked:
		done := make(chan *answer, 1)
		c.asking[key] = append(waiting, done)
		c.mu.Unlock()
		found = <-done
		return found.claims, found.outcome
	case len(c.asking) >= int(c.options.MaxConcurrent) || !mayTry(&c.circuit, now):
		c.mu.Unlock()
		return nil, Unavailable
	}
	c.asking[key] = []chan *answer{}
	c.mu.Unlock()
	found = askFor(c, key, token, now)
	return found.claims, found.outcome
}

// askFor asks the server, and tells all who wait what it has said.
func askFor(c *Client, key, token string, now time.Time) *answer {
	found, problem := fetchGuarded(c, token, now)
	c.mu.Lock()
	waiting := c.asking[key]
	delete(c.asking, key)
	switch found.outcome {
	case Active:
		put(&c.good, key, found)
	case Inactive:
		put(&c.bad, key, found)
	}
	was := c.circuit.failures
	note(&c.circuit, found.unwell, problem == "", time.Now())
	c.mu.Unlock()
	for i := range waiting {
		waiting[i] <- found
	}
	if problem != "" {
		c.tell("error", "the introspection endpoint "+nameOf(c)+" "+problem+"; tokens that are not known yet get 503 meanwhile", now)
	} else if was > 0 {
		c.tell("info", "the introspection endpoint "+nameOf(c)+" is well again", now)
	}
	return found
}

// fetchGuarded is fetchAnswer, and survives a panic: those who wait would do so for ever.
func fetchGuarded(c *Client, token string, now time.Time) (*answer, string) {
	found := &answer{unwell: true}
	problem := "made the gate panic"
	func() {
		defer func() { _ = recover() }()
		found, problem = fetchAnswer(c, token, now)
	}()
	return found, problem
}

// fetchAnswer asks the server. The second result is what is wrong with it, or nothing.
func fetchAnswer(c *Client, token string, now time.Time) (*answer, string) {
	o := &c.options
	rules := fetch.Rules{Timeout: o.Timeout, MaxBytes: maxBytes, PlainHTTP: o.PlainHTTP, EndsItself: true, KeepAlive: true}
	form := url.Values{"token": {token}, "token_type_hint": {"access_token"}}
	authorization := ""
	if o.AuthMethod == postMethod {
		form.Set("client_id", o.ClientID)
		form.Set("client_secret", o.ClientSecret)
	} else {
		authorization = basic(o.ClientID, o.ClientSecret)
	}
	version, problem := fetch.Post(o.URL, rules, "application/x-www-form-urlencoded", form.Encode(), authorization)
	if problem == "" {
		found, problem := read(version.Content, o, now)
		return found, problem
	}
	// One that refuses a question is well. Else any stranger's could close the circuit.
	refused := version != nil && version.Status >= http.StatusBadRequest && version.Status < http.StatusInternalServerError && version.Status != http.StatusTooManyRequests
	if refused {
		problem += ", as servers do that don't know clientID and clientSecret, or don't let that client ask"
	}
	return &answer{unwell: !refused}, problem
}

// basic returns the credentials of a client, RFC 6749, 2.3.1: form-encoded first, which
// RFC 7617 alone does not ask for.
func basic(id, secret string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(url.QueryEscape(id)+":"+url.QueryEscape(secret)))
}

// read makes an answer of a response, RFC 7662, 2.2. Only true is active, and only false is
// not: anything else is no answer.
func read(content []byte, o *Options, now time.Time) (*answer, string) {
	claims, problem := strictjson.Object(content)
	if problem != "" {
		return &answer{unwell: true}, "has an answer that " + problem
	}
	active, isBool := claims["active"].(bool)
	if !isBool {
		return &answer{unwell: true}, `has an answer without "active", or one that is neither true nor false`
	}
	if !active {
		return &answer{outcome: Inactive, until: now.Add(o.NegativeCache)}, ""
	}
	until := now.Add(o.Cache)
	expires, known := expiry(claims["exp"])
	if known && expires.Before(until) {
		until = expires
	}
	return &answer{claims: claims, outcome: Active, until: until, size: len(content)}, ""
}

// nameOf returns what people call the server. The query of a URL may hold a key.
func nameOf(c *Client) string {
	address, _, _ := strings.Cut(c.options.URL, "?")
	return address
}
