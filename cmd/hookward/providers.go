package main

import (
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/hookward/hookward/internal/config"
)

// The file is written by 'make catalogue' from catalogue/: the gate itself has no more of a
// provider than its options.
//
//go:embed providers.json
var providerData []byte

const providersHelp = `Lists the providers that the gate knows by name, or describes one of them: what it
signs, what to give beside the slug, how sure the row is, an example, and the row in
the words of a configuration, of which each option may be given to override it.

The exit status is 0 if there is such a provider, 1 if none has the word of --filter, and
2 if the slug is not known.

  hookward providers --filter mail
  hookward providers stripe
  hookward providers --json stripe
`

// providerEntry is what providers.json says of a provider.
type providerEntry struct {
	Slug       string         `json:"slug"`
	Name       string         `json:"name"`
	Give       string         `json:"give"`       // the options to give beside provider
	Verifies   string         `json:"verifies"`   // the algorithm, and the place of the signature
	Signed     string         `json:"signed"`     // what can't be changed
	Fresh      string         `json:"fresh"`      // how far the timestamp may be from now
	Handshake  string         `json:"handshake"`  // the questions that the gate answers
	Addresses  string         `json:"addresses"`  // the URL of the list of addresses, if there is one
	Confidence string         `json:"confidence"` // official, vector or secondary
	Remark     string         `json:"remark"`
	Source     string         `json:"source"`
	Options    map[string]any `json:"options,omitempty"` // the row, where one is described
	Example    map[string]any `json:"example,omitempty"` // the least of a configuration
}

func providersCommand() command {
	c := command{name: "providers", arguments: "[SLUG]", summary: "list the providers that are known by name, or describe one", text: providersHelp}
	c.define = func(flags *flag.FlagSet) func(arguments []string, s streams) int {
		filter := flags.String("filter", "", "only those that have this `WORD` in name, slug or remark")
		asJSON := flags.Bool("json", false, "print JSON")
		return func(arguments []string, s streams) int {
			var status int
			var problem string
			switch {
			case len(arguments) > 1:
				problem = "name one provider, or none for the list"
			case len(arguments) == 1 && *filter != "":
				problem = "--filter: is for the list; leave it out, or the provider"
			case len(arguments) == 1:
				status, problem = describeProvider(arguments[0], *asJSON, s.stdout)
			default:
				status, problem = listProviders(*filter, *asJSON, s.stdout)
			}
			if problem != "" {
				return c.fail(s, problem)
			}
			return status
		}
	}
	return c
}

// providerEntries returns all providers by their slugs' order.
func providerEntries() []providerEntry {
	entries := []providerEntry{}
	if err := json.Unmarshal(providerData, &entries); err != nil {
		panic(err) // it is a part of the program, and a test reads it
	}
	return entries
}

// listProviders prints those that have a word in what is said of them. It is broken
// where there is none.
func listProviders(filter string, asJSON bool, w io.Writer) (int, string) {
	found := []providerEntry{}
	for _, e := range providerEntries() {
		text := strings.ToLower(e.Slug + "\n" + e.Name + "\n" + e.Remark)
		if strings.Contains(text, strings.ToLower(filter)) {
			found = append(found, e)
		}
	}
	var err error
	if asJSON {
		err = printJSON(w, found)
	} else {
		_, err = io.WriteString(w, providerTable(found, w))
	}
	if err != nil {
		return exitUsage, err.Error()
	}
	if len(found) == 0 {
		return exitBroken, ""
	}
	return exitGood, ""
}

// The widest that a name and what is signed may be in the list, which with its other
// columns is to fit into 100.
const (
	maxNameWidth   = 28
	maxSignedWidth = 30
)

// shortened cuts a text that is too wide for its column.
func shortened(text string, width int) string {
	runes := []rune(text)
	if len(runes) <= width {
		return text
	}
	return strings.TrimRight(string(runes[:width-1]), " ,(") + "…"
}

// providerTable lists providers in columns. Where the signature stands, and what the
// gate answers, is for --json and for one provider to say.
func providerTable(entries []providerEntry, w io.Writer) string {
	columns := [][]string{{"SLUG", "PROVIDER", "ALGORITHM", "SIGNED"}}
	for _, e := range entries {
		algorithm, _, _ := strings.Cut(e.Verifies, ",")
		columns = append(columns, []string{e.Slug, shortened(e.Name, maxNameWidth), algorithm, shortened(e.Signed, maxSignedWidth)})
	}
	if len(entries) == 0 {
		return "none; 'hookward providers' lists all\n"
	}
	return table(columns, w)
}

