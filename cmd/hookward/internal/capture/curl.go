package capture

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Arguments are a request in the words of curl.
type Arguments struct {
	Method  string   // empty: POST with data, GET without
	URL     string   // or a path
	Headers []string // each "Name: value"
	// Data are the pieces of the body, with & between them. Empty is no body.
	Data []Data
	// Get puts the data into the query, as --get does.
	Get bool
}

// Data is a piece of a body: its text, or, where File is given, a file's content.
type Data struct {
	Text string
	File string
	// Stripped takes newlines out of a file, as curl's --data does.
	Stripped bool
}

// Build puts a request together. Files are read by read.
func Build(a Arguments, read func(name string) ([]byte, error)) (*Request, error) {
	if a.URL == "" {
		return nil, errors.New("there is no URL")
	}
	if !strings.HasPrefix(a.URL, "/") && !strings.Contains(a.URL, "://") {
		a.URL = "http://" + a.URL // as curl takes it
	}
	body := []byte{}
	for i, d := range a.Data {
		if i > 0 {
			body = append(body, '&')
		}
		text := []byte(d.Text)
		if d.File != "" {
			var err error
			text, err = read(d.File)
			if err != nil {
				return nil, err
			}
			if d.Stripped {
				text = []byte(strings.NewReplacer("\r", "", "\n", "", "\x00", "").Replace(string(text)))
			}
		}
		body = append(body, text...)
	}
	method := a.Method
	if method == "" {
		method = "POST"
		if len(a.Data) == 0 || a.Get {
			method = "GET"
		}
	}
	if a.Get && len(body) > 0 {
		sign := "?"
		if strings.Contains(a.URL, "?") {
			sign = "&"
		}
		a.URL += sign + string(body)
		body = nil
	}
	r, err := newRequest(method, a.URL)
	if err != nil {
		return nil, err
	}
	for _, line := range a.Headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			name, value, ok = strings.Cut(line, ";")
			ok = ok && value == "" // curl's way to an empty header
		}
		if !ok {
			return nil, fmt.Errorf("the header %q is not as 'Name: value'", cut(line))
		}
		err = r.addHeader(name, value)
		if err != nil {
			return nil, err
		}
	}
	if len(a.Data) > 0 && !a.Get && len(r.Header["Content-Type"]) == 0 {
		// A form reads its fields in the body alone if it is called one.
		r.Header["Content-Type"] = []string{"application/x-www-form-urlencoded"}
		r.note("Content-Type is application/x-www-form-urlencoded, as curl has it where no header says otherwise")
	}
	r.Body = body
	return r.finished()
}

func cut(text string) string {
	if len(text) > 40 {
		return text[:40] + "..."
	}
	return text
}

// curlValues are options of curl that have a value, by what is done with that;
// "ignored" are those that make no difference to the request.
var curlValues = map[string]string{
	"-X": "method", "--request": "method", "-H": "header", "--header": "header", "--url": "url",
	"-d": "data", "--data": "data", "--data-ascii": "data", "--data-raw": "raw", "--data-binary": "binary", "--data-urlencode": "urlencode", "--json": "json",
	"-A": "agent", "--user-agent": "agent", "-b": "cookie", "--cookie": "cookie", "-e": "referer", "--referer": "referer", "-u": "user", "--user": "user",
	"-o": "ignored", "--output": "ignored", "-m": "ignored", "--max-time": "ignored", "--connect-timeout": "ignored", "--cacert": "ignored", "-w": "ignored", "--write-out": "ignored",
	"--resolve": "ignored", "-x": "ignored", "--proxy": "ignored", "--retry": "ignored", "--cert": "ignored", "-E": "ignored", "--key": "ignored", "--connect-to": "ignored", "-D": "ignored", "--dump-header": "ignored",
}

// curlFlags are options of curl without a value.
var curlFlags = map[string]bool{
	"--compressed": true, "-k": true, "--insecure": true, "-s": true, "--silent": true, "-S": true, "--show-error": true, "-v": true, "--verbose": true, "-i": true, "--include": true,
	"-L": true, "--location": true, "-f": true, "--fail": true, "--http1.1": true, "--http2": true, "--http2-prior-knowledge": true, "-g": true, "--globoff": true, "-N": true, "--no-buffer": true,
	"--path-as-is": true, "-4": true, "-6": true, "--http1.0": true, "-0": true, "--no-keepalive": true, "-#": true, "--progress-bar": true, "-sS": true, "-sv": true, "-ks": true, "-sk": true, "-si": true, "-vk": true, "-kv": true, "-sSf": true, "-fsS": true, "-fsSL": true,
}

