package hookward

import (
	"net/netip"
	"time"

	"github.com/hookward/hookward/internal/iplist"
	"github.com/hookward/hookward/internal/ipset"
)

// admit says whether the lists let a client pass on to the other checks: admitted
// or the reason to refuse. Who is on both lists is denied.
func admit(g *gate, p *policy, d *decision, now time.Time) string {
	if p.denylist != nil {
		reason := deny(g, p.denylist, d, now)
		if reason != admitted {
			return reason
		}
	}
	if p.allowlist != nil {
		return allow(g, p.allowlist, d, now)
	}
	return admitted
}

func deny(g *gate, l *addressList, d *decision, now time.Time) string {
	d.rejectStatus = l.rejectStatus
	if !d.client.IsValid() {
		return clientUndetermined
	}
	found, where := lookUp(l, d.client, now)
	if found != iplist.Inside && d.clientWhole != d.client {
		// The list may have the address itself and not the subnet's first.
		found, where = lookUp(l, d.clientWhole, now)
	}
	if found == iplist.Inside {
		d.rule = where
		return clientDenied
	}
	if found == iplist.Unknown {
		return missDenylist(g, l, where, now)
	}
	return admitted
}

func allow(g *gate, l *addressList, d *decision, now time.Time) string {
	d.rejectStatus = l.rejectStatus
	if !d.client.IsValid() {
		return clientUndetermined
	}
	found, where := lookUp(l, d.client, now)
	if found == iplist.Inside {
		return admitted
	}
	if found == iplist.Unknown {
		missAllowlist(g, where, now)
		return listUnavailable
	}
	return clientNotAllowed
}

// lookUp says whether an address is in a list of any of its lists, and in which.
// Where it is in none of those that are loaded, and one is not, it is unknown.
func lookUp(l *addressList, addr netip.Addr, now time.Time) (int, string) {
	key := ipset.Key(addr)
	if ipset.Contains(l.own, key) {
		return iplist.Inside, l.option + ".sourceRange"
	}
	found := iplist.Outside
	where := ""
	for _, list := range l.lists {
		is := iplist.Look(list, key, now)
		if is == iplist.Inside {
			return is, list.Name
		}
		if is == iplist.Unknown {
			found = is
			where = list.Name
		}
	}
	return found, where
}

// missDenylist lets pass what a list that is not there can't deny, unless it is
// required.
func missDenylist(g *gate, l *addressList, name string, now time.Time) string {
	if l.required {
		report("error", g.name, "denylist: "+name+" has never been loaded; what other lists don't deny gets 503", now)
		return listUnavailable
	}
	report("warn", g.name, "denylist: "+name+" has never been loaded; it denies nobody", now)
	return admitted
}

func missAllowlist(g *gate, name string, now time.Time) {
	report("error", g.name, "allowlist: "+name+" has never been loaded; what other lists don't allow gets 503", now)
}
