package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A colour, as a terminal is told it (ECMA-48, SGR).
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
	faint  = "2"
)

// isTerminal reports whether w is a terminal that a person looks at. NO_COLOR
// (https://no-color.org) and TERM=dumb say that it is none for us.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// paint returns the text in a colour if w is a terminal, and as it is otherwise.
func paint(w io.Writer, colour, text string) string {
	if !isTerminal(w) {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// printable replaces what a terminal would act upon, but for line ends and tabs: an
// answer is a stranger's text.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// oneLine is printable for what must stay on its line: names come from files.
func oneLine(text string) string {
	return strings.NewReplacer("\n", string(unicode.ReplacementChar), "\t", string(unicode.ReplacementChar)).Replace(printable(text))
}

// counted returns a number with what is counted.
func counted(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// hasControl says whether a text has what a terminal may act upon, beside the characters
// that are allowed: control characters, C1 too (ECMA-48, 5.3), also as single bytes, which
// are no UTF-8.
func hasControl(text, allowed string) bool {
	return !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool {
		return unicode.IsControl(r) && !strings.ContainsRune(allowed, r)
	})
}

// printJSON prints what --json asks for. Of control characters JSON has to escape those
// below U+0020 alone (RFC 8259, 7), and a terminal acts upon others.
func printJSON(w io.Writer, value any) error {
	text := bytes.Buffer{}
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, escaped(text.String()))
	return err
}

// printJSONLine prints a value as one line of JSON.
func printJSONLine(w io.Writer, value any) error {
	text := bytes.Buffer{}
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, escaped(text.String()))
	return err
}

// escaped escapes what JSON need not escape, and a terminal acts upon. It can stand in
// strings only.
func escaped(text string) string {
	b := strings.Builder{}
	for _, r := range text {
		if r == '\n' || unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, "\\u%04x", unit)
		}
	}
	return b.String()
}

// table prints rows in columns, of which the first has their names.
func table(rows [][]string, w io.Writer) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, text := range row {
			if len([]rune(text)) > widths[i] {
				widths[i] = len([]rune(text))
			}
		}
	}
	text := strings.Builder{}
	for n, row := range rows {
		line := ""
		for i, cell := range row {
			line += cell + strings.Repeat(" ", widths[i]-len([]rune(cell))+2)
		}
		line = strings.TrimRight(line, " ")
		if n == 0 {
			line = paint(w, bold, line)
		}
		text.WriteString(line + "\n")
	}
	return text.String()
}
