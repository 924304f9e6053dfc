package main

import (
	"github.com/hookward/hookward/cmd/hookward/internal/capture"
	"github.com/hookward/hookward/cmd/hookward/internal/input"
)

// verifyRequest reads the request from wherever it is given.
func verifyRequest(o *verifyOptions, s streams) (*capture.Request, string) {
	read := func(name string) ([]byte, error) { return input.Read(name, s.stdin, capture.MaxBytes) }
	var r *capture.Request
	option, name := "--data", ""
	var err error
	switch {
	case o.request != "":
		option, name = "--request", o.request
	case o.har != "":
		option, name = "--har", o.har
	case o.curl != "":
		option, name = "--curl", o.curl
	}
	text := []byte{}
	if name != "" {
		text, err = read(name)
		if err != nil {
			return nil, option + ": " + err.Error()
		}
	}
	switch option {
	case "--request":
		r, err = capture.Raw(text)
		if err == nil && len(o.data) > 0 {
			err = r.SetBody(o.data[0], read)
		}
	case "--har":
		r, err = capture.HAR(text, o.entry)
	case "--curl":
		r, err = capture.Curl(string(text), read)
	default:
		a := capture.Arguments{Method: o.method, URL: o.url, Headers: o.headers}
		if a.URL == "" {
			a.URL = "/"
		}
		a.Data = o.data
		r, err = capture.Build(a, read)
	}
	if err != nil {
		return nil, option + ": " + err.Error()
	}
	return r, ""
}
