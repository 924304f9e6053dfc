package capture

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// har is what is read of an HTTP Archive 1.2.
// http://www.softwareishard.com/blog/har-12-spec/
type har struct {
	Log struct {
		Entries []struct {
			Request struct {
				Method   string     `json:"method"`
				URL      string     `json:"url"`
				Headers  []harPair  `json:"headers"`
				PostData *harPosted `json:"postData"`
			} `json:"request"`
		} `json:"entries"`
	} `json:"log"`
}

type harPair struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type harPosted struct {
	MimeType string    `json:"mimeType"`
	Text     *string   `json:"text"`
	Encoding string    `json:"encoding"` // base64, where some tools write it
	Params   []harPair `json:"params"`
}

// maxNamed bounds the entries that a problem lists.
const maxNamed = 20

// HAR reads the request of an entry, counted from 1. With 0, there must be one alone.
func HAR(text []byte, entry int) (*Request, error) {
	archive := har{}
	err := json.Unmarshal([]byte(strings.TrimPrefix(string(text), "\ufeff")), &archive)
	if err != nil {
		return nil, fmt.Errorf("it is no HAR: %w", err)
	}
	entries := archive.Log.Entries
	switch {
	case len(entries) == 0:
		return nil, errors.New("it has no log.entries")
	case entry < 0 || entry > len(entries):
		return nil, fmt.Errorf("it has %d entries, counted from 1", len(entries))
	case entry == 0 && len(entries) > 1:
		list := ""
		for i, e := range entries {
			if i == maxNamed {
				list += "\n  ..."
				break
			}
			list += fmt.Sprintf("\n  %d  %.8s %.100s", i+1, onOneLine(e.Request.Method), onOneLine(strings.SplitN(e.Request.URL, "?", 2)[0]))
		}
		return nil, fmt.Errorf("it has %d entries; say which one is meant:%s", len(entries), list)
	case entry == 0:
		entry = 1
	}
	e := entries[entry-1].Request
	r, err := newRequest(e.Method, e.URL)
	if err != nil {
		return nil, err
	}
	host := r.Host
	for _, h := range e.Headers {
		if strings.HasPrefix(h.Name, ":") {
			continue // HTTP/2's, which are in method and url
		}
		err = r.addHeader(h.Name, h.Value)
		if err != nil {
			return nil, err
		}
	}
	if r.Host == "" {
		r.Host = host
	}
	if e.PostData != nil {
		r.Body, err = postedBody(*e.PostData, r)
		if err != nil {
			return nil, err
		}
	}
	return r.finished()
}

// onOneLine takes the line ends out of what a list has a line for.
func onOneLine(text string) string {
	return strings.Join(strings.Fields(text), " ")
}

// postedBody returns the bytes of postData.
func postedBody(p harPosted, r *Request) ([]byte, error) {
	if p.Text != nil && (*p.Text != "" || len(p.Params) == 0) {
		if p.Encoding == "base64" {
			b, err := base64.StdEncoding.DecodeString(*p.Text)
			if err != nil {
				return nil, errors.New("postData.text is not base64, which postData.encoding says")
			}
			return b, nil
		}
		if p.Encoding != "" {
			return nil, fmt.Errorf("postData.encoding is %q; known is base64", p.Encoding)
		}
		if strings.Contains(*p.Text, "\ufffd") {
			r.note("the body in the HAR has signs in it that could not be read as text: they were other bytes once")
		}
		return []byte(*p.Text), nil
	}
	if len(p.Params) == 0 {
		return nil, nil
	}
	if !strings.HasPrefix(strings.ToLower(p.MimeType), "application/x-www-form-urlencoded") {
		return nil, errors.New("postData has params and no text, so that the bytes of the body are not known")
	}
	pairs := make([]string, 0, len(p.Params))
	for _, param := range p.Params {
		pairs = append(pairs, url.QueryEscape(plainParam(param.Name))+"="+url.QueryEscape(plainParam(param.Value)))
	}
	r.note("the body is put together from the HAR's params; how it was escaped is a guess")
	return []byte(strings.Join(pairs, "&")), nil
}

// plainParam undoes the escapes that Chrome leaves in params.
func plainParam(text string) string {
	plain, err := url.QueryUnescape(text)
	if err != nil {
		return text
	}
	return plain
}
