package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// schemeOptions are the gate's options that say how a delivery is signed.
var schemeOptions = []string{"provider", "publicKeys", "senders", "publicURL", "signature", "token", "tolerance"}

// configurationOf returns the gate's configuration that the options stand for.
func configurationOf(o *sendOptions) (map[string]any, error) {
	raw := map[string]any{}
	if o.provider == "" && len(o.sets) == 0 {
		return nil, errors.New("--provider: is required ('hookward providers' lists them), or --set signature.header=NAME and what else describes a scheme")
	}
	if o.provider != "" {
		raw["provider"] = o.provider
	}
	for i, reference := range o.secrets {
		kind, rest, _ := strings.Cut(reference, ":")
		if kind != "env" && kind != "file" {
			return nil, fmt.Errorf("--secret: number %d must be env:NAME or file:/path; a secret on the command line is seen by everybody", i+1)
		}
		if kind == "file" {
			path, err := filepath.Abs(rest)
			if err != nil {
				return nil, errors.New("--secret: " + err.Error())
			}
			o.secrets[i] = "file:" + path
		}
	}
	if len(o.secrets) > 0 {
		list := []any{}
		for _, reference := range o.secrets {
			list = append(list, reference)
		}
		raw["secrets"] = list
	}
	for _, text := range o.sets {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return nil, fmt.Errorf("--set: %q must be NAME=VALUE, such as signature.header=X-Signature", name)
		}
		top, _, _ := strings.Cut(strings.ReplaceAll(name, "[", "."), ".")
		if strings.EqualFold(top, "secrets") {
			return nil, errors.New("--set secrets: give --secret")
		}
		known := ""
		for _, option := range schemeOptions {
			if strings.EqualFold(option, top) {
				known = option
			}
		}
		if known == "" {
			return nil, fmt.Errorf("--set %s: does not describe how a delivery is signed; allowed: %s", name, strings.Join(schemeOptions, ", "))
		}
		if err := setOption(raw, known+name[len(top):], value); err != nil {
			return nil, fmt.Errorf("--set %s: %w", name, err)
		}
	}
	return raw, nil
}

// setOption writes an option under its path, such as signature.alternatives[0].format.
// One that is given again is a list.
func setOption(section map[string]any, path, value string) error {
	name, rest, nested := strings.Cut(path, ".")
	key, index, indexed := strings.Cut(name, "[")
	if key == "" {
		return errors.New("is not the path of an option")
	}
	if indexed {
		n, err := strconv.Atoi(strings.TrimSuffix(index, "]"))
		list, isList := section[key].([]any)
		if err != nil || !strings.HasSuffix(index, "]") || n < 0 || n > len(list) || section[key] != nil && !isList {
			return errors.New("the position in a list must be a number in brackets, from 0 on")
		}
		if n == len(list) {
			list = append(list, nil)
		}
		section[key] = list
		if !nested {
			list[n] = value
			return nil
		}
		item, _ := list[n].(map[string]any)
		if item == nil {
			item = map[string]any{}
			list[n] = item
		}
		return setOption(item, rest, value)
	}
	if nested {
		inner, ok := section[key].(map[string]any)
		if !ok && section[key] != nil {
			return errors.New(key + " has a value already")
		}
		if inner == nil {
			inner = map[string]any{}
			section[key] = inner
		}
		return setOption(inner, rest, value)
	}
	switch old := section[key].(type) {
	case nil:
		section[key] = value
	case string:
		section[key] = []any{old, value}
	case []any:
		section[key] = append(old, value)
	default:
		return errors.New("is a section")
	}
	return nil
}

// maxDataBytes bounds the body, which is held in memory.
const maxDataBytes = 1 << 30

// readData reads the body, or takes the example of the provider.
func (p *plan) readData(s streams) error {
	switch {
	case p.o.data == "":
		p.generated = true
		example := exampleOf(p.o.provider, p.o.event)
		if p.delivery.Event == "" {
			p.delivery.Event = example.event
		}
		if example.body == "" {
			return nil
		}
		p.delivery.Body = []byte(example.body)
		if example.contentType != "" && p.delivery.Header.Get("Content-Type") == "" {
			p.delivery.Header.Set("Content-Type", example.contentType)
		}
		return nil
	case !strings.HasPrefix(p.o.data, "@"):
		p.delivery.Body = []byte(p.o.data)
		return nil
	case p.o.data == "@-":
		return p.readFrom(s.stdin)
	}
	f, err := os.Open(p.o.data[1:])
	if err != nil {
		return errors.New("--data: " + err.Error())
	}
	defer func() { _ = f.Close() }()
	p.dataFile = p.o.data[1:]
	return p.readFrom(f)
}

func (p *plan) readFrom(r io.Reader) error {
	body, err := io.ReadAll(io.LimitReader(r, maxDataBytes+1))
	if err != nil {
		return errors.New("--data: " + err.Error())
	}
	if len(body) > maxDataBytes {
		return fmt.Errorf("--data: is larger than %d bytes", maxDataBytes)
	}
	p.delivery.Body = body
	p.data = body
	return nil
}

// ownHeaders are what the request says of itself.
var ownHeaders = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Upgrade"}

// addHeaders adds headers as they are written.
func addHeaders(header http.Header, lines []string) error {
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !ok || !isToken(name) || strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
			return fmt.Errorf("--header: %q must be 'NAME: VALUE', without control characters", name)
		}
		for _, own := range ownHeaders {
			if strings.EqualFold(own, name) {
				return fmt.Errorf("--header %s: follows from the URL and the body; --connect-to calls another address under the URL's name", own)
			}
		}
		header.Add(name, value)
	}
	return nil
}

// isToken reports whether a text is a token, RFC 9110, 5.6.2.
func isToken(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune("\"(),/:;<=>?@[\\]{}", r)
	})
}

func isAddress(text string) bool {
	host, port, err := net.SplitHostPort(text)
	n, wrong := strconv.ParseUint(port, 10, 16)
	return err == nil && wrong == nil && n > 0 && host != ""
}

// intervalOf returns the time between two deliveries at a rate such as 50/s.
func intervalOf(rate string) (time.Duration, error) {
	if rate == "" {
		return 0, nil
	}
	text, unit, _ := strings.Cut(rate, "/")
	period := map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}[unit]
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || period == 0 || !(n > 0) || n > 1e6 || float64(period)/n > float64(24*time.Hour) {
		return 0, errors.New("--rate: must be a number and /s, /m or /h, such as 50/s, of at most 1000000 and at least one a day")
	}
	return time.Duration(float64(period) / n), nil
}

// newID returns a random UUID, RFC 9562, version 4.
func newID() string {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		panic(err) // there is no randomness, and no way to go on
	}
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
