package policy

import (
	"fmt"
	"net/http"

	"github.com/hookward/hookward/internal/clientip"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/iplist"
	"github.com/hookward/hookward/internal/ipset"
	"github.com/hookward/hookward/internal/words"
)

// Addresses are what a gate knows of clients: nil where it asks for nothing.
type Addresses struct {
	Strategy *clientip.Strategy // nil: the address of the connection
	Allow    *AddressList
	Deny     *AddressList
}

// AddressList is a compiled allowlist or denylist.
type AddressList struct {
	Option       string // its name
	Own          ipset.Set
	Sources      []iplist.Source
	Required     bool // what is not there yet can't be passed over
	RejectStatus int
}

// compileAddresses compiles the strategy and the lists: nil where nothing asks for them.
// The ranges are those that the provider publishes, if it does.
func compileAddresses(n *config.Notes, options config.Options, ranges *config.ListOptions) *Addresses {
	if options.IPStrategy == nil && options.Allowlist == nil && options.Denylist == nil {
		return nil
	}
	a := &Addresses{Strategy: clientip.Compile(n, options.IPStrategy)}
	if options.Denylist != nil {
		o := options.Denylist
		l := compileAddressList(n, "denylist", o.SourceRange, o.Lists, options.StateDirectory, o.RejectStatusCode)
		l.Required = o.Required
		all := ipset.Everything(l.Own)
		if all != "" {
			config.AddProblem(n, "denylist.sourceRange", config.KindInvalid, "has every "+all+" address")
		}
		if len(o.SourceRange) == 0 && len(o.Lists) == 0 {
			config.AddProblem(n, "denylist", config.KindInvalid, "is empty; give sourceRange or lists")
		}
		if o.Required && len(o.Lists) == 0 {
			config.AddProblem(n, "denylist.required", config.KindNoEffect, "has no effect without lists")
		}
		a.Deny = l
	}
	if options.Allowlist != nil {
		a.Allow = compileAllowlist(n, options, ranges)
	}
	return a
}

func compileAllowlist(n *config.Notes, options config.Options, ranges *config.ListOptions) *AddressList {
	o := options.Allowlist
	l := compileAddressList(n, "allowlist", o.SourceRange, o.Lists, options.StateDirectory, o.RejectStatusCode)
	if o.ProviderRanges {
		if options.Provider == "" {
			config.AddProblem(n, "allowlist.providerRanges", config.KindRequired, "needs provider, whose ranges they are")
		} else if ranges == nil {
			config.AddProblem(n, "allowlist.providerRanges", config.KindInvalid, "there is no published list that the catalogue knows of "+words.Quote(options.Provider)+"; give sourceRange or lists")
		} else {
			l.Sources = append(l.Sources, compileSource(n, *ranges, options.StateDirectory, "allowlist.providerRanges"))
		}
	}
	all := ipset.Everything(l.Own)
	switch {
	case len(o.SourceRange) == 0 && len(o.Lists) == 0 && !o.ProviderRanges:
		config.AddProblem(n, "allowlist", config.KindInvalid, "is empty, and would let nobody pass; give sourceRange, lists or providerRanges")
	case all != "" && !o.AllowAll:
		config.AddProblem(n, "allowlist.sourceRange", config.KindInvalid, "has every "+all+" address; if that is meant, say allowAll: true")
	case o.Alone && o.AllowAll:
		config.AddProblem(n, "allowlist.alone", config.KindContradiction, "contradicts allowAll; everybody would pass, and nothing would be verified")
	case all == "" && o.AllowAll:
		config.AddWarning(n, "allowlist.allowAll", config.KindNoEffect, "has no effect, because sourceRange has not every address")
	}
	if o.Alone {
		config.AddWarning(n, "allowlist.alone", config.KindInvalid, "NOTHING IS VERIFIED but the address; whoever can send from there can say anything")
		excludeVerification(n, options)
	}
	return l
}

// verifying are the options that say what a request is verified by, beside provider.
var verifying = []string{
	"signature", "token", "jwt", "oauth2", "clientCertificate", "messageSignature", "secrets", "publicKeys",
	"senders", "verifyToken", "publicURL", "handshakes", "confirmSubscriptions", "tolerance",
}

// excludeVerification refuses what has no effect where nothing is verified.
func excludeVerification(n *config.Notes, options config.Options) {
	if options.Provider != "" {
		config.AddProblem(n, "allowlist.alone", config.KindContradiction, "contradicts provider; with alone, nothing is verified but the address")
		return // the rest is the provider's
	}
	for _, name := range given(&options, verifying) {
		config.AddProblem(n, "allowlist.alone", config.KindContradiction, "contradicts "+name+"; with alone, nothing is verified but the address")
	}
}

func compileAddressList(n *config.Notes, option string, sourceRange []string, lists []*config.ListOptions, directory string, status int64) *AddressList {
	l := &AddressList{Option: option, Own: clientip.CompileRanges(n, sourceRange, option+".sourceRange")}
	for i, o := range lists {
		l.Sources = append(l.Sources, compileSource(n, *o, directory, fmt.Sprintf("%s.lists[%d]", option, i)))
	}
	l.RejectStatus = int(status)
	if status == 0 {
		l.RejectStatus = http.StatusForbidden
	}
	if status >= http.StatusOK && status < http.StatusBadRequest {
		config.AddWarning(n, option+".rejectStatusCode", config.KindInvalid, fmt.Sprintf("%d tells senders that all is well, and what they sent is lost", status))
	}
	if status != 0 && (status < http.StatusOK || http.StatusText(l.RejectStatus) == "") {
		config.AddProblem(n, option+".rejectStatusCode", config.KindInvalid, fmt.Sprintf("%d is not the status of an answer, such as 403", status))
	}
	return l
}

// compileSource compiles where a list is that stands elsewhere. Nothing is fetched yet:
// that is for the gate that takes the policy over.
func compileSource(n *config.Notes, o config.ListOptions, directory, path string) iplist.Source {
	source, problems, warnings := iplist.Complete(iplist.Source{
		URL: o.URL, File: o.File, Format: o.Format, Path: o.Path, Where: o.Where,
		Refresh: o.Refresh, PlainHTTP: o.PlainHTTP, AcceptAnySize: o.AcceptAnySize, StateDirectory: directory,
	})
	config.AddAll(n, path, problems)
	config.AddWarnings(n, path, warnings)
	return source
}

// hasFetchedList says whether one of the lists is fetched from a URL.
func hasFetchedList(a *Addresses) bool {
	if a == nil {
		return false
	}
	for _, l := range []*AddressList{a.Allow, a.Deny} {
		if l == nil {
			continue
		}
		for _, s := range l.Sources {
			if s.URL != "" {
				return true
			}
		}
	}
	return false
}

// StrategyOf returns how a policy tells the client, or nil.
func StrategyOf(p *Policy) *clientip.Strategy {
	if p.Addresses == nil {
		return nil
	}
	return p.Addresses.Strategy
}
