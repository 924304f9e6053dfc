// Package ship sends batches of audit records to where they are kept: to
// Elasticsearch, Splunk, an OpenTelemetry collector, Loki, a syslog server, or any
// HTTP server. Each record is one JSON object on one line. It must not know what a
// record says, nor what waits behind it.
//
// A batch is sent once, and what has become of each of its records is said as well
// as the receiver lets one know. The caller does the waiting and the repeating.
// A record that may have been taken, and may not, is sent again: none is to be
// lost, and receivers can tell a repeated one by its event.id.
//
// What is said of problems names the receiver without the query of its URL, and
// has nothing in it that the receiver has answered but numbers and the kind of an
// error: answers quote what was sent.
package ship

import (
	"crypto/tls"
	"net/url"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/sqs"
	"github.com/hookward/hookward/internal/words"
)

// Target says where records are sent, and how. Options that have no effect with
// the type are mistakes.
type Target struct {
	Type string // elasticsearch, splunk, otlp, loki, http, syslog or sqs

	// URL is where the receiver is. For elasticsearch, splunk, otlp and loki, the
	// path of the request is appended to that of the URL, before its query. For
	// syslog it is udp://HOST, tcp://HOST or tls://HOST; the ports are 514, 601 and
	// 6514 by default. For sqs it is the queue's, and Endpoint is who is asked, where that
	// is not its host.
	URL      string
	Endpoint string
	Region   string // of sqs; default what the URL says

	// Credentials, of which one kind is used: a name with a password, a token
	// (for splunk its own, and else a bearer token), or an API key of
	// Elasticsearch.
	Username string
	Password string
	Token    string
	APIKey   string
	Keys     sqs.Credentials // of sqs

	Headers [][2]string // names and values, for all that speak HTTP

	Index      string // of elasticsearch, default logs-hookward.audit-default; of splunk, default the token's
	Source     string // of splunk, default hookward
	SourceType string // of splunk, default _json

	// Acknowledge makes splunk's records count as taken once they are indexed,
	// and not when they have arrived. The token must be one with acknowledgement.
	Acknowledge bool

	Labels   [][2]string // of loki, default service_name=hookward
	Facility string      // of syslog, default local0

	TLS     *tls.Config   // default: what the system trusts
	Timeout time.Duration // of one request, the answer included; default 10s

	Host string // this machine's name, default what the system says
}

const (
	defaultTimeout = 10 * time.Second
	minTimeout     = 100 * time.Millisecond
	maxTimeout     = 5 * time.Minute
	defaultIndex   = "logs-hookward.audit-default"
)

// requestPath is what is appended to a URL's path, by type.
var requestPath = map[string]string{
	"elasticsearch": "/_bulk",
	"splunk":        "/services/collector/event",
	"otlp":          "/v1/logs",
	"loki":          "/loki/api/v1/push",
	"http":          "",
	"syslog":        "",
	"sqs":           "",
}

// Complete returns a target with its defaults filled in, what is wrong with it,
// and what is questionable, each with the name of an option.
func Complete(t Target) (Target, [][2]string, [][2]string) {
	problems, warnings := [][2]string{}, [][2]string{}
	wrong := func(option, text string) { problems = append(problems, [2]string{option, text}) }
	if _, known := requestPath[t.Type]; !known {
		wrong("type", "must be elasticsearch, splunk, otlp, loki, http or syslog")
		return t, problems, warnings
	}
	checkEffects(t, wrong)
	switch t.Type {
	case "syslog":
		completeSyslog(&t, wrong)
	case "sqs":
		completeSQS(&t, wrong)
	default:
		checkURL(t, wrong)
		checkCredentials(t, wrong)
		checkHeaders(t, wrong)
	}
	completeNames(&t, wrong)
	if t.Timeout == 0 {
		t.Timeout = defaultTimeout
	}
	if t.Timeout < minTimeout || t.Timeout > maxTimeout {
		wrong("timeout", "must be between 100ms and 5m")
	}
	if isExposed(t) {
		warnings = append(warnings, [2]string{"url", "begins with http://, so that the credentials cross the network in the clear"})
	}
	return t, problems, warnings
}

// checkEffects finds options that have no effect.
func checkEffects(t Target, wrong func(option, text string)) {
	for _, option := range []struct {
		name  string
		set   bool
		types string // that it has an effect with
	}{
		{"username", t.Username != "", "elasticsearch otlp loki http"},
		{"password", t.Password != "", "elasticsearch otlp loki http"},
		{"token", t.Token != "", "elasticsearch splunk otlp loki http"},
		{"apiKey", t.APIKey != "", "elasticsearch"},
		{"headers", len(t.Headers) > 0, "elasticsearch splunk otlp loki http"},
		{"index", t.Index != "", "elasticsearch splunk"},
		{"source", t.Source != "", "splunk"},
		{"sourcetype", t.SourceType != "", "splunk"},
		{"acknowledge", t.Acknowledge, "splunk"},
		{"labels", len(t.Labels) > 0, "loki"},
		{"facility", t.Facility != "", "syslog"},
		{"region", t.Region != "", "sqs"},
		{"endpoint", t.Endpoint != "", "sqs"},
		{"accessKeyID", t.Keys.AccessKeyID != "", "sqs"},
		{"secretAccessKey", t.Keys.SecretAccessKey != "", "sqs"},
		{"sessionToken", t.Keys.SessionToken != "", "sqs"},
	} {
		if option.set && !words.Contains(strings.Fields(option.types), t.Type) {
			wrong(option.name, "has no effect with type "+t.Type)
		}
	}
	if t.TLS != nil && !strings.HasPrefix(t.URL, "https://") && !strings.HasPrefix(t.URL, "tls://") {
		wrong("tls", "has no effect, because the URL is one without TLS")
	}
}

