package message

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
)

// multipartMessage makes a message of a body in which line feeds stand for CRLF.
func multipartMessage(contentType, body string) *Message {
	return &Message{
		Request: &http.Request{URL: &url.URL{}, Header: http.Header{"Content-Type": {contentType}}},
		Body:    []byte(strings.ReplaceAll(body, "\n", "\r\n")),
	}
}

const (
	usualType = "multipart/form-data; boundary=b1"
	tokenPart = "--b1\nContent-Disposition: form-data; name=\"token\"\n\nabc\n"
	lastLine  = "--b1--\n"
)

// Forms as senders write them: Go, Python's requests and aiohttp, browsers, curl.
func TestMultipart(t *testing.T) {
	for name, c := range map[string]struct{ contentType, body string }{
		"the least":          {usualType, tokenPart + "--b1--"},
		"a line end behind":  {usualType, tokenPart + lastLine},
		"quoted boundary":    {`multipart/form-data; boundary="b1"`, tokenPart + lastLine},
		"charset":            {"multipart/form-data; charset=UTF-8; boundary=b1", tokenPart + lastLine},
		"charset behind":     {`Multipart/Form-Data;boundary=b1;charset="utf-8"`, tokenPart + lastLine},
		"WebKit":             {"multipart/form-data; boundary=----WebKitFormBoundary7MA", strings.ReplaceAll(tokenPart+lastLine, "--b1", "------WebKitFormBoundary7MA")},
		"aiohttp":            {usualType, "--b1\nContent-Type: text/plain; charset=utf-8\nContent-Disposition: form-data; name=\"token\"\n\nabc\n" + lastLine},
		"encoding":           {usualType, "--b1\ncontent-disposition:form-data;name=\"token\"\nContent-Transfer-Encoding: 8bit\n\nabc\n" + lastLine},
		"beside a file":      {usualType, tokenPart + "--b1\nContent-Disposition: form-data; name=\"attachment-1\"; filename=\"a; b=c.pdf\"\nContent-Type: application/pdf\n\n%PDF\n\n--\n" + lastLine},
		"beside filename*":   {usualType, tokenPart + "--b1\nContent-Disposition: form-data; name=\"a\"; filename*=utf-8''%C3%BC.txt\n\n\n" + lastLine},
		"beside other types": {usualType, tokenPart + "--b1\nContent-Disposition: form-data; name=\"j\"\nContent-Type: application/json\n\n{}\n" + lastLine},
		"beside another":     {usualType, "--b1\nContent-Disposition: form-data; name=\"subject\"\n\nGrüße\n\nboundary=b1\n" + tokenPart + lastLine},
	} {
		m := multipartMessage(c.contentType, c.body)
		at := Location{Kind: "multipart", Name: "token"}
		if text := TextAt(&at, m); text != "abc" || HasAlias(&at, m) {
			t.Errorf("%s: %q", name, text)
		}
		if len(FormOf(m)) > 0 {
			t.Errorf("%s: is read as an urlencoded form, too", name)
		}
	}
}

