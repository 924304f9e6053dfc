package iplist

import (
	"fmt"
	"strings"
	"testing"
)

// The documents have the shape in which the providers publish them, with other
// addresses: found in their documentation, or in programs that read them.
const (
	githubMeta = `{"verifiable_password_authentication":true,"hooks":["192.0.2.0/24","2001:db8::/32"],"web":["198.51.100.0/24"]}`
	atlassian  = `{"creationDate":"x","syncToken":1,"items":[
		{"network":"192.0.2.0","mask_len":25,"cidr":"192.0.2.0/25","product":["bitbucket","jira"],"direction":["egress"],"perimeter":"commercial"},
		{"cidr":"192.0.2.128/25","product":["jira"],"direction":["ingress"]},
		{"cidr":"198.51.100.0/25","product":["trello"],"direction":["ingress","egress"]},
		{"cidr":"2001:db8::/48","product":["jira"],"direction":["egress"]}]}`
	google  = `{"syncToken":"1","prefixes":[{"ipv4Prefix":"192.0.2.0/24"},{"ipv6Prefix":"2001:db8::/32"}]}`
	amazon  = `{"prefixes":[{"ip_prefix":"192.0.2.0/24","service":"AMAZON"},{"ip_prefix":"198.51.100.0/24","service":"EC2"}],"ipv6_prefixes":[{"ipv6_prefix":"2001:db8::/32","service":"AMAZON"}]}`
	zendesk = `{"ips":{"egress":{"all":["192.0.2.1/32"],"specific":[]},"ingress":{"all":["198.51.100.1/32"]}}}`
	datadog = `{"version":61,"webhooks":{"prefixes_ipv4":["192.0.2.0/24"],"prefixes_ipv6":[]},"agents":{"prefixes_ipv4":["198.51.100.0/24"]}}`
	okta    = `{"us_cell_1":{"ip_ranges":["192.0.2.1/32"]},"emea_cell_1":{"ip_ranges":["192.0.2.9/32"]}}`
	grafana = `{"metadata":{"schemaVersion":"v1"},"services":{"grafana":{"direction":"egress-from-grafana","ipv4":["192.0.2.1/32"]},"metrics":{"direction":"ingress-to-grafana","ipv4":["198.51.100.1/32"]}}}`
	drop    = "; Spamhaus DROP List\n192.0.2.0/24 ; SBL1\r\n\n198.51.100.0/24 ; SBL2\n"
	geofeed = "# RFC 8805\n192.0.2.0/24,GB,GB-EN,London,\n2001:db8::/32,GB,,,\n"
)

