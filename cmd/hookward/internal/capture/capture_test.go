package capture

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

// summary writes a request in one text.
func summary(r *Request) string {
	headers := []string{}
	for _, name := range []string{"Content-Type", "Content-Length", "X-A", "Authorization", "Accept", "User-Agent"} {
		for _, value := range r.Header[name] {
			headers = append(headers, name+"="+value)
		}
	}
	return fmt.Sprintf("%s %s://%s %s [%s] %q", r.Method, r.Scheme, r.Host, r.Target, strings.Join(headers, " "), r.Body)
}

// checkRead compares a request, or the problem with it.
func checkRead(t *testing.T, name string, r *Request, err error, want, notes string) {
	t.Helper()
	got := ""
	if err != nil {
		got = "error: " + err.Error()
	} else {
		got = summary(r)
	}
	if strings.HasPrefix(want, "error: ") {
		if !strings.HasPrefix(got, "error: ") || !strings.Contains(got, want[7:]) {
			t.Errorf("%s: %s\nwant %s", name, got, want)
		}
		return
	}
	if got != want {
		t.Errorf("%s: %s\nwant %s", name, got, want)
	}
	if err == nil && (notes == "" && len(r.Notes) > 0 || !strings.Contains(strings.Join(r.Notes, "\n"), notes)) {
		t.Errorf("%s: notes %q, want %q", name, r.Notes, notes)
	}
}

