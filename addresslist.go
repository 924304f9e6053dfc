package hookward

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/hookward/hookward/internal/iplist"
	"github.com/hookward/hookward/internal/ipset"
)

// addresses are what a gate knows of clients: nil where it asks for nothing.
type addresses struct {
	strategy *ipStrategy // nil: the address of the connection
	allow    *addressList
	deny     *addressList
}

// addressList is a compiled allowlist or denylist.
type addressList struct {
	option       string // its name
	own          ipset.Set
	sources      []iplist.Source
	lists        []*iplist.List // of the sources; set when a gate takes the policy over
	required     bool           // what is not there yet can't be passed over
	rejectStatus int
}

// compileAddresses compiles the strategy and the lists.
func compileAddresses(c *compilation, p *policy, options Options) {
	if options.IPStrategy == nil && options.Allowlist == nil && options.Denylist == nil {
		return
	}
	p.addresses = &addresses{strategy: compileIPStrategy(c, options.IPStrategy)}
	if options.Denylist != nil {
		o := options.Denylist
		l := &addressList{option: "denylist", required: o.Required}
		compileAddressList(c, l, o.SourceRange, o.Lists, options.StateDirectory, o.RejectStatusCode)
		all := ipset.Everything(l.own)
		if all != "" {
			c.problems = append(c.problems, "denylist.sourceRange: has every "+all+" address")
		}
		if len(o.SourceRange) == 0 && len(o.Lists) == 0 {
			c.problems = append(c.problems, "denylist: is empty; give sourceRange or lists")
		}
		if o.Required && len(o.Lists) == 0 {
			c.problems = append(c.problems, "denylist.required: has no effect without lists")
		}
		p.addresses.deny = l
	}
	if options.Allowlist != nil {
		compileAllowlist(c, p, options)
	}
}

func compileAllowlist(c *compilation, p *policy, options Options) {
	o := options.Allowlist
	wrong := func(text string) { c.problems = append(c.problems, text) }
	l := &addressList{option: "allowlist"}
	compileAddressList(c, l, o.SourceRange, o.Lists, options.StateDirectory, o.RejectStatusCode)
	if o.ProviderRanges {
		if options.Provider == "" {
			wrong("allowlist.providerRanges: needs provider, whose ranges they are")
		} else if c.row.Ranges == nil {
			wrong("allowlist.providerRanges: there is no published list that the catalogue knows of " + quote(options.Provider) + "; give sourceRange or lists")
		} else {
			addSource(c, l, *c.row.Ranges, options.StateDirectory, "allowlist.providerRanges")
		}
	}
	all := ipset.Everything(l.own)
	switch {
	case len(o.SourceRange) == 0 && len(o.Lists) == 0 && !o.ProviderRanges:
		wrong("allowlist: is empty, and would let nobody pass; give sourceRange, lists or providerRanges")
	case all != "" && !o.AllowAll:
		wrong("allowlist.sourceRange: has every " + all + " address; if that is meant, say allowAll: true")
	case o.Alone && o.AllowAll:
		wrong("allowlist.alone: contradicts allowAll; everybody would pass, and nothing would be verified")
	case all == "" && o.AllowAll:
		wrong("allowlist.allowAll: has no effect, because sourceRange has not every address")
	}
	if o.Alone {
		excludeVerification(options, wrong)
	}
	p.addresses.allow = l
}

// excludeVerification refuses what has no effect where nothing is verified.
func excludeVerification(options Options, wrong func(string)) {
	if options.Provider != "" {
		wrong("allowlist.alone: contradicts provider; with alone, nothing is verified but the address")
		return // the rest is the provider's
	}
	for _, contradiction := range []struct {
		option string
		given  bool
	}{
		{"signature", options.Signature != nil},
		{"token", options.Token != nil},
		{"secrets", len(options.Secrets) > 0},
		{"publicKeys", len(options.PublicKeys) > 0},
		{"senders", len(options.Senders) > 0},
		{"verifyToken", options.VerifyToken != ""},
		{"publicURL", options.PublicURL != ""},
		{"handshakes", options.Handshakes != nil},
		{"confirmSubscriptions", options.ConfirmSubscriptions},
		{"tolerance", options.Tolerance != 0},
	} {
		if contradiction.given {
			wrong("allowlist.alone: contradicts " + contradiction.option + "; with alone, nothing is verified but the address")
		}
	}
}