func TestParse(t *testing.T) {
	for _, c := range []struct {
		name    string
		source  Source
		content string
		want    string
	}{
		{"text", Source{}, "192.0.2.1\n192.0.2.0/24 # office\n\n#comment\n  2001:db8::1\t\n", "192.0.2.1/32 192.0.2.0/24 2001:db8::1/128"},
		{"text with a byte order mark, without a last newline", Source{}, "\xef\xbb\xbf192.0.2.1\r\n192.0.2.2", "192.0.2.1/32 192.0.2.2/32"},
		{"drop", Source{}, drop, "192.0.2.0/24 198.51.100.0/24"},
		{"csv", Source{Format: "csv"}, geofeed, "192.0.2.0/24 2001:db8::/32"},
		{"csv with names", Source{Format: "csv"}, "ipv4_prefix,country\n192.0.2.0/24,GB\n\"192.0.3.0/24\",\"a \"\"b\"\"\"\n", "192.0.2.0/24 192.0.3.0/24"},
		{"github", Source{Path: []string{"hooks"}}, githubMeta, "192.0.2.0/24 2001:db8::/32"},
		{"github, as a list", Source{Path: []string{"hooks[]"}}, githubMeta, "192.0.2.0/24 2001:db8::/32"},
		{"bitbucket", Source{Path: []string{"items[].cidr"}, Where: []string{"product=bitbucket", "direction=egress"}}, atlassian, "192.0.2.0/25"},
		{"jira", Source{Path: []string{"items[].cidr"}, Where: []string{"product=jira", "direction=egress"}}, atlassian, "192.0.2.0/25 2001:db8::/48"},
		{"trello", Source{Path: []string{"items[].cidr"}, Where: []string{"product=trello", "direction=egress"}}, atlassian, "198.51.100.0/25"},
		{"google", Source{Path: []string{"prefixes[].ipv4Prefix", "prefixes[].ipv6Prefix"}}, google, "192.0.2.0/24 2001:db8::/32"},
		{"amazon", Source{Path: []string{"prefixes[].ip_prefix", "ipv6_prefixes[].ipv6_prefix"}, Where: []string{"service=AMAZON"}}, amazon, "192.0.2.0/24 2001:db8::/32"},
		{"zendesk", Source{Path: []string{"ips.egress.all[]"}}, zendesk, "192.0.2.1/32"},
		{"datadog, of which one list may be empty", Source{Path: []string{"webhooks.prefixes_ipv4", "webhooks.prefixes_ipv6"}}, datadog, "192.0.2.0/24"},
		{"grafana", Source{Path: []string{"services.*.ipv4[]"}, Where: []string{"direction=egress-from-grafana"}}, grafana, "192.0.2.1/32"},
		{"pagerduty", Source{Path: []string{"[]"}}, `["192.0.2.1","192.0.2.2"]`, "192.0.2.1/32 192.0.2.2/32"},
		{"one text", Source{Path: []string{"a.b"}}, `{"a":{"b":"192.0.2.1"}}`, "192.0.2.1/32"},
	} {
		s, prefixes, problem := parseAs(t, c.source, c.content)
		if got := strings.Trim(fmt.Sprint(prefixes), "[]"); got != c.want || problem != "" {
			t.Errorf("%s (%s): %s %s, want %s", c.name, s.Format, got, problem, c.want)
		}
	}
	for _, path := range []string{"*.ip_ranges[]", "*.ip_ranges"} {
		_, prefixes, problem := parseAs(t, Source{Path: []string{path}}, okta)
		if got := fmt.Sprint(prefixes); len(prefixes) != 2 || !strings.Contains(got, "192.0.2.1/32") || !strings.Contains(got, "192.0.2.9/32") {
			t.Errorf("okta, %s: %s %s", path, got, problem)
		}
	}
}

// parseAs parses as the options of a list would.
func parseAs(t *testing.T, s Source, content string) (Source, []string, string) {
	t.Helper()
	s.File = "/list"
	s, problems, _ := Complete(s)
	if len(problems) > 0 {
		t.Fatalf("%v: %s", s, problems)
	}
	prefixes, problem := parse(s, []byte(content))
	texts := []string{}
	for _, p := range prefixes {
		texts = append(texts, p.String())
	}
	return s, texts, problem
}

