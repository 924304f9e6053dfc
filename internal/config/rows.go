package config

import (
	"encoding/json"
	"reflect"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/providers"
)

// Provider is a row of the catalogue, a file of catalogue/. It has data only, in the words of
// a user's configuration: what the catalogue can say of a scheme, anybody can say of theirs.
type Provider struct {
	Options Options
	Ranges  *ListOptions // of the addresses that its webhooks come from, where it publishes them
	Habits  habits
}

// habits are what a sender does that no option says.
type habits struct {
	// RetriesFor is how long it repeats a failed delivery with the first timestamp. It is
	// zero where the user has said what tolerance is meant.
	RetriesFor time.Duration `json:"retriesFor"`

	// Alike says that different events may be equal to the byte.
	Alike bool `json:"alike"`

	// WaitsFor is how long it waits for an answer; zero where that is not known.
	WaitsFor time.Duration `json:"waitsFor"`

	// ReadsAnswer says that it does something with the body of the backend's answer.
	ReadsAnswer bool `json:"readsAnswer"`

	// Bare says that its check of the address takes no answer with a body, also of a refusal.
	Bare bool `json:"bare"`
}

// fitRetries fits the defaults to how long a sender repeats a failed delivery with its first
// timestamp. Where the tolerance covers that, a delivery that is too old tells of a wrong
// clock, which may be set right while the sender repeats: it gets no status that ends that.
func fitRetries(row *Provider, options *Options, named Options) {
	retries := row.Habits.RetriesFor
	if named.Tolerance != 0 {
		row.Habits.RetriesFor = 0
	}
	coverRetries(row, options)
	if named.StaleStatusCode == 0 && retries > 0 && options.Tolerance >= retries {
		options.StaleStatusCode = 0
	}
}

// coverRetries widens the default tolerance to all of a sender's attempts, where replay
// lets each delivery pass once in all that time.
func coverRetries(row *Provider, options *Options) {
	wide := row.Habits.RetriesFor + DefaultTolerance
	o := options.Replay
	if row.Habits.RetriesFor == 0 || o == nil || o.OnDuplicate == "forward" {
		return
	}
	window := o.Window
	if window == 0 {
		window = DefaultReplayWindow
	}
	if window >= 2*wide+ReplayMargin {
		options.Tolerance = wide
		row.Options.Tolerance = wide
	}
}

// ReadRow returns a provider's row, or an empty one where the catalogue has none.
func ReadRow(slug string) Provider {
	row := Provider{}
	text := providers.Rows[slug]
	if text == nil {
		return row
	}
	sections := map[string]map[string]any{}
	if err := json.Unmarshal(text, &sections); err != nil {
		panic(err) // a test reads every row
	}
	decodeSection(&Notes{}, sections["options"], &row.Options, "")
	decodeSection(&Notes{}, sections["habits"], &row.Habits, "")
	if sections["ranges"] != nil {
		row.Ranges = &ListOptions{}
		decodeSection(&Notes{}, sections["ranges"], row.Ranges, "")
	}
	return row
}

func ProviderSlugs() []string {
	slugs := make([]string, 0, len(providers.Rows))
	for slug := range providers.Rows {
		slugs = append(slugs, slug)
	}
	sort.Strings(slugs)
	return slugs
}

// dropOverridden returns a row's options without those that a user's replace by others. A
// location has two options, of which one may be given. And a scheme that the user describes is
// the only one: the row's further schemes would let pass what it does not.
func dropOverridden(row, user Options) Options {
	if row.Signature != nil && user.Signature != nil {
		signature := *row.Signature
		row.Signature = &signature
		dropFromSection(&signature, user.Signature, "alternatives")
	}
	if row.Token != nil && user.Token != nil {
		token := *row.Token
		row.Token = &token
		dropFromSection(&token, user.Token, "header", "query", "field", "bearer", "basic", "basicUser")
	}
	if row.JWT != nil {
		token := *row.JWT
		row.JWT = &token
		if user.JWT != nil {
			dropFromSection(&token, user.JWT)
			token.JWKS = dropOverriddenKeys(token.JWKS, user.JWT.JWKS)
			if user.JWT.Header != "" || user.JWT.Query != "" || user.JWT.Field != "" || user.JWT.Body {
				token.Header, token.Query, token.Field, token.Scheme = "", "", "", ""
				token.Body = false
			}
		}
		if len(user.PublicKeys) > 0 {
			token.JWKS = nil // the keys are in one location
			token.Certificates = nil
		}
	}
	if row.MessageSignature != nil && user.MessageSignature != nil {
		message := *row.MessageSignature
		row.MessageSignature = &message
		dropFromSection(&message, user.MessageSignature)
	}
	return row
}

// dropOverriddenKeys is dropOverridden for a section that says where keys are: they are in
// one location, and how fresh they must be is said apart from that.
func dropOverriddenKeys(row, user *JWKSOptions) *JWKSOptions {
	if row == nil || user == nil {
		return row
	}
	keys := *row
	if user.URL != "" || user.Discovery || user.File != "" {
		keys.URL = ""
		keys.Discovery = false
		keys.File = ""
		keys.PerKey = row.PerKey && user.URL != ""
	}
	return &keys
}

// dropFromSection clears those options of a row's section that name the same location as one of
// the user's, and the options in scheme where one of the user's describes the scheme.
func dropFromSection(row, user any, scheme ...string) {
	fields, given := reflect.ValueOf(row).Elem(), reflect.ValueOf(user).Elem()
	names := []string{}
	for i, name := range OptionNames(user) {
		value := given.Field(i)
		if !isGiven(value) || value.Kind() == reflect.Pointer {
			continue // a section is laid upon the row's
		}
		names = append(names, otherOption.Replace(name))
		if !besideScheme.MatchString(name) {
			names = append(names, scheme...)
		}
	}
	for _, name := range names {
		if i := FieldIndex(fields.Type(), name); i >= 0 {
			fields.Field(i).Set(reflect.Zero(fields.Field(i).Type()))
		}
	}
}

// otherOption makes idField of idHeader, and the reverse.
var otherOption = strings.NewReplacer("Header", "Field", "header", "field", "Field", "Header", "field", "header")

// besideScheme are the options that say where the delivery's id and the like are, or hold for
// every scheme.
var besideScheme = regexp.MustCompile("^(id|event|sender|certificate|alternatives|uncompressed)")
