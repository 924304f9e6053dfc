package hookward

import (
	"net/netip"
	"time"

	"github.com/hookward/hookward/internal/iplist"
	"github.com/hookward/hookward/internal/ipset"
)

// checkMethod refuses a method that no check would let pass.
//
//inline:hot
func checkMethod(p *policy, d *decision) string {
	if p.methods[d.method] || p.greets[d.method] {
		return ""
	}
	return methodNotAllowed
}

// checkAddress asks the lists whether the client may pass. Usually it is a peer of
// IPv4 that nobody has anything against.
//
//inline:hot
func checkAddress(p *policy, d *decision) string {
	a := p.addresses
	if !d.clientNoted && (a.deny == nil || lookUp(a.deny, d.state.denied, d.clientKey) == iplist.Outside) &&
		(a.allow == nil || lookUp(a.allow, d.state.allowed, d.clientKey) == iplist.Inside) {
		return ""
	}
	return checkAnyAddress(a, d)
}

// checkAnyAddress is checkAddress for every case.
func checkAnyAddress(a *addresses, d *decision) string {
	if a.deny == nil && a.allow == nil {
		return "" // there is a strategy alone
	}
	if !d.clientNoted {
		noteClient(a.strategy, d.request, d)
	}
	return askLists(d.gate, a, d, d.clientWhole, d.start)
}

// askLists says whether the lists let a client pass, or why not.
func askLists(g *gate, a *addresses, d *decision, whole netip.Addr, now time.Time) string {
	if !d.client.IsValid() {
		return refuseUndetermined(a, d)
	}
	// What ipv6Subnet leaves of an address is looked up as well in what the
	// operator has written, as in Traefik. In lists of others it would make one
	// address of a network the whole network.
	key, first := ipset.Key(whole), ipset.Key(d.client)
	if a.deny != nil {
		found := lookUp(a.deny, d.state.denied, key)
		if ipset.Contains(a.deny.own, first) {
			found = iplist.Inside
		}
		reason := deny(g, a.deny, found, key, d, now)
		if reason != "" {
			return reason
		}
	}
	if a.allow == nil || ipset.Contains(a.allow.own, first) {
		return ""
	}
	return allow(g, a.allow, lookUp(a.allow, d.state.allowed, key), d, now)
}

func refuseUndetermined(a *addresses, d *decision) string {
	first := a.deny
	if first == nil {
		first = a.allow
	}
	d.rejectStatus = first.rejectStatus
	return clientUndetermined
}

// deny draws the conclusion from what the deny list knows of a key. One that is not there
// denies nobody, unless it is required.
func deny(g *gate, l *addressList, found int, key string, d *decision, now time.Time) string {
	switch {
	case found == iplist.Outside:
		return ""
	case found == iplist.Inside:
		d.rejectStatus = l.rejectStatus
		d.rule = listWith(l, d.state.denied, key)
		return clientDenied
	case l.required:
		report("error", g.name, "denylist: "+missing(d.state.denied)+" has never been loaded; what other lists don't deny gets 503", now)
		return listUnavailable
	}
	report("warn", g.name, "denylist: "+missing(d.state.denied)+" has never been loaded; it denies nobody", now)
	return ""
}

// allow draws the conclusion from what the allow list knows.
func allow(g *gate, l *addressList, found int, d *decision, now time.Time) string {
	switch found {
	case iplist.Inside:
		return ""
	case iplist.Outside:
		d.rejectStatus = l.rejectStatus
		return clientNotAllowed
	}
	report("error", g.name, "allowlist: "+missing(d.state.allowed)+" has never been loaded; what other lists don't allow gets 503", now)
	return listUnavailable
}

// lookUp says whether the address of a key is in a list of any of its lists. Where
// it is in none of those that are loaded, and one is not, it is unknown.
func lookUp(l *addressList, lists []*iplist.List, key string) int {
	if l.own != nil && ipset.Contains(l.own, key) {
		return iplist.Inside
	}
	if len(lists) == 1 {
		return iplist.Look(lists[0], key)
	}
	return lookUpAll(lists, key)
}

func lookUpAll(lists []*iplist.List, key string) int {
	found := iplist.Outside
	for _, list := range lists {
		is := iplist.Look(list, key)
		if is == iplist.Inside {
			return is
		}
		if is == iplist.Unknown {
			found = is
		}
	}
	return found
}

// listWith returns the name of the list that has an address.
func listWith(l *addressList, lists []*iplist.List, key string) string {
	for _, list := range lists {
		if iplist.Look(list, key) == iplist.Inside {
			return list.Name
		}
	}
	return l.option + ".sourceRange"
}

// missing returns the name of a list that has never been loaded.
func missing(lists []*iplist.List) string {
	for _, list := range lists {
		if iplist.Look(list, "") == iplist.Unknown {
			return list.Name
		}
	}
	return "a list" // it has been loaded in this moment
}