// powerShell is what a command of PowerShell begins with, or has at the ends of its lines.
var powerShell = regexp.MustCompile("(?im)^(?:\\$session|\\$headers|Invoke-WebRequest|Invoke-RestMethod|iwr |irm |curl\\.exe )|`\\r?$")

// Curl reads a curl command as it is written for a shell, such as a browser's "Copy
// as cURL".
func Curl(command string, read func(name string) ([]byte, error)) (*Request, error) {
	command = strings.TrimPrefix(strings.TrimSpace(command), "$ ")
	if powerShell.MatchString(command) {
		return nil, errors.New("it is written for PowerShell; take 'Copy as cURL (bash)', or (POSIX)")
	}
	words, err := splitShell(command)
	if err != nil {
		return nil, err
	}
	if len(words) == 0 || words[0] != "curl" && !strings.HasSuffix(words[0], "/curl") {
		return nil, errors.New("it does not begin with curl")
	}
	a := Arguments{}
	for i := 1; i < len(words); i++ {
		word := words[i]
		switch {
		case !strings.HasPrefix(word, "-") || word == "-":
			if a.URL != "" {
				return nil, fmt.Errorf("it has two URLs, of which the second is %q", cut(word))
			}
			a.URL = word
			continue
		case word == "-G" || word == "--get":
			a.Get = true
			continue
		case word == "-I" || word == "--head":
			a.Method = "HEAD"
			continue
		case curlFlags[word]:
			continue
		}
		name, value, joined := word, "", false
		if strings.HasPrefix(word, "--") {
			name, value, joined = strings.Cut(word, "=")
		} else if len(word) > 2 {
			name, value, joined = word[:2], word[2:], true
		}
		use := curlValues[name]
		if use == "" {
			return nil, fmt.Errorf("its option %q is not one that is known here", cut(name))
		}
		if !joined {
			i++
			if i == len(words) {
				return nil, fmt.Errorf("its option %s has no value", name)
			}
			value = words[i]
		}
		err = a.take(use, value)
		if err != nil {
			return nil, err
		}
	}
	return Build(a, read)
}

// take adds what an option of curl says.
func (a *Arguments) take(use, value string) error {
	switch use {
	case "method":
		a.Method = value
	case "header":
		a.Headers = append(a.Headers, value)
	case "url":
		a.URL = value
	case "agent":
		a.Headers = append(a.Headers, "User-Agent: "+value)
	case "referer":
		a.Headers = append(a.Headers, "Referer: "+value)
	case "cookie":
		a.Headers = append(a.Headers, "Cookie: "+value)
	case "user":
		a.Headers = append(a.Headers, "Authorization: Basic "+base64.StdEncoding.EncodeToString([]byte(value)))
	case "raw":
		a.Data = append(a.Data, Data{Text: value})
	case "json":
		a.Headers = append(a.Headers, "Content-Type: application/json", "Accept: application/json")
		a.Data = append(a.Data, dataOf(value, false))
	case "data", "binary":
		a.Data = append(a.Data, dataOf(value, use == "data"))
	case "urlencode":
		name, content, named := strings.Cut(value, "=")
		if strings.Contains(name, "@") {
			return errors.New("its option --data-urlencode reads a file, which is not known here")
		}
		if !named {
			name, content = "", value
		}
		text := strings.ReplaceAll(url.QueryEscape(content), "+", "%20")
		if named && name != "" {
			text = name + "=" + text
		}
		a.Data = append(a.Data, Data{Text: text})
	}
	return nil
}

// dataOf reads the value of an option of curl for data: text, or @ and a file's name.
func dataOf(value string, stripped bool) Data {
	if strings.HasPrefix(value, "@") {
		return Data{File: value[1:], Stripped: stripped}
	}
	return Data{Text: value}
}

// DataOf reads data as --data and --data-binary of curl do: @ and a file's name, or
// the text. Nothing is taken out of a file.
func DataOf(value string) Data {
	return dataOf(value, false)
}
