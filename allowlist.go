package hookward

import (
	"net/netip"
	"sync/atomic"

	"github.com/hookward/hookward/internal/clientcertificate"
	"github.com/hookward/hookward/internal/clientip"
	"github.com/hookward/hookward/internal/iplist"
	"github.com/hookward/hookward/internal/ipset"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/verdict"
)

// checkMethod refuses a method that no check would let pass.
//
//inline:hot
func checkMethod(p *policy.Policy, x *exchange) string {
	if p.Methods[x.method] || p.HandshakeMethods[x.method] {
		return ""
	}
	return verdict.MethodNotAllowed
}

// checkAddress asks the lists whether the client may pass. Usually it is a peer of
// IPv4 that nobody has anything against.
//
//inline:hot
func checkAddress(p *policy.Policy, x *exchange) string {
	a := p.Addresses
	if x.clientNoted {
		return checkAnyAddress(a, x)
	}
	denied := iplist.Outside
	if a.Deny != nil {
		denied = iplist.LookIn(a.Deny.Own, x.state.Denied, x.clientKey)
	}
	allowed := iplist.Inside
	if a.Allow != nil {
		allowed = iplist.LookIn(a.Allow.Own, x.state.Allowed, x.clientKey)
	}
	if denied == iplist.Outside && allowed == iplist.Inside {
		return ""
	}
	return checkAnyAddress(a, x)
}

// checkAnyAddress is checkAddress for every case.
func checkAnyAddress(a *policy.Addresses, x *exchange) string {
	if a.Deny == nil && a.Allow == nil {
		return "" // there is a strategy alone
	}
	if !x.clientNoted {
		noteClient(a.Strategy, x)
	}
	if !x.client.IsValid() {
		return refuseUndetermined(a, x)
	}
	// What ipv6Subnet leaves of an address is looked up as well in what the
	// operator has written, as in Traefik. In lists of others it would make one
	// address of a network the whole network.
	key, first := ipset.Key(x.clientWhole), ipset.Key(x.client)
	if a.Deny != nil {
		found := iplist.LookIn(a.Deny.Own, x.state.Denied, key)
		if ipset.Contains(a.Deny.Own, first) {
			found = iplist.Inside
		}
		reason := deny(a.Deny, found, key, x)
		if reason != "" {
			return reason
		}
	}
	if a.Allow == nil || ipset.Contains(a.Allow.Own, first) {
		return ""
	}
	return allow(a.Allow, iplist.LookIn(a.Allow.Own, x.state.Allowed, key), x)
}

func refuseUndetermined(a *policy.Addresses, x *exchange) string {
	first := a.Deny
	if first == nil {
		first = a.Allow
	}
	x.rejectStatus = first.RejectStatus
	return verdict.ClientUndetermined
}

// deny draws the conclusion from what the deny list knows of a key. One that is not there
// denies nobody, unless it is required.
func deny(l *policy.AddressList, found int, key string, x *exchange) string {
	switch {
	case found == iplist.Outside:
		return ""
	case found == iplist.Inside:
		x.rejectStatus = l.RejectStatus
		x.rule = iplist.NameWith(x.state.Denied, key, iplist.Inside, l.Option+".sourceRange")
		return verdict.ClientDenied
	case l.Required:
		report.Write("error", x.gate.Name, "denylist: "+missing(x.state.Denied)+" has never been loaded; what other lists don't deny gets 503", x.start)
		return verdict.ListUnavailable
	}
	report.Write("warn", x.gate.Name, "denylist: "+missing(x.state.Denied)+" has never been loaded; it denies nobody", x.start)
	return ""
}

// allow draws the conclusion from what the allow list knows.
func allow(l *policy.AddressList, found int, x *exchange) string {
	switch found {
	case iplist.Inside:
		return ""
	case iplist.Outside:
		x.rejectStatus = l.RejectStatus
		return verdict.ClientNotAllowed
	}
	report.Write("error", x.gate.Name, "allowlist: "+missing(x.state.Allowed)+" has never been loaded; what other lists don't allow gets 503", x.start)
	return verdict.ListUnavailable
}

// missing returns the name of a list that has never been loaded.
func missing(lists []*iplist.List) string {
	return iplist.NameWith(lists, "", iplist.Unknown, "a list") // else it has been loaded in this moment
}

// findClient notes whose request it is, where a check asks. Usually that is a peer of
// IPv4.
//
//inline:hot
func findClient(p *policy.Policy, x *exchange) {
	if p.Addresses == nil && p.Limit == nil && (p.Ban == nil || atomic.LoadInt64(&x.state.Bans.Banned) == 0) {
		return
	}
	if p.Addresses == nil || p.Addresses.Strategy == nil {
		peer, _ := netip.ParseAddrPort(x.source)
		b, _ := peer.MarshalBinary()
		if len(b) == 6 { // and two of the port
			x.clientKey = ipset.KeyOf4(b[:4])
			return
		}
	}
	findAnyClient(p, x)
}

// findAnyClient is findClient for every case.
func findAnyClient(p *policy.Policy, x *exchange) {
	noteClient(policy.StrategyOf(p), x)
	x.clientKey = sourceOf(x)
}

// noteClient notes on the exchange whose request it is. A client that can't be told is none: a
// text that is no address, in whatever header, is not one to compare.
func noteClient(s *clientip.Strategy, x *exchange) {
	x.clientWhole, x.client = clientip.Of(s, x.Request)
	x.clientNoted = true
}

// sourceOf returns what the client is counted by, and what it holds of memory.
func sourceOf(x *exchange) string {
	return clientip.Key(policy.StrategyOf(x.policy), x.client, x.Request)
}

// checkCertificate looks at the client's certificate, before anything of the body is read.
func checkCertificate(p *policy.Policy, x *exchange) string {
	certificate, reason := clientcertificate.Verify(p.Certificate, x.Request, x.start)
	x.Certificate = certificate
	return reason
}
