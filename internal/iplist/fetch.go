package iplist

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/ipset"
)

const (
	fetchTimeout   = 10 * time.Second // for everything, the body included
	dialTimeout    = 2 * time.Second
	maxBytes       = 8 << 20
	maxHeaderBytes = 64 << 10
	maxRedirects   = 3
	maxAddresses   = 2    // of a host and a family, that are tried
	maxValidator   = 1000 // of an ETag, in bytes
	maxCause       = 200  // of an error, in bytes
)

// version is a version of a list, as a server or a file has it.
type version struct {
	content      []byte
	etag         string
	lastModified string
}

// client asks no proxy, follows redirects within one host only, and looks at
// each address that it connects to.
var client = &http.Client{
	Timeout: fetchTimeout,
	Transport: &http.Transport{
		DialContext:            dial,
		DisableCompression:     true, // a few bytes could become gigabytes
		DisableKeepAlives:      true,
		MaxResponseHeaderBytes: maxHeaderBytes,
	},
	CheckRedirect: checkRedirect,
}

// fetch asks for a list. It returns nil where the server says that it has not
// changed since the version that is known, and else the list or what is wrong.
func fetch(s Source, known version) (*version, string) {
	request, err := http.NewRequest(http.MethodGet, s.URL, nil)
	if err != nil {
		return nil, "can't be asked for"
	}
	request.Header.Set("User-Agent", "hookward") // which GitHub insists on
	request.Header.Set("Accept", "application/json, text/plain, text/csv, */*;q=0.1")
	if known.etag != "" {
		request.Header.Set("If-None-Match", known.etag)
	}
	if known.lastModified != "" {
		request.Header.Set("If-Modified-Since", known.lastModified)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, "can't be fetched: " + innermost(err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusNotModified && (known.etag != "" || known.lastModified != "") {
		return nil, ""
	}
	problem := checkResponse(s, response)
	if problem != "" {
		return nil, problem
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, maxBytes+1))
	switch {
	case err != nil:
		return nil, "broke off: " + innermost(err)
	case len(content) > maxBytes:
		return nil, tooLarge()
	}
	return &version{
		content:      content,
		etag:         validator(response.Header.Get("ETag")),
		lastModified: validator(response.Header.Get("Last-Modified")),
	}, ""
}

// checkResponse says what is wrong with an answer, before its body is read.
func checkResponse(s Source, response *http.Response) string {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode != http.StatusOK:
		return "can't be fetched: the answer is " + strconv.Itoa(response.StatusCode)
	case kind == "text/html" || kind == "application/xhtml+xml":
		return "is a page for people, HTML or XML"
	case response.Header.Get("Content-Encoding") != "" && response.Header.Get("Content-Encoding") != "identity":
		return "is compressed, which was not asked for"
	case response.ContentLength > maxBytes:
		return tooLarge()
	case response.ContentLength < 0 && len(response.TransferEncoding) == 0 && s.Format != "json":
		// A JSON document has an end of its own.
		return "comes without a length, so that its end could be missing"
	}
	return ""
}

func tooLarge() string {
	return "is larger than " + strconv.Itoa(maxBytes) + " bytes"
}

// validator passes over what no honest server sends.
func validator(text string) string {
	if len(text) > maxValidator {
		return ""
	}
	return text
}

// innermost returns what went wrong without the URL, whose query may hold a key.
func innermost(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	// Nor with the port of this side, which is another one each time.
	var operation *net.OpError
	if errors.As(err, &operation) {
		return cut(operation.Op + ": " + operation.Err.Error())
	}
	if wrapped != nil && wrapped.Timeout() || errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) {
		return "no whole answer within " + fetchTimeout.String()
	}
	return cut(err.Error())
}

// cut bounds what a server can write into the log.
func cut(text string) string {
	if len(text) > maxCause {
		return text[:maxCause] + "..."
	}
	return text
}

func checkRedirect(request *http.Request, via []*http.Request) error {
	if len(via) > maxRedirects {
		return errors.New("it redirects more than three times")
	}
	if request.URL.Scheme != via[0].URL.Scheme || request.URL.Host != via[0].URL.Host {
		return errors.New("it redirects to another host")
	}
	return nil
}

// forbidden are addresses that have no lists, and secrets of this machine
// instead: of the link, where clouds have their metadata service, other addresses
// of such services, and those that mean this machine, or many, without a name.
var forbidden = mustSet(
	"0.0.0.0/8", "::/128", "169.254.0.0/16", "fe80::/10", "224.0.0.0/4", "ff00::/8", "240.0.0.0/4",
	"100.100.100.200", "192.0.0.192", "168.63.129.16", "fd00:ec2::/32", "fd20:ce::/32",
	// The same of IPv4, as IPv6 writes them on its ways to IPv4.
	"64:ff9b::169.254.0.0/112", "64:ff9b:1::169.254.0.0/112", "64:ff9b::100.100.100.200", "64:ff9b::192.0.0.192", "64:ff9b::168.63.129.16",
	"2002:a9fe::/32", "2002:6464:64c8::/48", "2002:c000:c0::/48", "2002:a83f:8110::/48", "::169.254.0.0/112", "::ffff:0:169.254.0.0/112",
)

func mustSet(texts ...string) ipset.Set {
	prefixes := []netip.Prefix{}
	for _, text := range texts {
		prefix, _, problem := ipset.ParsePrefix(text)
		if problem != "" {
			panic(text + " " + problem)
		}
		prefixes = append(prefixes, prefix)
	}
	return ipset.Make(prefixes)
}

// someOf returns a few addresses of each family, so that one that leads nowhere
// does not keep the other from being tried.
func someOf(addresses []netip.Addr) []netip.Addr {
	ipv4, ipv6 := 0, 0
	some := []netip.Addr{}
	for _, addr := range addresses {
		if addr.Unmap().Is4() {
			ipv4++
			if ipv4 <= maxAddresses {
				some = append(some, addr)
			}
			continue
		}
		ipv6++
		if ipv6 <= maxAddresses {
			some = append(some, addr)
		}
	}
	return some
}

// dial connects to a host, and to no forbidden address of its. The addresses are
// looked at here, and not before: a name may mean another address each time.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	addresses, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil, err
	}
	for _, addr := range addresses {
		if ipset.Contains(forbidden, ipset.Key(addr.WithZone(""))) {
			return nil, errors.New(addr.Unmap().String() + " is an address that must not be reached")
		}
	}
	dialer := net.Dialer{Timeout: dialTimeout}
	failure := errors.New("the host has no address")
	for _, addr := range someOf(addresses) {
		connection, err := dialer.DialContext(ctx, network, net.JoinHostPort(addr.Unmap().String(), port))
		if err == nil {
			return connection, nil
		}
		failure = err
	}
	return nil, failure
}
