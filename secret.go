package hookward

import (
	"crypto/sha1"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/plainfile"
)

// publicKeyEncoding is the encoding of what is no secret: of the option
// publicKeys, which is written like one.
const publicKeyEncoding = "publicKey"

// certificateEncoding is that of certificates, which are written like a secret, too.
const certificateEncoding = "certificate"

// maxSecretBytes bounds what is read from a secret's file.
const maxSecretBytes = 64 << 10

// secret is a resolved entry of the option secrets: a key, or a problem in
// words that give nothing of the key away.
type secret struct {
	key      []byte
	text     string // that the key was read from
	problem  string
	degraded string            // why the key is not the one that was asked for
	warnings []problem         // without a path
	files    []plainfile.State // where the key came from, if from a file
}

func addSecretWarning(s *secret, kind, text string) {
	s.warnings = append(s.warnings, problem{kind: kind, text: text})
}

var environmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// resolveSecret turns a reference, or a literal, into a key.
func resolveSecret(ref, encoding string) secret {
	scheme, rest, _ := strings.Cut(ref, ":")
	switch {
	case scheme == "env":
		return environmentSecret(rest, encoding)
	case scheme == "file":
		return fileSecret(rest, encoding)
	case strings.EqualFold(strings.TrimSpace(scheme), "env") || strings.EqualFold(strings.TrimSpace(scheme), "file"):
		return secret{problem: "looks like a reference; write env:NAME or file:/path, in lower case and without spaces"}
	}
	mistaken := mistakenSecret(ref)
	if mistaken != "" && (encoding != publicKeyEncoding || strings.Trim(ref, "0") != "") { // see smallOrder
		return secret{problem: mistaken}
	}
	s := decodeSecret(ref, encoding)
	if s.problem == "" && encoding != publicKeyEncoding && encoding != certificateEncoding {
		addSecretWarning(&s, kindInClear, "is written in clear, and Traefik shows plugin options in its API and its debug log; write env:NAME or file:/path")
	}
	return s
}

func environmentSecret(name, encoding string) secret {
	if !environmentName.MatchString(name) {
		return secret{problem: "env: must be followed by the name of one environment variable (letters, digits, underscore)"}
	}
	text := os.Getenv(name)
	if text == "" {
		return secret{problem: "environment variable " + name + " is not set, or empty, in Traefik's environment"}
	}
	s := decodeSecret(text, encoding)
	if s.problem != "" {
		s.problem = "environment variable " + name + " " + s.problem
	}
	return s
}

// The last usable text of each secret's file, by encoding and path. It outlives the
// handlers: Traefik may build new ones in the moment in which a file is being
// rewritten.
var (
	usableMu sync.Mutex
	usable   = map[string]string{}
)

// fileSecret reads a key from a file. Where that fails and the file was usable
// before, the key stays what it was.
func fileSecret(path, encoding string) secret {
	if !strings.HasPrefix(path, "/") {
		return secret{problem: "file: must be followed by an absolute path"}
	}
	state := plainfile.Look(path)
	text, problem := readSecretFile(state)
	s := secret{problem: problem}
	if problem == "" {
		s = decodeSecret(text, encoding)
	}

	// By encoding too: what is a usable text is not always usable base64.
	name := encoding + ":" + path
	usableMu.Lock()
	last, known := usable[name]
	if s.problem == "" {
		usable[name] = text
	}
	usableMu.Unlock()

	if s.problem != "" {
		s.problem = "file " + path + " " + s.problem
		old := decodeSecret(last, encoding)
		if known && old.problem == "" {
			s = secret{key: old.key, text: last, degraded: s.problem + "; the last usable content stays in force"}
		}
	}
	if plainfile.WritableByAll(state) {
		addSecretWarning(&s, kindInvalid, "file "+path+" may be written by everybody on this machine")
	}
	s.files = []plainfile.State{state}
	return s
}