func TestParseRefuses(t *testing.T) {
	hooks := []string{"hooks"}
	for _, c := range []struct {
		name    string
		source  Source
		content string
		says    string
	}{
		{"empty", Source{}, "", "is empty"},
		{"blank", Source{}, " \n\t\r\n", "is empty"},
		{"only comments", Source{}, "# nothing\n", "has no entries"},
		{"page", Source{}, "<!DOCTYPE html><html>192.0.2.1</html>", "is a page"},
		{"page behind blanks", Source{Path: hooks}, "\n  <html>", "is a page"},
		{"binary", Source{}, "192.0.2.1\n\xff\xfe", "is not text"},
		{"a word", Source{}, "192.0.2.1\nlocalhost\n", `has in line 2 "localhost"`},
		{"a range", Source{}, "192.0.2.1-192.0.2.9", "line 1"},
		{"cut off", Source{}, "192.0.2.1\n192.0.2.", "line 2"},
		{"two in a line", Source{}, "192.0.2.1 192.0.2.2", "line 1"},
		{"JSON read as text", Source{}, githubMeta, "line 1"},
		{"long line", Source{}, strings.Repeat("1", 100_000), "has a line of more than 4096 bytes"},
		{"too many", Source{}, strings.Repeat("192.0.2.1\n", maxEntries+1), "more than 100000 entries"},
		{"csv with a bad entry", Source{Format: "csv"}, "192.0.2.0/24,GB\nx,GB\n", `has in record 2 "x"`},
		{"csv whose first entry is cut", Source{Format: "csv"}, "192.0.2.,GB\n192.0.2.0/24,GB\n", "record 1"},
		{"csv with an open quote", Source{Format: "csv"}, "\"192.0.2.0/24,GB\n", "is not CSV"},
		{"csv of commas", Source{Format: "csv"}, strings.Repeat(",", maxCommas+1), "more than 500000 commas"},
		{"csv of one long line", Source{Format: "csv"}, strings.Repeat(",", maxLine+1), "has a line of more than 4096 bytes"},
		{"too many lines", Source{}, "192.0.2.1" + strings.Repeat("\n", maxLines+1) + "192.0.2.2", "more than 200000 lines"},
		{"too many in CSV", Source{Format: "csv"}, strings.Repeat("192.0.2.1\n", maxEntries+1), "more than 100000 entries"},
		{"a bomb in JSON", Source{Path: hooks}, "[" + strings.Repeat("{},", maxCommas+1) + "{}]", "more than 500000 commas"},
		{"too many values of one object", Source{Path: []string{"a[].b[]"}}, `{"a":[{"b":["192.0.2.1"` + strings.Repeat(`,"192.0.2.1"`, maxEntries) + `]},{"b":["192.0.2.2"]}]}`, "more than 100000 entries"},
		{"csv of names alone", Source{Format: "csv"}, "prefix,country\n", "has no entries"},
		{"no JSON", Source{Path: hooks}, "192.0.2.1", "is not JSON"},
		{"JSON cut off", Source{Path: hooks}, githubMeta[:60], "is not JSON"},
		{"two documents", Source{Path: hooks}, githubMeta + githubMeta, "is not JSON"},
		{"another name", Source{Path: hooks}, `{"hook":["192.0.2.1"]}`, `has nothing at "hooks"`},
		{"null", Source{Path: hooks}, `{"hooks":null}`, "has nothing at"},
		{"null inside", Source{Path: hooks}, `{"hooks":["192.0.2.1",null]}`, "something else"},
		{"a number", Source{Path: hooks}, `{"hooks":[3221225985]}`, "something else"},
		{"an object", Source{Path: hooks}, `{"hooks":{"192.0.2.1":true}}`, "something else"},
		{"an empty list", Source{Path: hooks}, `{"hooks":[]}`, "has no entries"},
		{"an empty list, every item of it", Source{Path: []string{"hooks[]"}}, `{"hooks":[]}`, `nothing at "hooks[]"`},
		{"a list in a list", Source{Path: hooks}, `{"hooks":[["192.0.2.1"]]}`, "something else"},
		{"a bad entry", Source{Path: hooks}, `{"hooks":["192.0.2.1","192.0.2.1/99"]}`, `has at "hooks" "192.0.2.1/99", which is not an address`},
		{"no list", Source{Path: []string{"[]"}}, githubMeta, `nothing at "[]"`},
		{"one of two paths is gone", Source{Path: []string{"hooks", "ipv6"}}, githubMeta, `nothing at "ipv6"`},
		{"a field that is gone everywhere", Source{Path: []string{"items[].network4"}}, atlassian, `nothing at "items[].network4"`},
		{"a value that nothing has", Source{Path: []string{"items[].cidr"}, Where: []string{"product=Bitbucket"}}, atlassian, "nothing at"},
		{"too many in JSON", Source{Path: hooks}, `{"hooks":[` + strings.Repeat(`"192.0.2.1",`, maxEntries) + `"192.0.2.1"]}`, "more than 100000"},
	} {
		_, prefixes, problem := parseAs(t, c.source, c.content)
		if len(prefixes) != 0 || !strings.Contains(problem, c.says) || len(problem) > 250 {
			t.Errorf("%s: %d entries, %q, want %q", c.name, len(prefixes), problem, c.says)
		}
	}
}