// describeProvider prints all that there is to say of a provider.
func describeProvider(slug string, asJSON bool, w io.Writer) (int, string) {
	options, problems := config.Decode(map[string]any{"provider": slug})
	if len(problems) > 0 {
		return exitUsage, asOptions.Replace(strings.TrimPrefix(problems[0], "provider: "))
	}
	e := providerEntry{}
	for _, one := range providerEntries() {
		if one.Slug == slug {
			e = one
		}
	}
	options.Provider = "" // the row itself has none
	row := sectionOf(options)
	example := exampleConfiguration(e)
	var err error
	if asJSON {
		e.Options = row.asMap()
		e.Example = example.asMap()
		err = printJSON(w, e)
	} else {
		_, err = io.WriteString(w, e.describe(row, example, w))
	}
	if err != nil {
		return exitUsage, err.Error()
	}
	return exitGood, ""
}

func (e providerEntry) describe(row, example section, w io.Writer) string {
	text := strings.Builder{}
	fmt.Fprintf(&text, "%s (%s)\n", paint(w, bold, e.Name), e.Slug)
	if e.Remark != "" {
		fmt.Fprintf(&text, "%s\n", e.Remark)
	}
	fmt.Fprintln(&text)
	for _, line := range [][2]string{
		{"Give", e.Give}, {"Verifies", e.Verifies}, {"Signed", e.Signed}, {"Fresh", e.Fresh}, {"Handshake", e.Handshake},
		{"Addresses", e.Addresses}, {"Confidence", e.Confidence}, {"Source", e.Source},
	} {
		if line[1] != "" {
			fmt.Fprintf(&text, "%-11s %s\n", line[0]+":", line[1])
		}
	}
	fmt.Fprintf(&text, "\n%s\n%s", paint(w, bold, "Example, under http.middlewares.NAME.plugin.hookward:"), example.asYAML("  "))
	fmt.Fprintf(&text, "\n%s\n%s", paint(w, bold, "The row:"), row.asYAML("  "))
	return text.String()
}

// optional is what need not be given.
var optional = regexp.MustCompile(`\([^)]*\)`)

// exampleConfiguration returns the least that a gate for a provider has to be told.
func exampleConfiguration(e providerEntry) section {
	give := optional.ReplaceAllString(e.Give, "")
	variable := strings.ToUpper(strings.ReplaceAll(e.Slug, "-", "_"))
	example := section{{"provider", e.Slug}}
	if strings.Contains(give, "secrets") {
		example = append(example, setting{"secrets", []any{"env:" + variable + "_WEBHOOK_SECRET"}})
	}
	if strings.Contains(give, "publicKeys") {
		example = append(example, setting{"publicKeys", []any{"file:/etc/hookward/" + e.Slug + ".pem"}})
	}
	if strings.Contains(give, "senders") {
		sender := "NAME"
		if e.Slug == "aws-sns" {
			sender = "arn:aws:sns:eu-central-1:123456789012:NAME"
		}
		example = append(example, setting{"senders", []any{sender}})
	}
	if strings.Contains(give, "publicURL") {
		example = append(example, setting{"publicURL", "https://hooks.example.com/" + e.Slug})
	}
	if strings.Contains(give, "token.header") {
		example = append(example, setting{"token", section{{"header", "X-Token"}}})
	}
	if jwt := exampleJWT(e, give); len(jwt) > 0 {
		example = append(example, setting{"jwt", jwt})
	}
	return example
}

// exampleClaims are those that pin a sender, where everybody else's tokens would pass too.
var exampleClaims = map[string][]any{
	"apple-appstore": {"data.bundleId=com.example.app", "data.environment=Production"},
	"google-pubsub":  {"email=NAME@PROJECT.iam.gserviceaccount.com", "email_verified=true"},
}

// exampleJWT returns what a gate has to be told of a token.
func exampleJWT(e providerEntry, give string) section {
	jwt := section{}
	if strings.Contains(give, "jwt.audiences") {
		jwt = append(jwt, setting{"audiences", []any{"https://hooks.example.com/" + e.Slug}})
	}
	if strings.Contains(give, "jwt.claims") {
		jwt = append(jwt, setting{"claims", exampleClaims[e.Slug]})
	}
	if strings.Contains(give, "jwt.jwks.clientID") {
		variable := strings.ToUpper(e.Slug)
		jwt = append(jwt, setting{"jwks", section{{"clientID", "YOURS"}, {"clientSecret", "env:" + variable + "_SECRET"}}})
	}
	if strings.Contains(give, "jwt.certificates") {
		jwt = append(jwt, setting{"certificates", section{{"roots", []any{"file:/etc/hookward/" + e.Slug + "-root.pem"}}}})
	}
	return jwt
}
