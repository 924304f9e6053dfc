package main

import (
	"bytes"
	"encoding/base64"
	"errors"
	"strconv"
	"strings"

	"github.com/hookward/hookward/signer"
)

// pasteable returns what of a delivery can't stand in text that is pasted into a
// terminal. The body has another way.
func pasteable(d signer.Delivery) error {
	for _, name := range sortedNames(d.Header) {
		for _, value := range d.Header[name] {
			if hasControl(value, "\t") {
				return errors.New("--print: the header " + name + " has control characters, or is no UTF-8")
			}
		}
	}
	if hasControl(d.URL, "") {
		return errors.New("--print: the URL has control characters, or is no UTF-8")
	}
	return nil
}

// curlCommand returns a command for a POSIX shell that sends a signed delivery, byte
// for byte.
func curlCommand(d signer.Delivery, p *plan, o *sendOptions) string {
	before := ""
	body := shellQuoted(string(d.Body))
	switch {
	case p.dataFile != "" && bytes.Equal(d.Body, p.data) && !hasControl(p.dataFile, ""):
		body = shellQuoted("@" + p.dataFile)
	case hasControl(string(d.Body), "\n\t"):
		// No argument can hold some of these, and others end a paste into a terminal, so
		// that what follows is run.
		before = "printf %s " + shellQuoted(base64.StdEncoding.EncodeToString(d.Body)) + " | base64 -d | "
		body = "@-"
	}
	option := "--data-binary "
	if body == shellQuoted(string(d.Body)) && bytes.HasPrefix(d.Body, []byte("@")) {
		option = "--data-raw " // which takes it for no file
	}
	lines := []string{before + "curl --include --globoff --path-as-is --max-time " + strconv.Itoa(int((o.timeout+999999999)/1000000000)) + " --request " + shellQuoted(d.Method)}
	for _, name := range sortedNames(d.Header) {
		for _, value := range d.Header[name] {
			if value == "" {
				lines = append(lines, "--header "+shellQuoted(name+";"))
			} else {
				lines = append(lines, "--header "+shellQuoted(name+": "+value))
			}
		}
	}
	if o.insecure {
		lines = append(lines, "--insecure")
	}
	if o.connectTo != "" {
		lines = append(lines, "--noproxy '*' --connect-to "+shellQuoted("::"+o.connectTo))
	}
	return strings.Join(append(lines, option+body, shellQuoted(d.URL)), " \\\n  ") + "\n"
}

// shellQuoted returns a text as one word of a POSIX shell, in which no character has a
// meaning.
func shellQuoted(text string) string {
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
