package ship

import (
	"net"
	"net/url"
	"regexp"
	"strings"
)

// secretHeader is how the names of headers look that are credentials.
var secretHeader = regexp.MustCompile(`(?i)auth|key|token|secret|cookie|password`)

// isExposed says whether credentials leave this machine without TLS.
func isExposed(t Target) bool {
	u, err := url.Parse(t.URL)
	if err != nil || u.Scheme != "http" || isLoopback(u.Hostname()) || t.Type == "sqs" {
		return false // a signature is good for what it stands under
	}
	secret := t.Username+t.Password+t.Token+t.APIKey != ""
	for _, header := range t.Headers {
		secret = secret || secretHeader.MatchString(header[0])
	}
	return secret
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasSuffix(host, ".localhost") || ip != nil && ip.IsLoopback()
}