func TestRaw(t *testing.T) {
	for name, c := range map[string]struct{ text, want, notes string }{
		"as sent":                {"POST /a?b=1 HTTP/1.1\r\nHost: h.example\r\nx-a: 1\r\nX-A:2\r\nContent-Length: 4\r\n\r\nab\r\n", `POST ://h.example /a?b=1 [Content-Length=4 X-A=1 X-A=2] "ab\r\n"`, ""},
		"LF":                     {"POST / HTTP/1.1\nHost: h\n\nbody", `POST ://h / [] "body"`, ""},
		"empty lines before":     {"\r\n\nPOST / HTTP/1.1\nHost: h\n\nb", `POST ://h / [] "b"`, ""},
		"CRLF head, LF body":     {"POST / HTTP/1.1\r\nHost: h\r\n\r\na\n\nb", `POST ://h / [] "a\n\nb"`, ""},
		"LF head, CRLF body":     {"POST / HTTP/1.1\nHost: h\n\na\r\n\r\nb", `POST ://h / [] "a\r\n\r\nb"`, ""},
		"no body":                {"GET /x HTTP/1.1\r\nHost: h\r\n", `GET ://h /x [] ""`, ""},
		"no protocol":            {"GET /x\nHost: h\n\n", `GET ://h /x [] ""`, ""},
		"whole URL":              {"POST https://h.example/a%2Fb?c HTTP/1.1\n\n", `POST https://h.example /a%2Fb?c [] ""`, ""},
		"editor's newline":       {"POST / HTTP/1.1\nContent-Length: 4\n\nbody\n", `POST :// / [Content-Length=4] "body"`, "newline at the end of the capture is left out"},
		"newline, nothing known": {"POST / HTTP/1.1\n\nbody\n", `POST :// / [] "body\n"`, "an editor may have added"},
		"too long":               {"POST / HTTP/1.1\nContent-Length: 2\n\nbody", `POST :// / [Content-Length=2] "body"`, "longer than Content-Length"},
		"another behind it":      {"POST / HTTP/1.1\nContent-Length: 4\n\nbodyPOST /2 HTTP/1.1\r\nHost: h\r\n\r\n", `POST :// / [Content-Length=4] "body"`, "another request follows"},
		"cut off":                {"POST / HTTP/1.1\nContent-Length: 9\n\nbody", `POST :// / [Content-Length=9] "body"`, "shorter than Content-Length"},
		"chunked":                {"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n2\r\nab\r\n3;x=y\r\ncde\r\n0\r\n\r\n", `POST :// / [] "abcde"`, ""},
		"not chunked":            {"POST / HTTP/1.1\nTransfer-Encoding: chunked\n\n{}", `POST :// / [] "{}"`, "not in chunks"},
		"HTTP/2":                 {":authority: h.example\n:method: POST\n:path: /a?b\n:scheme: https\nx-a: 1\n\n{}", `POST https://h.example /a?b [X-A=1] "{}"`, ""},
		"nothing":                {"\n\n", "error: there is nothing", ""},
		"an answer":              {"HTTP/1.1 401 Unauthorized\n\n", "error: it is an answer", ""},
		"as GitHub shows it":     {"Request URL: https://h.example/in?x=1\nRequest method: POST\nAccept: */*\nX-A: 1\n\n{\n  \"a\": 1\n}", `POST https://h.example /in?x=1 [X-A=1 Accept=*/*] "{\n  \"a\": 1\n}"`, ""},
		"with titles":            {"Headers\r\n\r\nRequest URL: https://h.example/in\r\nRequest method: post\r\nX-A: 1\r\n\r\nPayload\r\n\r\n{}", `POST https://h.example /in [X-A=1] "{}"`, ""},
		"title, no empty line":   {"Request URL: https://h.example/in\nX-A: 1\nPayload\n{}", `POST https://h.example /in [X-A=1] "{}"`, ""},
		"curl -v":                {"* Connected to h\n> POST /in HTTP/1.1\r\n> Host: h.example\n> X-A: 1\n>\n} [4 bytes data]\n< HTTP/1.1 401 Unauthorized\n< X-A: 2\n", `POST ://h.example /in [X-A=1] ""`, "prints no body"},
		"curl -v with a body":    {"> POST /in HTTP/2\n> Host: h.example\n> \nbody\n* done\n", `POST ://h.example /in [] "body\n"`, "prints no body"},
		"REST API":               {`{"httpMethod": "POST", "path": "/in", "headers": {"Host": "h.example", "X-A": "1"}, "queryStringParameters": {"b": "x y"}, "body": "e30=", "isBase64Encoded": true}`, `POST ://h.example /in?b=x+y [X-A=1] "{}"`, "its order and its escapes are a guess"},
		"HTTP API":               {` {"version": "2.0", "rawPath": "/in", "rawQueryString": "b=%20&a", "headers": {"host": "h.example", "x-forwarded-proto": "https"}, "requestContext": {"http": {"method": "PUT"}}, "body": "{}"}`, `PUT https://h.example /in?b=%20&a [] "{}"`, ""},
		"load balancer":          {`{"requestContext": {"elb": {}}, "httpMethod": "POST", "path": "/in", "multiValueHeaders": {"X-A": ["1", "2"]}, "multiValueQueryStringParameters": {"a": ["%20"]}, "body": ""}`, `POST :// /in?a=%20 [X-A=1 X-A=2] ""`, ""},
		"event that is cut":      {`{"httpMethod": "POST"`, "error: it begins as JSON", ""},
		"event, wrong base64":    {`{"httpMethod": "POST", "path": "/", "headers": {}, "body": "!", "isBase64Encoded": true}`, "error: not base64", ""},
		"headers alone":          {"Host: h\nX-A: 1\n\nb", `POST ://h / [X-A=1] "b"`, "taken for POST /"},
		"a body alone":           {`{"a": 1}`, "error: no event of an API Gateway", ""},
		"no path":                {"POST hooks HTTP/1.1\n\n", "error: is not a path", ""},
		"no method":              {"P:T / HTTP/1.1\n\n", "error: is not a method", ""},
		"no header":              {"POST / HTTP/1.1\nHost h\n\n", "error: line 2 is no header", ""},
		"continued":              {"POST / HTTP/1.1\nX-A: 1\n 2\n\n", "error: line 3 is no header", ""},
		"a name with a space":    {"POST / HTTP/1.1\nX A: 1\n\n", "error: is not the name of a header", ""},
		"a control character":    {"POST / HTTP/1.1\nX-A: 1\x00\n\n", "error: control character", ""},
		"length":                 {"POST / HTTP/1.1\nContent-Length: -1\n\n", "error: which is no length", ""},
		"two hosts":              {"POST / HTTP/1.1\nHost: h\nhost: h\n\n", "error: two Host headers; a server answers 400", ""},
		"two lengths":            {"POST / HTTP/1.1\nContent-Length: 1\nContent-Length: 2\n\nab", "error: a server answers 400", ""},
		"one length, twice":      {"POST / HTTP/1.1\nContent-Length: 2\nContent-Length: 2\n\nab", `POST :// / [Content-Length=2 Content-Length=2] "ab"`, ""},
		"a length with a sign":   {"POST / HTTP/1.1\nContent-Length: +2\n\nab", "error: which is no length", ""},
		"another coding":         {"POST / HTTP/1.1\nTransfer-Encoding: gzip, chunked\n\nab", "error: answers 501", ""},
		"a name with a control":  {"POST / HTTP/1.1\nX\x1b: 1\n\n", "error: is not the name of a header", ""},
		"a name with a letter":   {"POST / HTTP/1.1\nXé: 1\n\n", "error: is not the name of a header", ""},
		"the URL's host first":   {"POST http://a/ HTTP/1.1\nHost: h\n\n", `POST http://a / [] ""`, ""},
		"authority first":        {":authority: a\n:method: POST\n:path: /\nhost: h\n\n", `POST ://a / [] ""`, ""},
		"hop-by-hop":             {"POST / HTTP/1.1\nHost: h\nX-A: 1\nAccept: x\nConnection: close, x-a\n\n", `POST ://h / [Accept=x] ""`, "Connection names X-A: Traefik removes that"},
		"hop-by-hop, of no one":  {"POST / HTTP/1.1\nHost: h\nX-A: 1\nConnection: keep-alive, X-B,,connection\n\n", `POST ://h / [X-A=1] ""`, ""},
		"hop-by-hop, the length": {"POST / HTTP/1.1\nContent-Length: 2\nConnection: content-length\n\nab\n", `POST :// / [] "ab"`, "Connection names Content-Length"},
		"pseudo, but no path":    {":method: POST\n\n", "error: pseudo-headers", ""},
		"many headers":           {"POST / HTTP/1.1\n" + strings.Repeat("X-A: 1\n", maxHeaders+1) + "\n", "error: more than 1000 headers", ""},
	} {
		r, err := Raw([]byte(c.text))
		checkRead(t, name, r, err, c.want, c.notes)
	}
}

