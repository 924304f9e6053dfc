package capture

import (
	"net/http"
	"sort"
	"strings"
)

// ofTraefik are headers that Connection can't take away: Traefik writes them anew
// (pkg/middlewares/forwardedheaders).
var ofTraefik = map[string]bool{
	"X-Forwarded-Proto": true, "X-Forwarded-For": true, "X-Forwarded-Host": true, "X-Forwarded-Port": true,
	"X-Forwarded-Server": true, "X-Forwarded-Uri": true, "X-Forwarded-Method": true, "X-Forwarded-Prefix": true,
	"X-Forwarded-Tls-Client-Cert": true, "X-Forwarded-Tls-Client-Cert-Info": true, "X-Real-Ip": true,
}

// dropHops takes away the headers that Connection names (RFC 9110, 7.6.1), as Traefik
// does before a middleware sees the request. What an entry point has in
// forwardedHeaders.connection it leaves in place, which is not known here.
func (r *Request) dropHops() {
	removed := []string{}
	upgrades := false
	for _, line := range r.Header["Connection"] {
		for _, name := range strings.Split(line, ",") {
			name = http.CanonicalHeaderKey(strings.Trim(name, " \t"))
			_, present := r.Header[name]
			switch {
			case name == "Upgrade":
				upgrades = upgrades || present
			case name != "Connection" && present && !ofTraefik[name]:
				delete(r.Header, name)
				removed = append(removed, name)
			}
		}
	}
	if !upgrades {
		delete(r.Header, "Connection")
	}
	if len(removed) > 0 {
		sort.Strings(removed)
		r.note("Connection names " + strings.Join(removed, ", ") + ": Traefik removes that before the gate sees the request, unless the entry point's forwardedHeaders.connection has it")
	}
}
