package main

import (
	"flag"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"time"

	plugin "github.com/hookward/hookward"
	"github.com/hookward/hookward/cmd/hookward/internal/capture"
	"github.com/hookward/hookward/cmd/hookward/internal/diagnosis"
	"github.com/hookward/hookward/explain"
)

const verifyHelp = `Judges a captured request as a gate with this configuration would, and says step by step
why it passes or not. Where its signature is not right, the likely causes are tried, and
those that would make it right are named. No secret is printed, nor anything that is made
with one; nothing is sent, fetched or recorded.

The request is one of: a file with the bytes from the wire (HTTP/1.1, or with the
pseudo-headers of HTTP/2), with what GitHub shows under Recent Deliveries, with what
curl -v prints or with an event of an API Gateway; an entry of a browser's HAR; a curl
command; or --method, --header, --data and --url.

The configuration is either --provider with --secret, or --config with whatever check
reads: files and directories of Traefik's file provider, Compose files, manifests. With
--set, options of the gate are given, and those of a file replaced. References (env:NAME,
file:/path) and variables of templates and Compose are read here.

Unless --time or --now says otherwise, the request is judged as of the time that it
has signed, or of its Date header: else every capture would be too old.

The exit status is 0 if the request passes, or is a handshake that the gate answers, 1 if
it is refused, and 2 if it can't be judged.

  hookward verify --provider github --secret env:GITHUB_WEBHOOK_SECRET --request delivery.txt
  hookward verify --config dynamic.yml --middleware github-hooks --har capture.har --entry 3
  hookward verify --secret env:X --set signature.header=X-Sig --set 'signature.signs={timestamp}.{body}' \
      --set signature.timestampHeader=X-Ts -H 'X-Ts: 1700000000' -H 'X-Sig: 5257a8...' --data-binary @body.json
`

// verifyOptions are what the command was given.
type verifyOptions struct {
	schemeOptions
	request, har, curl string
	entry              int
	method, url        string
	headers            texts
	data               []capture.Data
	gateOptions
	at, client  string
	now, asJSON bool

	// hide puts names in the place of values that templates have from the environment;
	// nil where there are none.
	hide func(text string) string
}

func verifyCommand() command {
	c := command{name: "verify", summary: "judge a captured request, and say why it is refused", text: verifyHelp}
	c.define = func(flags *flag.FlagSet) func(arguments []string, s streams) int {
		o := &verifyOptions{}
		o.schemeOptions.define(flags)
		flags.Var(&o.publicKeys, "public-key", "a public `KEY`, or env:NAME or file:/path; several times")
		o.gateOptions.define(flags)
		flags.StringVar(&o.request, "request", "", "a `FILE` with the request as it was sent; - is stdin")
		flags.StringVar(&o.har, "har", "", "a HAR `FILE`; - is stdin")
		flags.IntVar(&o.entry, "entry", 0, "the `NUMBER` of the HAR's entry, from 1")
		flags.StringVar(&o.curl, "curl", "", "a `FILE` with a curl command, as browsers copy it; - is stdin")
		flags.StringVar(&o.method, "method", "", "the request's `METHOD` (default POST with data, and GET without)")
		flags.StringVar(&o.method, "X", "", "the same as --method, by curl's name for a `METHOD`")
		flags.StringVar(&o.url, "url", "", "the request's `URL`, or its path (default /)")
		flags.Var(&o.headers, "header", "a header, `'NAME: VALUE'`; several times")
		flags.Var(&o.headers, "H", "the same as --header, by curl's name: `'NAME: VALUE'`")
		flags.Var(dataOption{&o.data, false}, "data", "the body, byte for byte: `TEXT`, @FILE, or @- for stdin; with --request,\nthe body of that")
		flags.Var(dataOption{&o.data, false}, "data-binary", "the same as --data, by curl's name: `TEXT`, @FILE or @-")
		flags.Var(dataOption{&o.data, false}, "d", "the same as --data, by curl's name: `TEXT`, @FILE or @-")
		flags.Var(dataOption{&o.data, true}, "data-raw", "the body, in which @ has no meaning: `TEXT`")
		flags.StringVar(&o.client, "client", "", "the `ADDRESS` that the connection came from, for allowlist, denylist and\nipStrategy")
		flags.StringVar(&o.at, "time", "", "the `TIME` to judge by: RFC 3339, or seconds since 1970")
		flags.BoolVar(&o.now, "now", false, "judge by this machine's clock")
		flags.BoolVar(&o.asJSON, "json", false, "print JSON")
		return func(arguments []string, s streams) int {
			if len(arguments) > 0 {
				return c.fail(s, strconv.Quote(arguments[0])+" belongs to no option; the request is given by --request, --har, --curl or --data")
			}
			status, problem := judgeRequest(o, s)
			if problem != "" {
				return c.fail(s, problem)
			}
			return status
		}
	}
	return c
}

// verifyReport is what --json prints.
type verifyReport struct {
	Explanation explain.Explanation `json:"explanation"`
	Verdict     string              `json:"verdict"` // passes, answered, refused, undecided or misconfigured
	Request     string              `json:"request"` // method and path
	JudgedAt    time.Time           `json:"judgedAt"`
	Moment      string              `json:"moment"` // what JudgedAt is
	SignedAt    *time.Time          `json:"signedAt,omitempty"`
	Notes       []string            `json:"notes,omitempty"`
	Diagnosis   *diagnosis.Result   `json:"diagnosis,omitempty"`
}