func checkURL(t Target, wrong func(option, text string)) {
	u, err := url.Parse(t.URL)
	switch {
	case t.URL == "":
		wrong("url", "is required")
	case err != nil || u.Opaque != "":
		wrong("url", "must be a whole URL, such as https://logs.example.com")
	case u.Scheme != "http" && u.Scheme != "https":
		wrong("url", "must begin with https:// or http://")
	case u.Hostname() == "":
		wrong("url", "must be a whole URL, such as https://logs.example.com")
	case u.User != nil:
		wrong("url", "can't contain a user or a password; that is what username and password are for")
	case strings.Contains(t.URL, "#"):
		wrong("url", "can't have a fragment")
	}
}

var (
	headerName  = regexp.MustCompile("^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")
	headerValue = regexp.MustCompile(`^[ -~]*$`)
	labelName   = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	credential  = regexp.MustCompile(`^[!-~]*$`)
	indexName   = regexp.MustCompile(`^[^\s\pC"\\*?,#|]+$`)
	lineOfText  = regexp.MustCompile(`^\PC*$`)
)

func checkCredentials(t Target, wrong func(option, text string)) {
	kinds := 0
	for _, set := range []bool{t.Username != "" || t.Password != "", t.Token != "", t.APIKey != ""} {
		if set {
			kinds++
		}
	}
	if kinds > 1 {
		wrong("token", "contradicts the other credentials; of username with password, token and apiKey there can be one")
	}
	if t.Username == "" && t.Password != "" {
		wrong("username", "is required with password")
	}
	if t.Type == "splunk" && t.Token == "" {
		wrong("token", "is required")
	}
	if strings.Contains(t.Username, ":") || !lineOfText.MatchString(t.Username) {
		wrong("username", "can't contain a colon or a control character")
	}
	if !lineOfText.MatchString(t.Password) {
		wrong("password", "can't contain a control character, such as the end of a line")
	}
	checkCredential("token", t.Token, wrong)
	checkCredential("apiKey", t.APIKey, wrong)
}

// checkCredential says what is wrong with what becomes a part of a header: a request with
// such a header fails each time.
func checkCredential(option, value string, wrong func(option, text string)) {
	if !credential.MatchString(value) {
		wrong(option, "can't contain a space, the end of a line, or anything but ASCII")
	}
}

// ownHeaders are those that a user can't set, because they belong to the body or
// to the connection.
const ownHeaders = " host content-type content-length content-encoding transfer-encoding connection trailer te upgrade expect x-splunk-request-channel "

func checkHeaders(t Target, wrong func(option, text string)) {
	seen := map[string]bool{}
	for _, header := range t.Headers {
		name := strings.ToLower(header[0])
		switch {
		case !headerName.MatchString(header[0]):
			wrong("headers", "must have names of letters, digits and dashes")
		case !headerValue.MatchString(header[1]):
			wrong("headers", header[0]+" can't have anything but printable ASCII in its value")
		case strings.Contains(ownHeaders, " "+name+" "):
			wrong("headers", header[0]+" can't be set")
		case name == "authorization" && t.Username+t.Password+t.Token+t.APIKey != "":
			wrong("headers", "Authorization contradicts the other credentials")
		case seen[name]:
			wrong("headers", "has "+header[0]+" twice")
		}
		seen[name] = true
	}
}

// completeNames fills in how the receiver is to name the records.
func completeNames(t *Target, wrong func(option, text string)) {
	if t.Host == "" {
		t.Host, _ = os.Hostname()
	}
	if t.Index != "" && (!indexName.MatchString(t.Index) || strings.ToLower(t.Index) != t.Index) {
		wrong("index", "must be lower-case, without spaces and without any of \" \\ * ? , # |")
	}
	if !lineOfText.MatchString(t.Source) {
		wrong("source", "can't contain a control character")
	}
	if !lineOfText.MatchString(t.SourceType) {
		wrong("sourcetype", "can't contain a control character")
	}
	switch t.Type {
	case "elasticsearch":
		t.Index = words.OrDefault(t.Index, defaultIndex)
	case "splunk":
		t.Source = words.OrDefault(t.Source, "hookward")
		t.SourceType = words.OrDefault(t.SourceType, "_json")
	case "loki":
		if len(t.Labels) == 0 {
			t.Labels = [][2]string{{"service_name", "hookward"}}
		}
		checkLabels(*t, wrong)
	}
}

func checkLabels(t Target, wrong func(option, text string)) {
	seen := map[string]bool{}
	for _, label := range t.Labels {
		if !labelName.MatchString(label[0]) {
			wrong("labels", "must have names of letters, digits and underscores, which begin with no digit")
		} else if seen[label[0]] {
			wrong("labels", "has "+label[0]+" twice")
		}
		seen[label[0]] = true
		if label[1] == "" || !lineOfText.MatchString(label[1]) {
			wrong("labels", "must have values, without control characters")
		}
	}
}
