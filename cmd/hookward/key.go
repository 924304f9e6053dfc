package main

import (
	"errors"
	"os"
	"strings"

	"github.com/hookward/hookward/internal/plainfile"
)

const maxKeyBytes = 64 << 10

// readKey returns the key that a reference leads to: the text of an environment
// variable, or of a file without its last newline, as the plugin reads it. A key is
// never taken from the command line, where every user of the machine can read it.
func readKey(reference string) ([]byte, error) {
	scheme, rest, _ := strings.Cut(reference, ":")
	text := ""
	switch scheme {
	case "env":
		text = os.Getenv(rest)
		if text == "" {
			return nil, errors.New("environment variable " + rest + " is not set, or empty")
		}
	case "file":
		content, problem := plainfile.Read(plainfile.Look(rest), maxKeyBytes)
		if problem != "" {
			return nil, errors.New("file " + rest + " " + strings.Replace(problem, "Traefik's user", "you", 1))
		}
		text = strings.TrimSuffix(string(content), "\n")
		if len(text) < len(content) {
			text = strings.TrimSuffix(text, "\r")
		}
	default:
		return nil, errNoReference
	}
	if strings.TrimSpace(text) == "" {
		return nil, errors.New("is empty or blank")
	}
	return []byte(text), nil
}
