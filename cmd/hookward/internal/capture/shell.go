package capture

import (
	"errors"
	"strconv"
	"strings"
)

// splitShell cuts a command into words as a POSIX shell does, and bash with $'...'
// (Bash manual, 3.1.2.4), which browsers write. Nothing is expanded: a command that
// needs that, or that has another behind it, is refused.
func splitShell(text string) ([]string, error) {
	words := []string{}
	word := strings.Builder{}
	inWord := false
	text = strings.TrimRight(strings.ReplaceAll(text, "\r\n", "\n"), " \t\n")
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n':
			if inWord {
				words = append(words, word.String())
				word.Reset()
				inWord = false
			}
			continue
		case c == '\\' && strings.HasPrefix(text[i+1:], "\n"):
			i++
			continue
		case c == '\\':
			if i+1 == len(text) {
				return nil, errors.New("it ends in a backslash")
			}
			i++
			word.WriteByte(text[i])
		case c == '\'':
			end := strings.IndexByte(text[i+1:], '\'')
			if end < 0 {
				return nil, errors.New("a single quote is not closed")
			}
			word.WriteString(text[i+1 : i+1+end])
			i += end + 1
		case c == '"':
			n, err := doubleQuoted(text[i+1:], &word)
			if err != nil {
				return nil, err
			}
			i += n
		case c == '$' && strings.HasPrefix(text[i+1:], "'"):
			n, err := ansiQuoted(text[i+2:], &word)
			if err != nil {
				return nil, err
			}
			i += n + 1
		case c == '$' || c == '`':
			return nil, errors.New("it has something for a shell to expand (" + string(c) + "); write what that stands for")
		case c == '^' && (i+1 == len(text) || strings.ContainsRune("\n\"", rune(text[i+1]))):
			return nil, errors.New("it is written for cmd.exe; take 'Copy as cURL (bash)', or (POSIX)")
		case strings.IndexByte(";|&<>()", c) >= 0:
			return nil, errors.New("it has more than one command (" + string(c) + "), or quotes are missing around that")
		default:
			word.WriteByte(c)
		}
		inWord = true
	}
	if inWord {
		words = append(words, word.String())
	}
	return words, nil
}

// doubleQuoted reads on to a double quote, and returns how many bytes that took.
func doubleQuoted(text string, word *strings.Builder) (int, error) {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			return i + 1, nil
		case c == '\\' && i+1 < len(text) && strings.IndexByte("$`\"\\\n", text[i+1]) >= 0:
			i++
			if text[i] != '\n' {
				word.WriteByte(text[i])
			}
		case c == '$' && i+1 < len(text) && strings.IndexByte("\" ", text[i+1]) < 0 || c == '`':
			return 0, errors.New("it has something for a shell to expand (" + string(c) + "); write what that stands for")
		default:
			word.WriteByte(c)
		}
	}
	return 0, errors.New("a double quote is not closed")
}

var ansiEscapes = map[byte]byte{'a': 7, 'b': 8, 'e': 27, 'E': 27, 'f': 12, 'n': 10, 'r': 13, 't': 9, 'v': 11, '\\': '\\', '\'': '\'', '"': '"', '?': '?'}

// ansiQuoted reads on to the quote that ends $'..., and returns how many bytes that
// took.
func ansiQuoted(text string, word *strings.Builder) (int, error) {
	for i := 0; i < len(text); i++ {
		if text[i] == '\'' {
			return i + 1, nil
		}
		if text[i] != '\\' || i+1 == len(text) {
			word.WriteByte(text[i])
			continue
		}
		i++
		plain, known := ansiEscapes[text[i]]
		if known {
			word.WriteByte(plain)
			continue
		}
		base, most, start := 16, 0, i+1
		switch text[i] {
		case 'x':
			most = 2
		case 'u':
			most = 4
		case 'U':
			most = 8
		default:
			base, most, start = 8, 3, i
		}
		end := start
		for end < len(text) && end-start < most && isDigit(text[end], base) {
			end++
		}
		n, err := strconv.ParseUint(text[start:end], base, 32)
		if err != nil {
			return 0, errors.New("it has an escape \\" + text[i:i+1] + " that is not known")
		}
		if text[i] == 'u' || text[i] == 'U' {
			word.WriteRune(rune(n))
		} else {
			word.WriteByte(byte(n))
		}
		i = end - 1
	}
	return 0, errors.New("a quote is not closed")
}

func isDigit(c byte, base int) bool {
	_, err := strconv.ParseUint(string(rune(c)), base, 8)
	return err == nil
}