// judgeRequest judges the request, and prints what there is to say. Where it can't be
// judged for want of something, it returns the problem.
func judgeRequest(o *verifyOptions, s streams) (int, string) {
	problem := o.contradiction()
	if problem != "" {
		return exitUsage, problem
	}
	raw, notes, problem := verifyConfig(o, s)
	if problem != "" {
		return exitUsage, problem
	}
	captured, problem := verifyRequest(o, s)
	if problem != "" {
		return exitUsage, problem
	}
	r := captured.HTTP()
	if o.client != "" {
		r.RemoteAddr = net.JoinHostPort(o.client, "0")
	}
	report := verifyReport{Notes: append(notes, captured.Notes...), Request: r.Method + " " + r.URL.EscapedPath()}
	problem = report.judge(o, &plugin.Config{Raw: raw}, r, captured)
	if problem != "" {
		return exitUsage, problem
	}
	if o.hide != nil {
		for _, texts := range [][]string{report.Explanation.Problems, report.Explanation.Warnings} {
			for i := range texts {
				texts[i] = o.hide(texts[i])
			}
		}
		for _, check := range report.Explanation.Checks {
			for i := range check.Seen {
				check.Seen[i] = o.hide(check.Seen[i])
			}
		}
	}
	if o.asJSON {
		err := printJSON(s.stdout, report)
		if err != nil {
			return exitUsage, err.Error()
		}
	} else {
		_, err := io.WriteString(s.stdout, describeVerify(report, s.stdout))
		if err != nil {
			return exitUsage, err.Error()
		}
	}
	switch report.Verdict {
	case "passes", "answered":
		return exitGood, ""
	case "refused":
		return exitBroken, ""
	}
	return exitUsage, ""
}

// verdictOf says in one word what became of the request.
func verdictOf(e explain.Explanation) string {
	switch {
	case len(e.Problems) > 0:
		return "misconfigured"
	case e.Undecided != "":
		return "undecided"
	case e.Passes:
		return "passes"
	case e.Answered:
		return "answered"
	}
	return "refused"
}

// contradiction returns what is wrong with the options together, or nothing.
func (o *verifyOptions) contradiction() string {
	sources, stdin := 0, 0
	for _, name := range []string{o.request, o.har, o.curl} {
		if name != "" {
			sources++
		}
		if name == "-" {
			stdin++
		}
	}
	for _, name := range o.config {
		if name == "-" {
			stdin++
		}
	}
	for _, data := range o.data {
		if data.File == "-" {
			stdin++
		}
	}
	parts := o.method != "" || o.url != "" || len(o.headers) > 0 || len(o.data) > 0 && o.request == ""
	switch {
	case sources > 1:
		return "--request, --har and --curl contradict each other; there is one request"
	case sources == 1 && parts:
		return "--method, --url, --header and --data contradict --request, --har and --curl; there is one request"
	case sources == 1 && len(o.data) > 1:
		return "--data: is the body of --request; there is one"
	case sources == 0 && !parts:
		return "there is no request; give --request, --har, --curl, or --header and --data"
	case o.entry != 0 && o.har == "":
		return "--entry: belongs to --har"
	case o.entry < 0:
		return "--entry: must be a number from 1"
	case stdin > 1:
		return "stdin can be read once"
	case o.now && o.at != "":
		return "--now contradicts --time"
	case len(o.config) == 0 && o.middleware != "":
		return "--middleware: belongs to --config"
	case len(o.config) == 0 && o.plugin != "":
		return "--plugin: belongs to --config"
	case len(o.config) > 0 && o.provider != "":
		return "--provider contradicts --config"
	}
	if o.client != "" {
		_, err := netip.ParseAddr(o.client)
		if err != nil {
			return "--client: " + strconv.Quote(o.client) + " is not an address, such as 192.0.2.1"
		}
	}
	return ""
}

// judge fills the report. It returns what is wrong with the time, if that is.
func (v *verifyReport) judge(o *verifyOptions, config *plugin.Config, r *http.Request, captured *capture.Request) string {
	present := time.Now()
	at, moment := present, "this machine's clock"
	date, err := http.ParseTime(r.Header.Get("Date"))
	switch {
	case o.at != "":
		var problem string
		at, problem = parseMoment(o.at)
		if problem != "" {
			return problem
		}
		moment = "--time"
	case !o.now && err == nil:
		at, moment = date, "the request's Date header"
	}
	judged := explain.Explain(config, r, captured.Body, at)
	signed := judged.Timestamp
	if !o.now && o.at == "" && plausible(signed, present) {
		at, moment = signed, "the time that the request has signed"
		judged = explain.Explain(config, r, captured.Body, at)
		if judged.Passes {
			live := explain.Judge(config, r, captured.Body, present)
			if !live.Passes {
				v.Notes = append(v.Notes, "by this machine's clock it would be refused now: "+live.Reason+"; --now judges so")
			}
		}
	}
	v.Explanation = judged
	v.Verdict = verdictOf(judged)
	v.JudgedAt = at.UTC()
	v.Moment = moment
	if !signed.IsZero() {
		utc := signed.UTC()
		v.SignedAt = &utc
	}
	if v.Verdict == "refused" {
		found := diagnosis.Find(diagnosis.Case{Config: config, Request: r, Body: captured.Body, Declared: captured.Declared, Scheme: captured.Scheme, At: at, Present: present, Verdict: judged})
		v.Diagnosis = &found
	}
	return ""
}

// plausible says whether a time may be that of a capture: a number of another unit
// would be one of another century.
func plausible(signed, present time.Time) bool {
	return signed.Year() >= 2005 && signed.Before(present.AddDate(1, 0, 0))
}

// parseMoment reads --time.
func parseMoment(text string) (time.Time, string) {
	at, err := time.Parse(time.RFC3339, text)
	if err == nil {
		return at, ""
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 || n > 253402300799 {
		return time.Time{}, "--time: " + strconv.Quote(text) + " is neither RFC 3339, as 2026-03-01T12:00:00Z, nor seconds since 1970"
	}
	return time.Unix(n, 0), ""
}