// What two backends may read in two ways, is no form: whoever has seen a delivery could
// write another beside what is signed.
func TestMultipartRefused(t *testing.T) {
	in := func(head string) string { return "--b1\n" + head + "\n\nabc\n" + lastLine }
	other := "--b1\nContent-Disposition: form-data; name=\"x\"\n\n"
	for name, c := range map[string]struct{ contentType, body string }{
		"no type":                 {"", tokenPart + lastLine},
		"urlencoded":              {"application/x-www-form-urlencoded", tokenPart + lastLine},
		"mixed":                   {"multipart/mixed; boundary=b1", tokenPart + lastLine},
		"no boundary":             {"multipart/form-data", tokenPart + lastLine},
		"empty boundary":          {`multipart/form-data; boundary=""`, strings.ReplaceAll(tokenPart+lastLine, "--b1", "--")},
		"two boundaries":          {usualType + "; boundary=b2", tokenPart + lastLine},
		"other case":              {usualType + "; Boundary=b2", tokenPart + lastLine},
		"RFC 2231":                {"multipart/form-data; boundary*0=b; boundary*1=1", tokenPart + lastLine},
		"half quoted":             {`multipart/form-data; boundary="b1`, tokenPart + lastLine},
		"escaped":                 {`multipart/form-data; boundary="b\1"`, tokenPart + lastLine},
		"comma":                   {"multipart/form-data; boundary=b1,b2", tokenPart + lastLine},
		"other parameter":         {"multipart/form-data; x=1; boundary=b1", tokenPart + lastLine},
		"charset":                 {usualType + "; charset=utf-16", tokenPart + lastLine},
		"long boundary":           {"multipart/form-data; boundary=" + strings.Repeat("b", 71), strings.ReplaceAll(tokenPart+lastLine, "--b1", "--"+strings.Repeat("b", 71))},
		"empty":                   {usualType, ""},
		"no part":                 {usualType, lastLine},
		"cut off":                 {usualType, tokenPart},
		"cut in the end":          {usualType, tokenPart + "--b1-"},
		"text before":             {usualType, "x\n" + tokenPart + lastLine},
		"line end before":         {usualType, "\n" + tokenPart + lastLine},
		"text behind":             {usualType, tokenPart + lastLine + "x"},
		"part behind":             {usualType, tokenPart + lastLine + other + "1\n" + lastLine},
		"boundary behind":         {usualType, tokenPart + lastLine + "--b1\n"},
		"space behind boundary":   {usualType, tokenPart + "--b1 \nContent-Disposition: form-data; name=\"token\"\n\n2\n" + lastLine},
		"longer boundary":         {usualType, other + "1\n--b1x\n" + tokenPart + lastLine},
		"boundary in a value":     {usualType, other + "1--b1\n" + tokenPart + lastLine},
		"no head":                 {usualType, "--b1\n\nabc\n" + lastLine},
		"head behind a line":      {usualType, "--b1\n\nContent-Disposition: form-data; name=\"token\"\n\nabc\n" + lastLine},
		"no name":                 {usualType, in(`Content-Disposition: form-data`)},
		"empty name":              {usualType, in(`Content-Disposition: form-data; name=""`)},
		"name without quotes":     {usualType, in(`Content-Disposition: form-data; name=token`)},
		"name in other quotes":    {usualType, in(`Content-Disposition: form-data; name='token'`)},
		"escaped name":            {usualType, in(`Content-Disposition: form-data; name="tok\en"`)},
		"encoded name":            {usualType, in(`Content-Disposition: form-data; name="tok%65n"`)},
		"RFC 2047":                {usualType, in(`Content-Disposition: form-data; name="=?utf-8?q?token?="`)},
		"name*":                   {usualType, in(`Content-Disposition: form-data; name*=utf-8''token`)},
		"name and name*":          {usualType, in(`Content-Disposition: form-data; name="token"; name*=utf-8''x`)},
		"two names":               {usualType, in(`Content-Disposition: form-data; name="token"; name="x"`)},
		"space before":            {usualType, in(`Content-Disposition: form-data; name=" token"`)},
		"space behind":            {usualType, in(`Content-Disposition: form-data; name="token "`)},
		"attachment":              {usualType, in(`Content-Disposition: attachment; name="token"`)},
		"two dispositions":        {usualType, in("Content-Disposition: form-data; name=\"token\"\ncontent-disposition: form-data; name=\"x\"")},
		"a second in another":     {usualType, tokenPart + "--b1\nContent-Disposition: form-data; name=\"token\"\nContent-Disposition: form-data; name=\"f\"\n\n2\n" + lastLine},
		"folded head":             {usualType, in("Content-Disposition: form-data;\n name=\"token\"")},
		"folded beside":           {usualType, in("Content-Disposition: form-data; name=\"token\"\nX-Y: z\n z")},
		"space before the colon":  {usualType, in(`Content-Disposition : form-data; name="token"`)},
		"name in a file's name":   {usualType, tokenPart + "--b1\nContent-Disposition: form-data; name=\"f\"; filename=\"x; name=token\"\n\n1\n" + lastLine},
		"quote in a file's name":  {usualType, tokenPart + "--b1\nContent-Disposition: form-data; name=\"f\"; filename=\"a\\\"b\"\n\n1\n" + lastLine},
		"no UTF-8":                {usualType, tokenPart + "--b1\nContent-Disposition: form-data; name=\"\xff\"\n\n1\n" + lastLine},
		"charset of the form":     {usualType, tokenPart + "--b1\nContent-Disposition: form-data; name=\"_charset_\"\n\nutf-16\n" + lastLine},
		"too many parts":          {usualType, tokenPart + strings.Repeat(other+"1\n", maxFormParts) + lastLine},
		"a file":                  {usualType, in(`Content-Disposition: form-data; name="token"; filename=""`)},
		"filename*":               {usualType, in(`Content-Disposition: form-data; name="token"; filename*=utf-8''a`)},
		"another type":            {usualType, in("Content-Disposition: form-data; name=\"token\"\nContent-Type: application/json")},
		"another charset":         {usualType, in("Content-Disposition: form-data; name=\"token\"\nContent-Type: text/plain; charset=utf-16")},
		"base64":                  {usualType, in("Content-Disposition: form-data; name=\"token\"\nContent-Transfer-Encoding: base64")},
		"twice":                   {usualType, tokenPart + tokenPart + lastLine},
		"a file of the same name": {usualType, tokenPart + "--b1\nContent-Disposition: form-data; name=\"token\"; filename=\"a\"\n\nxyz\n" + lastLine},
	} {
		m := multipartMessage(c.contentType, c.body)
		at := Location{Kind: "multipart", Name: "token"}
		if text := TextAt(&at, m); text != "" || IsAbsent(&at, m) {
			t.Errorf("%s: %q, absent %t", name, text, IsAbsent(&at, m))
		}
	}
	bare := multipartMessage(usualType, "")
	bare.Body = []byte(tokenPart + lastLine)
	if len(MultipartOf(bare)) > 0 {
		t.Error("line feeds alone are read as CRLF")
	}
	two := multipartMessage(usualType, tokenPart+lastLine)
	two.Request.Header["Content-Type"] = []string{usualType, usualType}
	if len(MultipartOf(two)) > 0 {
		t.Error("two content types are read as one")
	}
}

