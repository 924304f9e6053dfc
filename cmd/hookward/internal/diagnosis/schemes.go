package diagnosis

import (
	"fmt"
	"net/http"
	"regexp"
	"sort"
	"strings"
)

// signatureLike is a signature at the end of a header, or of an element of one.
var signatureLike = map[string]*regexp.Regexp{
	"hex":    regexp.MustCompile(`^([^;,&\s]*?[^0-9A-Za-z])?([0-9a-fA-F]{32}|[0-9a-fA-F]{40}|[0-9a-fA-F]{64}|[0-9a-fA-F]{96}|[0-9a-fA-F]{128})$`),
	"base64": regexp.MustCompile(`^([^;&\s]*?[^0-9A-Za-z+/])?([A-Za-z0-9+/]{22}==|[A-Za-z0-9+/]{27}=|[A-Za-z0-9+/]{43}=|[A-Za-z0-9+/]{64}|[A-Za-z0-9+/]{86}==)$`),
}

// byLength are the algorithms by the characters of a signature.
var byLength = map[string]map[int]string{
	"hex":    {32: "md5", 40: "sha1", 64: "sha256", 96: "sha384", 128: "sha512"},
	"base64": {24: "md5", 28: "sha1", 44: "sha256", 64: "sha384", 88: "sha512"},
}

// signedAs are texts that senders sign.
var signedAs = []string{"{body}", "{timestamp}.{body}", "{timestamp}{body}", "{timestamp}:{body}", "v0:{timestamp}:{body}", "{id}.{timestamp}.{body}", "{timestamp}|{body}"}

var (
	stampLike = regexp.MustCompile(`^([0-9]{10}|[0-9]{13})$`)
	idLike    = regexp.MustCompile(`(?i)(^|-)(id|delivery|uuid)(-|$)`)
	// notSigned are headers that proxies and clients set, with values that may look
	// like a signature.
	notSigned = regexp.MustCompile(`(?i)^(traceparent|x-amzn-trace-id|x-b3-|cookie|etag|content-md5|x-request-id|cf-ray)`)
)

const (
	maxHeaders = 8
	maxStamps  = 3
)

// candidate is where a signature may stand, and how it is written.
type candidate struct {
	header, format, algorithm string
}

// trySchemes looks for a scheme of HMAC under which something in the headers is a
// signature, with these secrets.
func (s *search) trySchemes() {
	secrets := option(s.raw, "secrets")
	if secrets == nil {
		return
	}
	stamps, ids := []string{}, []string{}
	for _, name := range sortedHeaders(s.Request.Header) {
		value := s.Request.Header.Get(name)
		if stampLike.MatchString(value) && len(stamps) < maxStamps {
			stamps = append(stamps, name)
		}
		if idLike.MatchString(name) && len(ids) < maxStamps {
			ids = append(ids, name)
		}
	}
	for _, c := range candidates(s.Request.Header) {
		for _, signs := range signedAs {
			for _, stamp := range orNothing(stamps, strings.Contains(signs, "{timestamp}")) {
				for _, id := range orNothing(ids, strings.Contains(signs, "{id}")) {
					s.tryScheme(c, signs, stamp, id, secrets)
				}
			}
		}
	}
}

// tryScheme tries one scheme with all encodings of secrets.
func (s *search) tryScheme(c candidate, signs, stamp, id string, secrets any) {
	section := map[string]any{"header": c.header, "format": c.format, "algorithm": "hmac-" + c.algorithm, "signs": signs}
	if stamp != "" {
		section["timestampHeader"] = stamp
		if len(s.Request.Header.Get(stamp)) == 13 {
			section["timestampUnit"] = "ms"
		}
	}
	if id != "" {
		section["idHeader"] = id
	}
	for _, encoding := range encodings {
		section["secretEncoding"] = encoding
		if encoding == "utf8" {
			delete(section, "secretEncoding")
		}
		raw := map[string]any{"secrets": secrets, "signature": section}
		if s.known["scheme"] || s.try(trial{raw: raw}, Cause{"scheme", "the signature is in " + c.header + ", and signed is " + signs + " with HMAC and " + c.algorithm, "signature: " + inline(section)}) {
			return
		}
	}
}

// candidates returns what in the headers looks like a signature.
func candidates(header http.Header) []candidate {
	found := []candidate{}
	for _, name := range sortedHeaders(header) {
		if notSigned.MatchString(name) || len(header[name]) != 1 || len(found) >= maxHeaders {
			continue
		}
		value := header[name][0]
		if strings.ContainsAny(value, "{}") {
			continue
		}
		for _, encoding := range []string{"hex", "base64"} {
			match := signatureLike[encoding].FindStringSubmatch(value)
			if match != nil {
				found = append(found, candidate{name, match[1] + "{" + encoding + "}", byLength[encoding][len(match[2])]})
			}
		}
		found = append(found, listCandidates(name, value)...)
	}
	// Those that are called so come first.
	sort.SliceStable(found, func(i, j int) bool {
		return strings.Contains(found[i].header, "Sign") && !strings.Contains(found[j].header, "Sign")
	})
	return found
}

// listCandidates reads a header as a list, such as t=1492774577,v1=5257a8...
func listCandidates(name, value string) []candidate {
	found := []candidate{}
	for _, separator := range []string{",", ";", " "} {
		if !strings.Contains(value, separator) {
			continue
		}
		stamp := ""
		for _, text := range strings.Split(value, separator) {
			key, number, ok := strings.Cut(strings.TrimSpace(text), "=")
			if ok && stampLike.MatchString(number) {
				stamp = key + "={timestamp}" + separator
			}
		}
		for _, text := range strings.Split(value, separator) {
			for _, encoding := range []string{"hex", "base64"} {
				match := signatureLike[encoding].FindStringSubmatch(strings.TrimSpace(text))
				if match != nil && match[1] != "" {
					found = append(found, candidate{name, stamp + match[1] + "{" + encoding + "}" + separator + "...", byLength[encoding][len(match[2])]})
				}
			}
		}
	}
	return found
}

// orNothing returns names to choose from where one is needed, and beside them nothing,
// which stands for the place in the signature's own header.
func orNothing(names []string, needed bool) []string {
	if !needed {
		return []string{""}
	}
	return append([]string{""}, names...)
}

// inline writes a section in YAML's flow style, with its names in order.
func inline(section map[string]any) string {
	names := []string{}
	for name := range section {
		names = append(names, name)
	}
	sort.Strings(names)
	for i, name := range names {
		names[i] = name + `: "` + fmt.Sprint(section[name]) + `"`
	}
	return "{" + strings.Join(names, ", ") + "}"
}

func sortedHeaders(header http.Header) []string {
	names := []string{}
	for name := range header {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