func TestComplete(t *testing.T) {
	for _, c := range []struct {
		source Source
		says   string
	}{
		{Source{}, "url: is required, or file"},
		{Source{URL: "https://example.com/", File: "/list"}, "file: contradicts url"},
		{Source{File: "list"}, "file: must be an absolute path"},
		{Source{File: "/list", PlainHTTP: true}, "plainHTTP: has no effect without url"},
		{Source{URL: "http://example.com/list"}, "url: must begin with https://"},
		{Source{URL: "https://example.com/list", PlainHTTP: true}, "plainHTTP: has no effect"},
		{Source{URL: "ftp://example.com/list"}, "url: must begin with https://"},
		{Source{URL: "example.com/list"}, "url: must be a whole URL"},
		{Source{URL: "https:///list"}, "url: must be a whole URL"},
		{Source{URL: "https:list"}, "url: must be a whole URL"},
		{Source{URL: "https://user:word@example.com/"}, "url: can't contain a user"},
		{Source{URL: "https://example.com/#top"}, "url: can't have a fragment"},
		{Source{URL: "https://exa mple.com/"}, "url: must be a whole URL"},
		{Source{File: "/list", Format: "xml"}, "format: must be text, json or csv"},
		{Source{File: "/list", Format: "json"}, "path: is required"},
		{Source{File: "/list", Format: "csv", Path: []string{"a"}}, "path: has no effect"},
		{Source{File: "/list", Where: []string{"a=b"}}, "where: has no effect in a list that is no JSON"},
		{Source{File: "/list", Path: []string{"a..b"}}, "path[0]: "},
		{Source{File: "/list", Path: []string{"a[]"}, Where: []string{"a=b"}}, "where: has no effect on path[0]"},
		{Source{File: "/list", Path: []string{"a[].b"}, Where: []string{"a"}}, "where[0]: must be NAME=VALUE"},
		{Source{File: "/list", Path: []string{"a[].b"}, Where: []string{"a="}}, "where[0]: must be NAME=VALUE"},
		{Source{File: "/list", Path: []string{"a[].b"}, Where: []string{" a = b "}}, "where[0]: must be NAME=VALUE"},
		{Source{URL: "https://:443/list"}, "url: must be a whole URL"},
		{Source{File: "/list", Path: strings.Split(strings.Repeat("a ", 9), " ")[:9]}, "path: has more than 8"},
		{Source{File: "/list", Refresh: 1}, "refresh: must be between"},
		{Source{File: "/list", Refresh: maxRefresh + 1}, "refresh: must be between"},
	} {
		_, problems, _ := Complete(c.source)
		if len(problems) != 1 || !strings.HasPrefix(problems[0][0]+": "+problems[0][1], c.says) {
			t.Errorf("%+v: %q, want %q", c.source, problems, c.says)
		}
	}
	s, problems, warnings := Complete(Source{URL: "https://example.com/list", Path: []string{"a"}})
	if s.Format != "json" || s.Refresh != defaultURLRefresh || len(problems)+len(warnings) != 0 {
		t.Errorf("%+v %q %q", s, problems, warnings)
	}
	_, problems, warnings = Complete(Source{URL: "http://example.com/list", PlainHTTP: true, Refresh: minRefresh})
	if len(problems) != 0 || len(warnings) != 1 {
		t.Errorf("%q %q", problems, warnings)
	}
}

// Whatever a source sends: no panic, and either a problem or addresses, of which
// each stands in what was sent, in some spelling.
func FuzzList(f *testing.F) {
	for _, seed := range []string{githubMeta, atlassian, google, okta, drop, geofeed, "192.0.2.1\n", "[]", "<html>"} {
		f.Add(seed, uint8(0))
		f.Add(seed, uint8(1))
		f.Add(seed, uint8(2))
	}
	sources := []Source{{File: "/list"}, {File: "/list", Format: "csv"}, {File: "/list", Path: []string{"hooks", "items[].cidr"}}, {File: "/list", Path: []string{"*.ip_ranges[]"}}}
	for i := range sources {
		sources[i], _, _ = Complete(sources[i])
	}
	f.Fuzz(func(t *testing.T, content string, which uint8) {
		prefixes, problem := parse(sources[int(which)%len(sources)], []byte(content))
		if (problem == "") != (len(prefixes) > 0) {
			t.Errorf("%d entries, %q", len(prefixes), problem)
		}
		for _, p := range prefixes {
			if !p.IsValid() || p.Masked() != p || p.Addr().Is4In6() || p.Addr().Zone() != "" {
				t.Errorf("%v", p)
			}
		}
	})
}
