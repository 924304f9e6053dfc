package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"sort"
	"strings"
)

var (
	shownURL    = regexp.MustCompile(`(?i)^request url: *(\S+)\s*$`)
	shownMethod = regexp.MustCompile(`(?i)^request method: *([A-Za-z]+)\s*$`)
	shownTitle  = regexp.MustCompile(`(?i)^(?:headers|request)\s*$`)
	shownBody   = regexp.MustCompile(`(?i)^(?:payload|body|request body)\s*$`)
	headerLine  = regexp.MustCompile(`^[A-Za-z0-9-]+: `)
	verboseLine = regexp.MustCompile(`(?m)^> [A-Z]+ \S+ HTTP/[0-9.]+\r?$`)
)

// asSent puts what people paste into the form of the wire: what `curl -v` prints, and a
// delivery as GitHub shows it. The notes say what was made up.
func asSent(text []byte) ([]byte, []string) {
	if at := verboseLine.FindIndex(text); at != nil {
		return fromVerbose(text[at[0]:])
	}
	return fromShown(text)
}

// fromVerbose takes the request out of what `curl -v` prints, which has no body. What
// somebody has put behind the empty line is taken for it.
func fromVerbose(text []byte) ([]byte, []string) {
	sent := bytes.Buffer{}
	lines := bytes.SplitAfter(text, []byte("\n"))
	i := 0
	for ; i < len(lines); i++ {
		line, isSent := bytes.CutPrefix(lines[i], []byte(">"))
		if !isSent {
			break
		}
		sent.Write(bytes.TrimPrefix(line, []byte(" ")))
	}
	for ; i < len(lines) && !isRemark(lines[i]); i++ {
		sent.Write(lines[i])
	}
	return sent.Bytes(), []string{"curl -v prints no body; what stands behind the empty line is taken for it, or --data gives it"}
}

// isRemark says whether a line is curl's own, or of the answer.
func isRemark(line []byte) bool {
	for _, beginning := range []string{"* ", "< ", "{ [", "} ["} {
		if bytes.HasPrefix(line, []byte(beginning)) {
			return true
		}
	}
	return false
}

// fromShown reads what GitHub shows under Recent Deliveries: "Request URL: ..." and
// "Request method: ..." before the headers, and maybe titles. Headers alone are taken for
// those of a POST.
func fromShown(text []byte) ([]byte, []string) {
	method, target := "", ""
	head := []string{}
	rest := text
	for len(rest) > 0 {
		line, after, _ := bytes.Cut(rest, []byte("\n"))
		trimmed := strings.TrimRight(string(line), "\r")
		if match := shownURL.FindStringSubmatch(trimmed); match != nil {
			target, rest = match[1], after
			continue
		}
		if match := shownMethod.FindStringSubmatch(trimmed); match != nil {
			method, rest = strings.ToUpper(match[1]), after
			continue
		}
		if shownTitle.MatchString(trimmed) || trimmed == "" && len(head) == 0 {
			rest = after
			continue
		}
		if shownBody.MatchString(trimmed) {
			rest = bytes.TrimLeft(after, "\r\n")
			break
		}
		if trimmed == "" {
			rest = after
			if next, behind, _ := bytes.Cut(bytes.TrimLeft(after, "\r\n"), []byte("\n")); shownBody.Match(bytes.TrimRight(next, "\r")) {
				rest = bytes.TrimLeft(behind, "\r\n")
			}
			break
		}
		if !headerLine.MatchString(trimmed) {
			return text, nil // something else
		}
		head = append(head, trimmed)
		rest = after
	}
	notes := []string{}
	if method == "" && target == "" {
		if len(head) == 0 {
			return text, nil
		}
		notes = append(notes, "there is no first line such as POST /path HTTP/1.1; it is taken for POST /")
	}
	if method == "" {
		method = "POST"
	}
	if target == "" {
		target = "/"
	}
	sent := method + " " + target + " HTTP/1.1\r\n" + strings.Join(append(head, "", ""), "\r\n")
	return append([]byte(sent), rest...), notes
}

// event is what AWS hands a function: of an API Gateway (REST or HTTP API), a load
// balancer, or a function's URL.
// https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
type event struct {
	Method       string              `json:"httpMethod"`
	Path         string              `json:"path"`
	RawPath      string              `json:"rawPath"`
	RawQuery     string              `json:"rawQueryString"`
	Headers      map[string]string   `json:"headers"`
	MultiHeaders map[string][]string `json:"multiValueHeaders"`
	Query        map[string]string   `json:"queryStringParameters"`
	MultiQuery   map[string][]string `json:"multiValueQueryStringParameters"`
	Cookies      []string            `json:"cookies"`
	Body         string              `json:"body"`
	IsBase64     bool                `json:"isBase64Encoded"`
	Context      struct {
		HTTP struct {
			Method string `json:"method"`
		} `json:"http"`
		ELB json.RawMessage `json:"elb"`
	} `json:"requestContext"`
}

// fromEvent reads the request out of an event of AWS.
func fromEvent(text []byte) (*Request, error) {
	e := event{}
	err := json.Unmarshal(text, &e)
	if err != nil {
		return nil, fmt.Errorf("it begins as JSON, and is none: %w", err)
	}
	method, target := e.Method+e.Context.HTTP.Method, e.Path
	if e.RawPath != "" {
		target = e.RawPath
	}
	if method == "" || target == "" || e.Headers == nil && e.MultiHeaders == nil {
		return nil, errors.New("it is JSON, and no event of an API Gateway, which has httpMethod and path, or rawPath and requestContext.http.method, beside headers; a HAR is given with --har")
	}
	query, isGuess := e.query()
	if query != "" {
		target += "?" + query
	}
	r, err := newRequest(method, target)
	if err != nil {
		return nil, err
	}
	if isGuess {
		r.note("the event has no query as it was sent; its order and its escapes are a guess")
	}
	if e.MultiHeaders == nil {
		e.MultiHeaders = map[string][]string{}
		for name, value := range e.Headers {
			e.MultiHeaders[name] = []string{value}
		}
	}
	if len(e.Cookies) > 0 {
		e.MultiHeaders["Cookie"] = []string{strings.Join(e.Cookies, "; ")}
	}
	names := []string{}
	for name := range e.MultiHeaders {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, value := range e.MultiHeaders[name] {
			err = r.addHeader(name, value)
			if err != nil {
				return nil, err
			}
		}
	}
	r.Scheme = r.Header.Get("X-Forwarded-Proto")
	r.Body = []byte(e.Body)
	if e.IsBase64 {
		r.Body, err = base64.StdEncoding.DecodeString(e.Body)
		if err != nil {
			return nil, errors.New("its body is not base64, which isBase64Encoded says")
		}
	}
	return r.finished()
}

// query returns the query, and whether it had to be put together. A load balancer hands
// the values on as they were escaped.
func (e *event) query() (string, bool) {
	if e.RawPath != "" {
		return e.RawQuery, false
	}
	values := url.Values(e.MultiQuery)
	if len(values) == 0 {
		values = url.Values{}
		for name, value := range e.Query {
			values.Set(name, value)
		}
	}
	if e.Context.ELB == nil {
		return values.Encode(), len(values) > 0
	}
	names, pairs := []string{}, []string{}
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		for _, value := range values[name] {
			pairs = append(pairs, name+"="+value)
		}
	}
	return strings.Join(pairs, "&"), len(pairs) > 1
}