// A name that some backend takes for one that is signed stands beside it in the form, as a
// file, or in the query.
func TestMultipartAliases(t *testing.T) {
	part := func(head string) string { return "--b1\nContent-Disposition: form-data; " + head + "\n\n1\n" }
	at := Location{Kind: "multipart", Name: "token"}
	for _, head := range []string{`name="Token"`, `name="token[]"`, `name="token.x"; filename="a"`, `name="token[a]"`} {
		if !HasAlias(&at, multipartMessage(usualType, tokenPart+part(head)+lastLine)) {
			t.Errorf("%s is no token", head)
		}
	}
	for _, query := range []string{"token=1", "TOKEN=1"} {
		m := multipartMessage(usualType, tokenPart+lastLine)
		m.Request.URL = parseURL(t, "/in?"+query)
		if !HasAlias(&at, m) {
			t.Errorf("%s is no token", query)
		}
	}
	absent := Location{Kind: "multipart", Name: "other"}
	if !IsAbsent(&absent, multipartMessage(usualType, tokenPart+lastLine)) {
		t.Error("what is not there is not absent")
	}
	for _, name := range []string{`a"b`, "a%20b", `a\b`, " a", "a\tb", "=?a"} {
		if _, problem := ParseLocation("multipart:" + name); problem == "" {
			t.Errorf("%q can be read from every form", name)
		}
	}
}

// Oracle: a form that is read here reads the same with mime/multipart, field by field.
func FuzzMultipart(f *testing.F) {
	f.Add(usualType, strings.ReplaceAll(tokenPart+lastLine, "\n", "\r\n"))
	f.Add(`multipart/form-data; boundary="b1"; charset=utf-8`, "--b1\r\nContent-Type: text/plain\r\nContent-Disposition: form-data; name=\"a\"; filename=\"b\"\r\n\r\n\r\n--b1--")
	f.Fuzz(func(t *testing.T, contentType, body string) {
		m := &Message{Request: &http.Request{Header: http.Header{"Content-Type": {contentType}}}, Body: []byte(body)}
		fields := MultipartOf(m)
		if m.NoMultipart {
			if len(fields) > 0 {
				t.Fatal("a body that is no form has fields")
			}
			return
		}
		mediaType, parameters, err := mime.ParseMediaType(contentType)
		if err != nil || mediaType != "multipart/form-data" {
			t.Fatalf("%q is no multipart/form-data: %v", contentType, err)
		}
		want := map[string][]string{}
		reader := multipart.NewReader(bytes.NewReader(m.Body), parameters["boundary"])
		for {
			part, err := reader.NextRawPart()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			value, err := io.ReadAll(part)
			if err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			want[part.FormName()] = append(want[part.FormName()], string(value))
			_, parameters, _ := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
			_, isFile := parameters["filename"]
			if isFile || !plain(part.Header) {
				want[part.FormName()] = append(want[part.FormName()], "")
			}
		}
		if !reflect.DeepEqual(map[string][]string(fields), want) {
			t.Fatalf("%q: %q, want %q", body, fields, want)
		}
	})
}

// plain says whether a part that has such a header is a field for every backend.
func plain(header map[string][]string) bool {
	for name, values := range header {
		for _, value := range values {
			switch {
			case name == "Content-Disposition":
			case name == "Content-Type" && strings.HasPrefix(strings.ToLower(value), "text/plain") && !strings.Contains(strings.ToLower(value), "utf-16"):
			case name == "Content-Transfer-Encoding" && !strings.EqualFold(value, "base64") && !strings.EqualFold(value, "quoted-printable"):
			default:
				return false
			}
		}
	}
	return true
}

func parseURL(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
