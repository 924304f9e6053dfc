package main

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"
	"unicode/utf8"

	plugin "github.com/hookward/hookward"
)

// curlCommand returns a command for a POSIX shell that sends a signed delivery, byte
// for byte.
func curlCommand(d plugin.Delivery, p *plan, o *sendOptions) string {
	before := ""
	body := shellQuoted(string(d.Body))
	switch {
	case p.dataFile != "" && bytes.Equal(d.Body, p.data) && !strings.ContainsAny(p.dataFile, "\n\x00"):
		body = shellQuoted("@" + p.dataFile)
	case bytes.IndexByte(d.Body, 0) >= 0 || !utf8.Valid(d.Body):
		// No argument can hold these.
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
