// Package fetch knows how a document is had from a URL without anybody being able to
// turn that against us, and how it is kept fresh. It must not know what is in it.
package fetch

import (
	"context"
	"errors"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
)

const (
	maxHeaderBytes = 64 << 10
	maxRedirects   = 3
	maxValidator   = 1000 // of an ETag, in bytes
	maxCause       = 200  // of an error, in bytes
)

// Rules bound what may happen in a fetch. No proxy is ever asked.
type Rules struct {
	Timeout  time.Duration // for everything, the body included
	MaxBytes int

	Hosts     *regexp.Regexp // matches those that may be asked; nil for any
	PlainHTTP bool           // http may be asked as well
	Redirects bool           // some are followed, within one host
	KeepAlive bool           // connections are used again, for what is asked often

	// EndsItself says of a document that it shows itself whether its end is missing.
	EndsItself bool

	// Transport is nil for the one that looks at each address it connects to.
	Transport http.RoundTripper
}

// Version is a version of a document, as a server or a file has it.
type Version struct {
	Content      []byte
	Status       int           // of the answer, also of one that is none
	fresh        time.Duration // by Cache-Control; -1 where the server says nothing of it
	address      string
	etag         string
	lastModified string
}

var careful = &http.Transport{
	DialContext:            dial,
	DisableCompression:     true, // a few bytes could become gigabytes
	DisableKeepAlives:      true,
	MaxResponseHeaderBytes: maxHeaderBytes,
}

// kept is careful with connections that stay for a while.
var kept = &http.Transport{
	DialContext:            dial,
	DisableCompression:     true,
	MaxResponseHeaderBytes: maxHeaderBytes,
	MaxIdleConnsPerHost:    16,
	IdleConnTimeout:        30 * time.Second,
	TLSHandshakeTimeout:    dialTimeout,
}

// Get asks for a document. It returns nil where the server says that it has not
// changed since the version that is known, and else the document or what is wrong, in
// words that follow its name.
func Get(address string, r Rules, known Version) (*Version, string) {
	request, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil || !isAllowed(request.URL, r) {
		return nil, "can't be asked for"
	}
	if known.address != request.URL.String() {
		known = Version{} // its validators are those of another document
	}
	request.Header.Set("User-Agent", "hookward") // which GitHub insists on
	request.Header.Set("Accept", "application/json, text/plain, text/csv, */*;q=0.1")
	if known.etag != "" {
		request.Header.Set("If-None-Match", known.etag)
	}
	if known.lastModified != "" {
		request.Header.Set("If-Modified-Since", known.lastModified)
	}
	version, problem := do(request, r, known)
	if problem != "" {
		return nil, problem
	}
	return version, ""
}

// Post sends a text of a type, with a header Authorization if there is one, and returns
// the answer, and what is wrong with it, in words that follow the address's name; nil where
// there is none. It is not redirected.
func Post(address string, r Rules, contentType, text, authorization string) (*Version, string) {
	request, err := http.NewRequest(http.MethodPost, address, strings.NewReader(text))
	if err != nil || !isAllowed(request.URL, r) {
		return nil, "can't be asked"
	}
	r.Redirects = false
	request.Header.Set("User-Agent", "hookward")
	request.Header.Set("Accept", "application/json")
	request.Header.Set("Content-Type", contentType)
	if authorization != "" {
		request.Header.Set("Authorization", authorization)
	}
	version, problem := do(request, r, Version{})
	return version, problem
}

// do sends a request, and reads the answer. Where there is something wrong with it, the
// version has its status alone.
func do(request *http.Request, r Rules, known Version) (*Version, string) {
	response, err := clientFor(r).Do(request)
	if err != nil {
		return nil, "can't be fetched: " + innermost(err, r)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode == http.StatusNotModified && (known.etag != "" || known.lastModified != "") {
		return nil, ""
	}
	problem := checkResponse(r, response)
	if problem != "" {
		return &Version{Status: response.StatusCode}, problem
	}
	content, err := io.ReadAll(io.LimitReader(response.Body, int64(r.MaxBytes)+1))
	if err != nil {
		return nil, "broke off: " + innermost(err, r)
	}
	if len(content) > r.MaxBytes {
		return nil, tooLarge(r)
	}
	return &Version{
		Content:      content,
		Status:       response.StatusCode,
		fresh:        freshness(response.Header.Get("Cache-Control")),
		address:      request.URL.String(),
		etag:         validator(response.Header.Get("ETag")),
		lastModified: validator(response.Header.Get("Last-Modified")),
	}, ""
}

func isAllowed(u *url.URL, r Rules) bool {
	return (u.Scheme == "https" || u.Scheme == "http" && r.PlainHTTP) && (r.Hosts == nil || r.Hosts.MatchString(u.Host))
}

func clientFor(r Rules) *http.Client {
	client := &http.Client{Timeout: r.Timeout, Transport: r.Transport}
	if r.Transport == nil {
		client.Transport = careful
		if r.KeepAlive {
			client.Transport = kept
		}
	}
	client.CheckRedirect = checkRedirect
	if !r.Redirects {
		client.CheckRedirect = func(_ *http.Request, _ []*http.Request) error { return http.ErrUseLastResponse }
	}
	return client
}

// checkResponse says what is wrong with an answer, before its body is read.
func checkResponse(r Rules, response *http.Response) string {
	kind, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type"))
	switch {
	case response.StatusCode != http.StatusOK:
		return "can't be fetched: the answer is " + strconv.Itoa(response.StatusCode)
	case kind == "text/html" || kind == "application/xhtml+xml":
		return "is a page for people, HTML or XML"
	case response.Header.Get("Content-Encoding") != "" && response.Header.Get("Content-Encoding") != "identity":
		return "is compressed, which was not asked for"
	case response.ContentLength > int64(r.MaxBytes):
		return tooLarge(r)
	case response.ContentLength < 0 && len(response.TransferEncoding) == 0 && !r.EndsItself:
		return "comes without a length, so that its end could be missing"
	}
	return ""
}

// freshness returns how long a version is fresh by the header Cache-Control, RFC 9111,
// or -1 where that says nothing.
func freshness(text string) time.Duration {
	fresh := time.Duration(-1)
	for _, directive := range strings.Split(strings.ToLower(text), ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(directive), "=")
		if name == "no-store" || name == "no-cache" {
			return 0
		}
		seconds, err := strconv.ParseInt(strings.Trim(value, `"`), 10, 32)
		if name == "max-age" && err == nil && seconds >= 0 {
			fresh = time.Duration(seconds) * time.Second
		}
	}
	return fresh
}

func tooLarge(r Rules) string {
	return "is larger than " + strconv.Itoa(r.MaxBytes) + " bytes"
}

// validator passes over what no honest server sends.
func validator(text string) string {
	if len(text) > maxValidator {
		return ""
	}
	return text
}

// innermost returns what went wrong without the URL, whose query may hold a key.
func innermost(err error, r Rules) string {
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
		return "no whole answer within " + r.Timeout.String()
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