// readSecretFile returns the file's text without its last newline, or what is
// wrong with it.
func readSecretFile(state plainfile.State) (string, string) {
	b, problem := plainfile.Read(state, maxSecretBytes)
	text := strings.TrimSuffix(string(b), "\n")
	if len(text) < len(b) {
		text = strings.TrimSuffix(text, "\r")
	}
	return text, problem
}

// decodeSecret turns a secret's text into the key, by the option
// signature.secretEncoding.
func decodeSecret(text, encoding string) secret {
	unusable := unusableText(text, encoding)
	if unusable != "" {
		return secret{problem: unusable}
	}
	if len(text) > maxSecretBytes {
		return secret{problem: fmt.Sprintf("is larger than %d bytes, the most that a secret may have", maxSecretBytes)}
	}
	var key []byte
	var err error
	switch encoding {
	case "hex":
		key, err = hex.DecodeString(text)
	case "base64":
		key, err = decodeBase64Key(text)
	case "whsec":
		// Supabase writes v1,whsec_.
		key, err = decodeBase64Key(strings.TrimPrefix(strings.TrimPrefix(text, "v1,"), "whsec_"))
	case "sha1":
		sum := sha1.Sum([]byte(text))
		key = sum[:]
	case publicKeyEncoding:
		_, problem := parsePublicKey(text)
		return secret{key: []byte(text), problem: problem}
	default: // utf8
		key = []byte(text)
	}
	if err != nil {
		if encoding == "whsec" {
			encoding = "base64 after an optional whsec_"
		}
		problem := "is not " + encoding + ", which signature.secretEncoding says"
		if strings.TrimSpace(text) != text {
			problem += "; it has white space around it"
		}
		return secret{problem: problem}
	}
	unusable = unusableKey(key)
	if unusable != "" {
		return secret{problem: unusable}
	}
	s := secret{key: key, text: text}
	weak := weakText(text, key)
	if weak != "" {
		addSecretWarning(&s, kindWeakSecret, weak)
	}
	odd := oddText(text)
	if odd != "" {
		addSecretWarning(&s, kindInvalid, odd)
	}
	return s
}

// oddText says what a text has around it that was hardly meant to be part of the key.
// A key in PEM may stand in any white space.
func oddText(text string) string {
	bare := strings.TrimSpace(text)
	if strings.HasPrefix(bare, "-----BEGIN ") {
		return ""
	}
	if bare != text {
		return "has white space around it, which is part of the key; is that meant?"
	}
	first, _ := utf8.DecodeRuneInString(text)
	final, _ := utf8.DecodeLastRuneInString(text)
	if unicode.In(first, unicode.Cf, unicode.Cc) || unicode.In(final, unicode.Cf, unicode.Cc) {
		return "has a character around it that can't be seen, such as U+200B, which is part of the key; is that meant?"
	}
	last := len(bare) - 1
	if last > 0 && (bare[0] == '"' || bare[0] == '\'') && bare[0] == bare[last] {
		return "is in quotes, which are part of the key; is that meant?"
	}
	return ""
}

// decodeBase64Key accepts standard base64 with or without its padding, as
// providers print keys.
func decodeBase64Key(text string) ([]byte, error) {
	return base64.RawStdEncoding.Strict().DecodeString(strings.TrimRight(text, "="))
}

// minSecretBytes is the length below which a secret is said to be short.
const minSecretBytes = 16

// weakText says what makes a secret easy to guess.
func weakText(text string, key []byte) string {
	switch {
	case mistakenSecret(text) != "":
		return "looks like a placeholder, or like a reference that nothing has resolved; take the secret from the sender once more"
	case len(text) < minSecretBytes || len(key) < minSecretBytes || isOneByte(string(key)) ||
		len(strings.TrimRight(string(key), "\x00")) < minSecretBytes/2: // for HMAC, zeros at the end are none
		return "is short or a well-known placeholder; if it is for you to choose, use 32 random bytes"
	}
	return ""
}
