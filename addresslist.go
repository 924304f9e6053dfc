package hookward

import (
	"fmt"
	"net/http"

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
	required     bool // what is not there yet can't be passed over
	rejectStatus int
}

// compileAddresses compiles the strategy and the lists: nil where nothing asks for them.
// The ranges are those that the provider publishes, if it does.
func compileAddresses(n *notes, options Options, ranges *ListOptions) *addresses {
	if options.IPStrategy == nil && options.Allowlist == nil && options.Denylist == nil {
		return nil
	}
	a := &addresses{strategy: compileIPStrategy(n, options.IPStrategy)}
	if options.Denylist != nil {
		o := options.Denylist
		l := compileAddressList(n, "denylist", o.SourceRange, o.Lists, options.StateDirectory, o.RejectStatusCode)
		l.required = o.Required
		all := ipset.Everything(l.own)
		if all != "" {
			addProblem(n, "denylist.sourceRange", kindInvalid, "has every "+all+" address")
		}
		if len(o.SourceRange) == 0 && len(o.Lists) == 0 {
			addProblem(n, "denylist", kindInvalid, "is empty; give sourceRange or lists")
		}
		if o.Required && len(o.Lists) == 0 {
			addProblem(n, "denylist.required", kindNoEffect, "has no effect without lists")
		}
		a.deny = l
	}
	if options.Allowlist != nil {
		a.allow = compileAllowlist(n, options, ranges)
	}
	return a
}

func compileAllowlist(n *notes, options Options, ranges *ListOptions) *addressList {
	o := options.Allowlist
	l := compileAddressList(n, "allowlist", o.SourceRange, o.Lists, options.StateDirectory, o.RejectStatusCode)
	if o.ProviderRanges {
		if options.Provider == "" {
			addProblem(n, "allowlist.providerRanges", kindRequired, "needs provider, whose ranges they are")
		} else if ranges == nil {
			addProblem(n, "allowlist.providerRanges", kindInvalid, "there is no published list that the catalogue knows of "+quote(options.Provider)+"; give sourceRange or lists")
		} else {
			l.sources = append(l.sources, compileSource(n, *ranges, options.StateDirectory, "allowlist.providerRanges"))
		}
	}
	all := ipset.Everything(l.own)
	switch {
	case len(o.SourceRange) == 0 && len(o.Lists) == 0 && !o.ProviderRanges:
		addProblem(n, "allowlist", kindInvalid, "is empty, and would let nobody pass; give sourceRange, lists or providerRanges")
	case all != "" && !o.AllowAll:
		addProblem(n, "allowlist.sourceRange", kindInvalid, "has every "+all+" address; if that is meant, say allowAll: true")
	case o.Alone && o.AllowAll:
		addProblem(n, "allowlist.alone", kindContradiction, "contradicts allowAll; everybody would pass, and nothing would be verified")
	case all == "" && o.AllowAll:
		addWarning(n, "allowlist.allowAll", kindNoEffect, "has no effect, because sourceRange has not every address")
	}
	if o.Alone {
		excludeVerification(n, options)
	}
	return l
}

// excludeVerification refuses what has no effect where nothing is verified.
func excludeVerification(n *notes, options Options) {
	if options.Provider != "" {
		addProblem(n, "allowlist.alone", kindContradiction, "contradicts provider; with alone, nothing is verified but the address")
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
			addProblem(n, "allowlist.alone", kindContradiction, "contradicts "+contradiction.option+"; with alone, nothing is verified but the address")
		}
	}
}

func compileAddressList(n *notes, option string, sourceRange []string, lists []*ListOptions, directory string, status int64) *addressList {
	l := &addressList{option: option, own: compileRanges(n, sourceRange, option+".sourceRange")}
	for i, o := range lists {
		l.sources = append(l.sources, compileSource(n, *o, directory, fmt.Sprintf("%s.lists[%d]", option, i)))
	}
	l.rejectStatus = int(status)
	if status == 0 {
		l.rejectStatus = http.StatusForbidden
	}
	if status >= http.StatusOK && status < http.StatusBadRequest {
		addWarning(n, option+".rejectStatusCode", kindInvalid, fmt.Sprintf("%d tells senders that all is well, and what they sent is lost", status))
	}
	if status != 0 && (status < http.StatusOK || http.StatusText(l.rejectStatus) == "") {
		addProblem(n, option+".rejectStatusCode", kindInvalid, fmt.Sprintf("%d is not the status of an answer, such as 403", status))
	}
	return l
}

// compileSource compiles where a list is that stands elsewhere. Nothing is fetched yet:
// that is for the gate that takes the policy over.
func compileSource(n *notes, o ListOptions, directory, path string) iplist.Source {
	source, problems, warnings := iplist.Complete(iplist.Source{
		URL: o.URL, File: o.File, Format: o.Format, Path: o.Path, Where: o.Where,
		Refresh: o.Refresh, PlainHTTP: o.PlainHTTP, AcceptAnySize: o.AcceptAnySize, StateDirectory: directory,
	})
	addAll(n, path, problems)
	addWarnings(n, path, warnings)
	return source
}

// hasFetchedList says whether one of the lists is fetched from a URL.
func hasFetchedList(a *addresses) bool {
	if a == nil {
		return false
	}
	for _, l := range []*addressList{a.allow, a.deny} {
		if l == nil {
			continue
		}
		for _, s := range l.sources {
			if s.URL != "" {
				return true
			}
		}
	}
	return false
}
