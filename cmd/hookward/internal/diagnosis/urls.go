package diagnosis

import (
	"net/url"
	"strings"
)

// tryURLs tries other URLs than publicURL, with a request as it would be there.
func (s *search) tryURLs() {
	text, _ := option(s.raw, "publicURL").(string)
	u, err := url.Parse(text)
	if text == "" || err != nil || u.Host == "" {
		return
	}
	schemes := onces(u.Scheme, s.Scheme, "https", "http")
	hosts := onces(u.Host, s.Request.Host, s.Request.Header.Get("X-Forwarded-Host"), strings.ToLower(u.Host), u.Hostname(), s.hostName(), u.Hostname()+":443", u.Hostname()+":80", u.Hostname()+":8080", u.Hostname()+":8443")
	paths := onces(u.EscapedPath(), s.Request.URL.EscapedPath(), s.Request.Header.Get("X-Replaced-Path"), s.Request.Header.Get("X-Forwarded-Prefix")+s.Request.URL.EscapedPath())
	for _, path := range paths {
		paths = append(paths, strings.TrimSuffix(path, "/"), strings.TrimSuffix(path, "/")+"/")
	}
	paths = onces(paths...)
	queries := []string{u.RawQuery}
	for _, query := range []string{s.Request.URL.RawQuery, ""} {
		if query != queries[0] {
			queries = append(queries, query)
		}
	}
	for _, path := range paths {
		for _, query := range queries {
			for _, host := range hosts {
				for _, scheme := range schemes {
					s.tryURL(text, scheme, host, path, query)
				}
			}
		}
	}
	if s.Verdict.Reason == "url_mismatch" && len(s.result.Causes) == 0 {
		s.hint("publicURL has to be the whole URL that the sender calls, to the letter, query included; or scheme and host alone, and path and query are the request's")
	}
}

// tryURL tries one URL.
func (s *search) tryURL(present, scheme, host, path, query string) {
	if path == "" {
		path = "/"
	}
	whole := scheme + "://" + host + path
	if query != "" {
		whole += "?" + query
	}
	target, err := url.ParseRequestURI(strings.TrimPrefix(whole, scheme+"://"+host))
	if err != nil || s.known["url"] {
		return
	}
	r := s.Request.Clone(s.Request.Context())
	r.URL = target
	cure := "publicURL: " + whole
	if whole == present {
		cure = "the request's path or query was rewritten before it came to the gate: put the gate before the middlewares that do so"
	}
	s.try(trial{raw: with(s.raw, "publicURL", whole), request: r}, Cause{"url", "the URL that was signed is " + whole, cure})
}

func (s *search) hostName() string {
	host, _, _ := strings.Cut(s.Request.Host, ":")
	return host
}

// onces returns texts in order, each of them once, without empty ones.
func onces(texts ...string) []string {
	seen := map[string]bool{"": true}
	list := []string{}
	for _, text := range texts {
		if !seen[text] {
			seen[text] = true
			list = append(list, text)
		}
	}
	return list
}
