package secrets

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

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/jwk"
	"github.com/hookward/hookward/internal/plainfile"
)

// publicKeyEncoding is the encoding of what is no secret: of the option
// publicKeys, which is written like one.
const publicKeyEncoding = "publicKey"

// JWKEncoding is that of the option publicKeys where an entry may be a JWK or a JWK set
// too.
const JWKEncoding = "jwk"

// CertificateEncoding is that of certificates, which are written like a secret, too.
const CertificateEncoding = "certificate"

// PairEncoding is that of user:password in one text, which is read as utf8. Who reads it
// looks at the password.
const PairEncoding = "pair"

// userBefore finds the name of a user before a password. hooks:/Zm9v and vault:Zm9v are
// no references then.
var userBefore = regexp.MustCompile(`^[\w.@+-]*:`)

// maxSecretBytes bounds what is read from a secret's file.
const maxSecretBytes = 64 << 10

// Secret is a resolved entry of the option secrets: a key, or a problem in
// words that give nothing of the key away.
type Secret struct {
	Key      []byte
	Text     string // that the key was read from
	Problem  string
	degraded string            // why the key is not the one that was asked for
	Warnings []config.Problem  // without a path
	files    []plainfile.State // where the key came from, if from a file
}

// IsPublicKey says whether an encoding is one of public keys.
func IsPublicKey(encoding string) bool {
	return encoding == publicKeyEncoding || encoding == JWKEncoding
}

func addSecretWarning(s *Secret, kind, text string) {
	s.Warnings = append(s.Warnings, config.Problem{Kind: kind, Text: text})
}

var EnvironmentName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// resolveSecret turns a reference, or a literal, into a key.
func resolveSecret(ref, encoding string) Secret {
	scheme, rest, _ := strings.Cut(ref, ":")
	switch {
	case scheme == "env":
		return environmentSecret(rest, encoding)
	case scheme == "file":
		return fileSecret(rest, encoding)
	case strings.EqualFold(strings.TrimSpace(scheme), "env") || strings.EqualFold(strings.TrimSpace(scheme), "file"):
		return Secret{Problem: "looks like a reference; write env:NAME or file:/path, in lower case and without spaces"}
	}
	mistaken := mistakenAs(ref, encoding)
	if mistaken != "" && (!IsPublicKey(encoding) || strings.Trim(ref, "0") != "") { // see smallOrder
		return Secret{Problem: mistaken}
	}
	s := Decode(ref, encoding)
	if s.Problem == "" && !IsPublicKey(encoding) && encoding != CertificateEncoding {
		addSecretWarning(&s, config.KindInClear, "is written in clear, and Traefik shows plugin options in its API and its debug log; write env:NAME or file:/path")
	}
	return s
}

// mistakenAs is MistakenSecret, unless a text may be user:password.
func mistakenAs(text, encoding string) string {
	if encoding == PairEncoding && userBefore.MatchString(text) {
		return ""
	}
	return Mistaken(text)
}

func environmentSecret(name, encoding string) Secret {
	if !EnvironmentName.MatchString(name) {
		return Secret{Problem: "env: must be followed by the name of one environment variable (letters, digits, underscore)"}
	}
	text := os.Getenv(name)
	if text == "" {
		return Secret{Problem: "environment variable " + name + " is not set, or empty, in Traefik's environment"}
	}
	s := Decode(text, encoding)
	if s.Problem != "" {
		s.Problem = "environment variable " + name + " " + s.Problem
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
func fileSecret(path, encoding string) Secret {
	if !strings.HasPrefix(path, "/") {
		return Secret{Problem: "file: must be followed by an absolute path"}
	}
	state := plainfile.Look(path)
	text, problem := readSecretFile(state)
	s := Secret{Problem: problem}
	if problem == "" {
		s = Decode(text, encoding)
	}

	// By encoding too: what is a usable text is not always usable base64.
	name := encoding + ":" + path
	usableMu.Lock()
	last, known := usable[name]
	if s.Problem == "" {
		usable[name] = text
	}
	usableMu.Unlock()

	if s.Problem != "" {
		s.Problem = "file " + path + " " + s.Problem
		old := Decode(last, encoding)
		if known && old.Problem == "" {
			s = Secret{Key: old.Key, Text: last, degraded: s.Problem + "; the last usable content stays in force"}
		}
	}
	if plainfile.WritableByAll(state) {
		addSecretWarning(&s, config.KindInvalid, "file "+path+" may be written by everybody on this machine")
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

// Decode turns a secret's text into the key, by the option
// signature.secretEncoding.
func Decode(text, encoding string) Secret {
	unusable := unusableText(text, encoding)
	if unusable != "" {
		return Secret{Problem: unusable}
	}
	if len(text) > maxSecretBytes {
		return Secret{Problem: fmt.Sprintf("is larger than %d bytes, the most that a secret may have", maxSecretBytes)}
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
		_, problem := ParsePublicKey(text)
		return Secret{Key: []byte(text), Problem: problem}
	case JWKEncoding:
		_, skipped, problem := jwk.ParseText(text)
		s := Secret{Key: []byte(text), Problem: problem}
		for _, why := range skipped {
			addSecretWarning(&s, config.KindInvalid, "has keys that are left out: key "+why)
		}
		return s
	default: // utf8
		key = []byte(text)
	}
	if err != nil {
		if encoding == "whsec" {
			encoding = "base64 after an optional whsec_"
		}
		problem := "is not " + encoding + ", which the option secretEncoding says"
		if strings.TrimSpace(text) != text {
			problem += "; it has white space around it"
		}
		return Secret{Problem: problem}
	}
	unusable = unusableKey(key)
	if unusable != "" {
		return Secret{Problem: unusable}
	}
	s := Secret{Key: key, Text: text}
	weak := weakText(text, encoding, key)
	if weak != "" {
		addSecretWarning(&s, config.KindWeakSecret, weak)
	}
	odd := oddText(text)
	if odd != "" {
		addSecretWarning(&s, config.KindInvalid, odd)
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

// MinBytes is the length below which a secret is said to be short.
const MinBytes = 16

// weakText says what makes a secret easy to guess.
func weakText(text, encoding string, key []byte) string {
	switch {
	case mistakenAs(text, encoding) != "":
		return "looks like a placeholder, or like a reference that nothing has resolved; take the secret from the sender once more"
	case len(text) < MinBytes || len(key) < MinBytes || isOneByte(string(key)) ||
		len(strings.TrimRight(string(key), "\x00")) < MinBytes/2: // for HMAC, zeros at the end are none
		return "is short or a well-known placeholder; if it is for you to choose, use 32 random bytes"
	}
	return ""
}