func TestHTTP(t *testing.T) {
	r, err := Raw([]byte("POST /a%2Fb?c=%20d HTTP/1.1\nHost: h\nX-A: 1\n\nbody"))
	if err != nil {
		t.Fatal(err)
	}
	request := r.HTTP()
	if request.URL.EscapedPath() != "/a%2Fb" || request.URL.RawQuery != "c=%20d" || request.URL.Host != "" || request.Host != "h" || request.Header.Get("X-A") != "1" || request.RemoteAddr != "" {
		t.Errorf("%+v", request)
	}
	request.Header.Set("X-A", "2")
	if r.Header.Get("X-A") != "1" {
		t.Error("the headers are shared")
	}
}

// What Traefik writes itself stays, and so does what an upgrade needs.
func TestHopsThatStay(t *testing.T) {
	r, err := Raw([]byte("POST / HTTP/1.1\nX-Forwarded-For: 192.0.2.1\nUpgrade: websocket\nX-A: 1\nConnection: X-Forwarded-For\nConnection: Upgrade, X-A\n\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Header["X-Forwarded-For"]) != 1 || len(r.Header["Upgrade"]) != 1 || len(r.Header["Connection"]) != 2 || len(r.Header["X-A"]) != 0 || len(r.Notes) != 1 {
		t.Errorf("%v %q", r.Header, r.Notes)
	}
	r, err = Raw([]byte("POST / HTTP/1.1\nConnection: close\n\n"))
	if err != nil || len(r.Header) != 0 || len(r.Notes) != 0 {
		t.Errorf("%v %+v", err, r)
	}
}

func entryOf(request string) string {
	return `{"log":{"entries":[{"request":` + request + `}]}}`
}

func TestHAR(t *testing.T) {
	two := `{"log":{"entries":[{"request":{"method":"GET","url":"https://h/a?b"}},{"request":{"method":"POST","url":"https://h/2","headers":[{"name":"x-a","value":"1"}],"postData":{"text":"{}"}}}]}}`
	for name, c := range map[string]struct {
		text        string
		entry       int
		want, notes string
	}{
		"text":            {entryOf(`{"method":"POST","url":"https://h.example/a?b","headers":[{"name":":path","value":"/a?b"},{"name":"x-a","value":"1"}],"postData":{"mimeType":"application/json","text":"{\"a\":\"ü\"}"}}`), 0, `POST https://h.example /a?b [X-A=1] "{\"a\":\"ü\"}"`, ""},
		"host of its own": {entryOf(`{"method":"POST","url":"http://127.0.0.1:80/","headers":[{"name":"Host","value":"h"}]}`), 0, `POST http://h / [] ""`, ""},
		"base64":          {entryOf(`{"method":"POST","url":"http://h/","postData":{"text":"/w0K","encoding":"base64"}}`), 1, `POST http://h / [] "\xff\r\n"`, ""},
		"params":          {entryOf(`{"method":"POST","url":"http://h/","postData":{"mimeType":"application/x-www-form-urlencoded","text":"","params":[{"name":"a b","value":"1%262"},{"name":"c","value":"d"}]}}`), 1, `POST http://h / [] "a+b=1%262&c=d"`, "put together"},
		"the second":      {two, 2, `POST https://h /2 [X-A=1] "{}"`, ""},
		"unreadable":      {entryOf(`{"method":"POST","url":"http://h/","postData":{"text":"\ufffd"}}`), 1, `POST http://h / [] "` + "�" + `"`, "other bytes once"},
		"cut off":         {entryOf(`{"method":"POST","url":"http://h/","headers":[{"name":"Content-Length","value":"9"}],"postData":{"text":"{}"}}`), 1, `POST http://h / [Content-Length=9] "{}"`, "shorter"},
		"hop-by-hop":      {entryOf(`{"method":"POST","url":"http://h/","headers":[{"name":"X-A","value":"1"},{"name":"connection","value":"x-a"}]}`), 1, `POST http://h / [] ""`, "Connection names X-A"},
		"which":           {two, 0, "error: 2  POST https://h/2", ""},
		"none such":       {two, 3, "error: it has 2 entries", ""},
		"no entries":      {`{"log":{}}`, 0, "error: no log.entries", ""},
		"no JSON":         {`{"log":`, 0, "error: it is no HAR", ""},
		"multipart":       {entryOf(`{"method":"POST","url":"http://h/","postData":{"mimeType":"multipart/form-data","params":[{"name":"a"}]}}`), 1, "error: the bytes of the body are not known", ""},
		"no base64":       {entryOf(`{"method":"POST","url":"http://h/","postData":{"text":"/w","encoding":"base64"}}`), 1, "error: is not base64", ""},
		"other encoding":  {entryOf(`{"method":"POST","url":"http://h/","postData":{"text":"x","encoding":"gzip"}}`), 1, "error: known is base64", ""},
		"no URL":          {entryOf(`{"method":"POST","url":"ftp://h/"}`), 1, "error: nor a URL", ""},
	} {
		r, err := HAR([]byte(c.text), c.entry)
		checkRead(t, name, r, err, c.want, c.notes)
	}
}

func TestCurl(t *testing.T) {
	files := map[string]string{"body.json": "{\"a\":\r\n1}\n"}
	read := func(name string) ([]byte, error) {
		text, known := files[name]
		if !known {
			return nil, errors.New("there is no file " + name)
		}
		return []byte(text), nil
	}
	const form = "Content-Type=application/x-www-form-urlencoded"
	for command, c := range map[string]struct{ want, notes string }{
		`curl https://h/a`: {`GET https://h /a [] ""`, ""},
		`$ curl 'https://h/a?b=1&c' -H 'X-A: it'\''s' --data-raw '{"a":"\n"}' -H 'content-type: application/json'`:    {`POST https://h /a?b=1&c [Content-Type=application/json X-A=it's] "{\"a\":\"\\n\"}"`, ""},
		"curl 'https://h/' \\\n  -H 'X-A: 1' \\\r\n  --compressed \\\n  --data-raw $'{\"a\":\"\\u00fc\\'\\x41\\n\"}'": {`POST https://h / [` + form + ` X-A=1] "{\"a\":\"ü'A\n\"}"`, "as curl has it"},
		`curl -XPUT "https://h/\"a" -H"X-A: \$1"`:                                    {`PUT https://h /%22a [X-A=$1] ""`, "-"},
		`curl h.example/x -d a=1 -d b=2`:                                             {`POST http://h.example /x [` + form + `] "a=1&b=2"`, "as curl has it"},
		"curl h/ -d \"a\\\nb\"":                                                      {`POST http://h / [` + form + `] "ab"`, "as curl has it"},
		`curl -G h/x?y -d a=1`:                                                       {`GET http://h /x?y&a=1 [] ""`, ""},
		`curl h/ -d @body.json`:                                                      {`POST http://h / [` + form + `] "{\"a\":1}"`, "as curl has it"},
		`curl h/ --data-binary @body.json -H Content-Type:x/y`:                       {`POST http://h / [Content-Type=x/y] "{\"a\":\r\n1}\n"`, ""},
		`curl --json '{}' h/`:                                                        {`POST http://h / [Content-Type=application/json Accept=application/json] "{}"`, ""},
		`curl -u user:pass h/`:                                                       {`GET http://h / [Authorization=Basic dXNlcjpwYXNz] ""`, ""},
		`curl --request=POST --url=h/ --data-urlencode 'a=b c&'`:                     {`POST http://h / [` + form + `] "a=b%20c%26"`, "as curl has it"},
		`curl -s -o /dev/null -A me h/ -H 'X-A;'`:                                    {`GET http://h / [X-A= User-Agent=me] ""`, ""},
		`curl h/ -H 'X-A: 1' -H 'Connection: X-A'`:                                   {`GET http://h / [] ""`, "Connection names X-A"},
		`curl h/ -H 'Host: a' -H 'Host: b'`:                                          {"error: two Host headers", ""},
		`curl h/ -H 'Host: a'`:                                                       {`GET http://a / [] ""`, ""},
		"Invoke-WebRequest -UseBasicParsing -Uri \"https://h/\" `\n-Method \"POST\"": {"error: written for PowerShell; take 'Copy as cURL (bash)'", ""},
		"curl.exe h/ `\r\n -d a":                                                     {"error: written for PowerShell", ""},
		`wget h/`:                                                                    {"error: does not begin with curl", ""},
		``:                                                                           {"error: does not begin with curl", ""},
		`curl`:                                                                       {"error: there is no URL", ""},
		`curl h/ -d @missing`:                                                        {"error: there is no file missing", ""},
		`curl h/ -F a=b`:                                                             {"error: is not one that is known", ""},
		`curl h/ -H`:                                                                 {"error: -H has no value", ""},
		`curl h/ i/`:                                                                 {"error: two URLs", ""},
		`curl h/ -H nonsense`:                                                        {"error: is not as 'Name: value'", ""},
		`curl h/?a=1&b=2`:                                                            {"error: quotes are missing", ""},
		`curl h/ -d 'a`:                                                              {"error: single quote is not closed", ""},
		`curl h/ -d "a`:                                                              {"error: double quote is not closed", ""},
		`curl h/ -d $'a`:                                                             {"error: quote is not closed", ""},
		`curl h/ -d $'\q'`:                                                           {`error: escape \q`, ""},
		`curl h/ -d "$BODY"`:                                                         {"error: for a shell to expand", ""},
		`curl h/ -d $BODY`:                                                           {"error: for a shell to expand", ""},
		`curl h/ \`:                                                                  {"error: ends in a backslash", ""},
		"curl ^\"https://h/^\" ^\n -H a":                                             {"error: cmd.exe", ""},
	} {
		if c.notes == "-" {
			c.notes = ""
		}
		r, err := Curl(command, read)
		checkRead(t, command, r, err, c.want, c.notes)
	}
}

// Whatever is read, nothing panics, and what comes out is a request.
func FuzzRaw(f *testing.F) {
	for _, text := range []string{"POST / HTTP/1.1\nHost: h\n\nb", ":method: POST\n:path: /\n\n", `{"log":{"entries":[{"request":{"method":"POST","url":"http://h/"}}]}}`, `curl 'h/' -d $'\u00fc' -H "X-A: 1"`,
		"Headers\nRequest URL: http://h/\nRequest method: POST\nA: b\n\nPayload\n{}", "> POST / HTTP/1.1\n> A: b\n>\nb\n< HTTP/1.1 200 OK\n", `{"httpMethod": "POST", "path": "/", "headers": {"A": "b"}, "queryStringParameters": {"a": "b"}, "body": "e30=", "isBase64Encoded": true}`} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		none := func(string) ([]byte, error) { return nil, errors.New("no files") }
		readers := map[string]func() (*Request, error){
			"raw":  func() (*Request, error) { return Raw(text) },
			"har":  func() (*Request, error) { return HAR(text, 0) },
			"curl": func() (*Request, error) { return Curl(string(text), none) },
		}
		for name, read := range readers {
			r, err := read()
			if err != nil {
				continue
			}
			request := r.HTTP()
			if request.Method == "" || request.URL.EscapedPath() == "" && r.Target != "*" && !strings.HasPrefix(r.Target, "/") {
				encoded, _ := json.Marshal(string(text))
				t.Errorf("%s: %s: %+v", name, encoded, request)
			}
		}
	})
}
