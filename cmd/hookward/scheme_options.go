package main

import (
	"errors"
	"flag"
	"fmt"
	"path/filepath"
	"strings"
)

// texts is an option that may be given several times.
type texts []string

func (t *texts) String() string { return "" }

func (t *texts) Set(text string) error {
	*t = append(*t, text)
	return nil
}

// schemeOptions are the options that say how deliveries are signed, in the words of a
// gate's configuration.
type schemeOptions struct {
	provider                      string
	secrets, publicKeys, settings texts
}

func (o *schemeOptions) define(flags *flag.FlagSet) {
	flags.StringVar(&o.provider, "provider", "", "the `SLUG` of the provider; 'hookward providers' lists them")
	flags.Var(&o.secrets, "secret", "the secret, `env:NAME` or file:/path; several times, as the gate has\nthem: newest first")
	flags.Var(&o.settings, "set", "an option of the gate, `NAME=VALUE`, such as\nsignature.header=X-Signature; several times")
}

// into puts the options into a configuration, over what that has.
func (o *schemeOptions) into(raw map[string]any) error {
	if o.provider != "" {
		raw[keyIn(raw, "provider")] = o.provider
	}
	err := replaceKeys(raw, "secrets", "--secret", o.secrets, reference)
	if err != nil {
		return err
	}
	err = replaceKeys(raw, "publicKeys", "--public-key", o.publicKeys, publicKey)
	if err != nil {
		return err
	}
	s := settings{raw: raw, given: map[string]bool{}}
	for i, setting := range o.settings {
		name, value, err := nameOf(setting)
		if err != nil {
			return fmt.Errorf("--set: number %d %w", i+1, err)
		}
		if holdsSecret(name) {
			value, err = reference(value)
		}
		if err == nil {
			err = s.set(name, value)
		}
		if err != nil {
			return fmt.Errorf("--set %s: %w", name, err)
		}
	}
	switch {
	case o.provider != "" && s.given[".provider"]:
		return errors.New("--set provider contradicts --provider")
	case len(o.secrets) > 0 && s.given[".secrets"]:
		return errors.New("--set secrets contradicts --secret")
	case len(o.publicKeys) > 0 && s.given[".publickeys"]:
		return errors.New("--set publicKeys contradicts --public-key")
	}
	return nil
}

// replaceKeys replaces a list of secrets or keys by those of an option, if there are any.
func replaceKeys(raw map[string]any, name, option string, values texts, read func(text string) (string, error)) error {
	list := []any{}
	for _, value := range values {
		text, err := read(value)
		if err != nil {
			return fmt.Errorf("%s: %w", option, err)
		}
		list = append(list, text)
	}
	if len(list) > 0 {
		raw[keyIn(raw, name)] = list
	}
	return nil
}

var (
	errNoReference = errors.New("must be env:NAME or file:/path")
	errInClear     = fmt.Errorf("%w; every user of the machine can read a command line", errNoReference)
)

// reference returns a reference to a secret as the plugin takes it, with the whole path
// of a file. The error has nothing of the text, which may be the secret.
func reference(text string) (string, error) {
	scheme, rest, _ := strings.Cut(text, ":")
	switch {
	case rest == "":
		return "", errInClear
	case scheme == "env":
		return text, nil
	case scheme == "file":
		path, err := filepath.Abs(rest)
		return "file:" + path, err
	}
	return "", errInClear
}

// publicKey returns a public key as the plugin takes it, or a reference to one.
func publicKey(text string) (string, error) {
	if strings.HasPrefix(text, "file:") {
		return reference(text)
	}
	return text, nil
}

// secretNames are the options that are written like a secret, wherever they stand, in
// lower case. A test holds them against those that the plugin takes for secrets.
var secretNames = []string{"secrets", "verifytoken", "password", "chainkey", "token", "apikey", "key"}

// holdsSecret says whether an option of this path is a secret. The section token is none.
func holdsSecret(path string) bool {
	path = strings.ToLower(path)
	last := path[strings.LastIndex(path, ".")+1:]
	last, _, _ = strings.Cut(last, "[")
	for _, name := range secretNames {
		if last == name && path != "token" {
			return true
		}
	}
	return false
}