func compileAddressList(c *compilation, l *addressList, sourceRange []string, lists []*ListOptions, directory string, status int64) {
	l.own = compileRanges(c, sourceRange, l.option+".sourceRange")
	for i, o := range lists {
		addSource(c, l, *o, directory, fmt.Sprintf("%s.lists[%d]", l.option, i))
	}
	l.rejectStatus = int(status)
	if status == 0 {
		l.rejectStatus = http.StatusForbidden
	}
	if status >= http.StatusOK && status < http.StatusBadRequest {
		c.warnings = append(c.warnings, fmt.Sprintf("%s.rejectStatusCode: %d tells senders that all is well, and what they sent is lost", l.option, status))
	}
	if status != 0 && (status < http.StatusOK || http.StatusText(l.rejectStatus) == "") {
		c.problems = append(c.problems, fmt.Sprintf("%s.rejectStatusCode: %d is not the status of an answer, such as 403", l.option, status))
	}
}

// addSource adds a list that stands elsewhere. Nothing is fetched yet: that is
// for the gate that takes the policy over.
func addSource(c *compilation, l *addressList, o ListOptions, directory, path string) {
	source, problems, warnings := iplist.Complete(iplist.Source{
		URL: o.URL, File: o.File, Format: o.Format, Path: o.Path, Where: o.Where,
		Refresh: o.Refresh, PlainHTTP: o.PlainHTTP, AcceptAnySize: o.AcceptAnySize, StateDirectory: directory,
	})
	for _, p := range problems {
		c.problems = append(c.problems, path+"."+p)
	}
	for _, w := range warnings {
		c.warnings = append(c.warnings, path+"."+w)
	}
	l.sources = append(l.sources, source)
}

// compileStateDirectory checks the option stateDirectory.
func compileStateDirectory(c *compilation, p *policy, directory string) {
	if directory == "" {
		return
	}
	if directory[:1] != "/" {
		c.problems = append(c.problems, "stateDirectory: must be an absolute path")
	}
	if p.replay != nil || p.audit.required || len(c.problems) > 0 {
		return
	}
	for _, s := range p.audit.specs {
		if s.queue.FileName != "" {
			return
		}
	}
	a := p.addresses
	if a == nil {
		a = &addresses{}
	}
	for _, l := range []*addressList{a.allow, a.deny} {
		if l == nil {
			continue
		}
		for _, s := range l.sources {
			if s.URL != "" {
				return
			}
		}
	}
	c.problems = append(c.problems, "stateDirectory: has no effect, because there is no replay, no list with a url, and no audit output with one")
}

// compileRanges compiles a list of addresses and CIDRs. It returns nil for an
// empty one.
func compileRanges(c *compilation, texts []string, path string) ipset.Set {
	prefixes := make([]netip.Prefix, 0, len(texts))
	for i, text := range texts {
		prefix, masked, problem := ipset.ParsePrefix(text)
		if problem != "" {
			c.problems = append(c.problems, fmt.Sprintf("%s[%d]: %s %s", path, i, quote(text), problem))
			continue
		}
		if masked {
			c.warnings = append(c.warnings, fmt.Sprintf("%s[%d]: %s means %s", path, i, quote(text), prefix))
		}
		prefixes = append(prefixes, prefix)
	}
	if len(prefixes) == 0 {
		return nil
	}
	set := ipset.Make(prefixes)
	ipv4, ipv6 := ipset.Coverage(set)
	if (ipv4 > 0.5 || ipv6 > 0.5) && ipset.Everything(set) == "" {
		c.warnings = append(c.warnings, path+": has more than half of all addresses of IPv4 or IPv6")
	}
	return set
}

// useLists gives a policy the lists that stand elsewhere, or says that they are
// used by one more. They keep themselves fresh while the context lasts, and some
// minutes more.
func useLists(ctx context.Context, p *policy, now time.Time) {
	if p.addresses == nil {
		return
	}
	for _, l := range []*addressList{p.addresses.allow, p.addresses.deny} {
		if l == nil {
			continue
		}
		for _, list := range l.lists {
			iplist.Keep(ctx, list)
		}
		if l.lists != nil {
			continue
		}
		lists := []*iplist.List{}
		for _, source := range l.sources {
			lists = append(lists, iplist.Use(ctx, source, reportList, now))
		}
		l.lists = lists
	}
}

// reportList reports on a list, which belongs to no middleware alone.
func reportList(level, message string, now time.Time) {
	report(level, "hookward", message, now)
}
