package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/cmd/hookward/internal/input"
)

// schemeNames are the gate's options that say how a delivery is signed.
var schemeNames = []string{"provider", "secrets", "publicKeys", "senders", "publicURL", "signature", "token", "jwt", "tolerance"}

// configurationOf returns the gate's configuration that the options stand for.
func configurationOf(o *sendOptions, s streams) (map[string]any, error) {
	switch {
	case len(o.config) == 0 && (o.middleware != "" || o.plugin != ""):
		return nil, errors.New("--middleware and --plugin belong to --config")
	case len(o.config) > 0 && o.provider != "":
		return nil, errors.New("--provider contradicts --config")
	case o.provider == "" && len(o.settings) == 0 && len(o.config) == 0:
		return nil, errors.New("--provider: is required ('hookward providers' lists them), or --config FILE, or --set signature.header=NAME and what else describes a scheme")
	}
	for _, setting := range o.settings {
		name, _, err := nameOf(setting)
		top, _, _ := strings.Cut(strings.ReplaceAll(name, "[", "."), ".")
		if err == nil && top != "" && !isSchemeName(top) {
			return nil, fmt.Errorf("--set %s: does not describe how a delivery is signed; allowed: %s", name, strings.Join(schemeNames, ", "))
		}
	}
	raw, err := schemeOfGate(o, s)
	if err != nil {
		return nil, err
	}
	return raw, o.into(raw)
}

// schemeOfGate returns what the gate in --config says of how deliveries are signed.
func schemeOfGate(o *sendOptions, s streams) (map[string]any, error) {
	raw := map[string]any{}
	if len(o.config) == 0 {
		return raw, nil
	}
	gate, notes, problem := o.findGate(s)
	if problem != "" {
		return nil, errors.New("--config: " + oneLine(problem))
	}
	o.hide = gate.Hide
	for _, note := range notes {
		fmt.Fprintln(s.stderr, "hookward send: "+note)
	}
	for name, value := range gate.Options {
		if isSchemeName(name) {
			raw[name] = value
		}
	}
	if option := resolvedOption(gate, raw); option != "" && len(o.secrets) == 0 {
		return nil, errors.New("--config: " + option + ": is resolved by Traefik, out of a secret of Kubernetes; give it here with --secret env:NAME")
	}
	return raw, nil
}

func isSchemeName(name string) bool {
	for _, known := range schemeNames {
		if strings.EqualFold(known, name) {
			return true
		}
	}
	return false
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
	}
	name := p.o.data[1:]
	body, err := input.Read(name, s.stdin, maxDataBytes)
	if err != nil {
		return errors.New("--data: " + err.Error())
	}
	p.delivery.Body = body
	p.data = body
	if name != "-" {
		p.dataFile = name
	}
	return nil
}

// ownHeaders are what the request says of itself.
var ownHeaders = []string{"Host", "Content-Length", "Transfer-Encoding", "Connection", "Trailer", "Upgrade"}

// addHeaders adds headers as they are written.
func addHeaders(header http.Header, lines []string) error {
	for _, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		value = strings.Trim(value, " \t")
		if !ok || !isToken(name) || hasControl(value, "\t") {
			return fmt.Errorf("--header: %q must be 'NAME: VALUE', in UTF-8 and without control characters", name)
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
