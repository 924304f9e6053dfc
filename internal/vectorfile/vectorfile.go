// Package vectorfile reads testdata/vectors, for the tests of the plugin and for those
// in the real Traefik. It must not know what the gate makes of them.
//
// A file shows one thing: lines of "key: value", an empty line, and the body to the end
// of the file.
//
//	source    who has published it, or what it is derived from
//	comment   what it shows
//	option    name=value of the middleware's configuration; list[]=value appends; a
//	          value in double quotes has the escapes of a string in Go
//	method    POST where it is missing
//	url       path and query; /hooks where it is missing
//	header    Name: value
//	now       seconds since 1970, where the sender's time is signed
//	expect    the reason of the decision
//	answer    what a handshake is answered with
package vectorfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// least is how many files there are, so that none goes missing.
const least = 267

// Vector is what one file says.
type Vector struct {
	Name    string // DIRECTORY/FILE
	Options map[string]any
	Method  string
	URL     string
	Headers []string
	Now     time.Time // zero where the file has none
	Expect  string
	Answer  string
	Body    string
}

// ReadAll reads the vectors of the repository that is at root.
func ReadAll(root string) ([]Vector, error) {
	directory := filepath.Join(root, "testdata", "vectors")
	paths, err := filepath.Glob(filepath.Join(directory, "*", "*"))
	if err != nil {
		return nil, err
	}
	if len(paths) < least {
		return nil, fmt.Errorf("%s has %d vectors, want at least %d: some are missing", directory, len(paths), least)
	}
	all := []Vector{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		v, err := parse(string(text))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		v.Name = filepath.Base(filepath.Dir(path)) + "/" + filepath.Base(path)
		all = append(all, v)
	}
	return all, nil
}

// parse reads the text of a file.
func parse(text string) (Vector, error) {
	v := Vector{Options: map[string]any{}, Method: "POST", URL: "/hooks"}
	head, body, ok := strings.Cut(text, "\n\n")
	if !ok {
		return v, fmt.Errorf("no empty line")
	}
	v.Body = body
	source := ""
	for _, line := range strings.Split(head, "\n") {
		key, value, _ := strings.Cut(line, ": ")
		var err error
		switch key {
		case "source":
			source = value
		case "comment":
		case "option":
			err = setOption(v.Options, value)
		case "method":
			v.Method = value
		case "url":
			v.URL = value
		case "header":
			v.Headers = append(v.Headers, value)
		case "now":
			var n int64
			n, err = strconv.ParseInt(value, 10, 64)
			v.Now = time.Unix(n, 0)
		case "expect":
			v.Expect = value
		case "answer":
			v.Answer = value
		default:
			err = fmt.Errorf("unknown key")
		}
		if err != nil {
			return v, fmt.Errorf("%s: %w", line, err)
		}
	}
	if source == "" || v.Expect == "" {
		return v, fmt.Errorf("no source, or nothing to expect")
	}
	return v, nil
}

// setOption adds what a line says to the configuration.
func setOption(options map[string]any, line string) error {
	name, text, _ := strings.Cut(line, "=")
	if strings.HasPrefix(text, `"`) {
		quoted, err := strconv.Unquote(text)
		if err != nil {
			return err
		}
		text = quoted
	}
	set(options, name, text)
	return nil
}

func set(options map[string]any, name, text string) {
	section, rest, nested := strings.Cut(name, ".")
	if nested {
		if options[section] == nil {
			options[section] = map[string]any{}
		}
		set(options[section].(map[string]any), rest, text)
		return
	}
	if !strings.HasSuffix(name, "[]") {
		options[name] = text
		return
	}
	name = strings.TrimSuffix(name, "[]")
	list, _ := options[name].([]any)
	options[name] = append(list, text)
}
