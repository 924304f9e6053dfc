package diagnosis

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/inspect"
	"github.com/hookward/hookward/internal/plainfile"
)

const maxSecretBytes = 64 << 10

// secretTexts returns the texts of the secrets, as the gate reads them; an empty one
// where it could not be read.
func secretTexts(raw map[string]any) []string {
	references := []string{}
	switch value := option(raw, "secrets").(type) {
	case string:
		references = append(references, value)
	case []any:
		for _, item := range value {
			references = append(references, fmt.Sprint(item))
		}
	}
	texts := make([]string, len(references))
	for i, reference := range references {
		scheme, rest, _ := strings.Cut(reference, ":")
		switch scheme {
		case "env":
			texts[i] = os.Getenv(rest)
		case "file":
			content, _ := plainfile.Read(plainfile.Look(rest), maxSecretBytes)
			texts[i] = strings.TrimSuffix(string(content), "\n")
			if len(texts[i]) < len(content) {
				texts[i] = strings.TrimSuffix(texts[i], "\r")
			}
		default:
			texts[i] = reference
		}
	}
	return texts
}

// reading is a way to read the text of a secret.
type reading struct {
	name, text string
	cure       string
	of         func(text string) string
}

// trimmedBy returns a reading that takes a text from the front of a secret.
func trimmedBy(prefix string) reading {
	return reading{"secret-prefix", "without its " + prefix, "leave the " + prefix + " out of the secret",
		func(text string) string { return strings.TrimPrefix(text, prefix) }}
}

// pasted returns a reading of a secret that has something around it where the sender has
// it, which the gate's does not have.
func pasted(name, what, before, behind string) reading {
	return reading{name, "with " + what, "the sender's secret has " + what + ", as it was pasted there: set it anew there, without; or write it here just so",
		func(text string) string { return before + text + behind }}
}

// readings are the ways to read a secret, the likeliest first.
func readings() []reading {
	all := []reading{
		{"secret-white-space", "without the white space around it", "take the white space out of the secret; a file may end in one newline", strings.TrimSpace},
		{"secret-newline", "with a newline at its end", "the sender's secret was made with a newline, as echo makes it: set the secret anew there, without one (printf instead of echo)",
			func(text string) string { return text + "\n" }},
		{"secret-newline", "with CR and LF at its end", "the sender's secret has a line end of Windows: set the secret anew there, without one",
			func(text string) string { return text + "\r\n" }},
		{"secret-quotes", "without the quotes around it", "take the quotes out of the variable or the file; docker --env-file keeps them", func(text string) string {
			trimmed := strings.TrimSpace(text)
			if len(trimmed) > 1 && trimmed[0] == trimmed[len(trimmed)-1] && strings.IndexByte("\"'`", trimmed[0]) >= 0 {
				return trimmed[1 : len(trimmed)-1]
			}
			return text
		}},
		{"secret-mark", "without the byte order mark before it", "save the file as UTF-8 without a byte order mark", func(text string) string { return strings.TrimPrefix(text, "\ufeff") }},
		{"secret-name", "without the NAME= before it", "what is given as the secret is a line of an env file: leave the value alone in it, or load the file into the environment and write env:NAME", withoutName},
		{"secret-newline", `without the \n at its end, a backslash and a letter`, "take the two signs out of the secret: whatever wrote them meant a newline, and none belongs there", withoutEscapedNewline},
		{"secret-base64", "once it is taken out of base64, without the newline in it", "the secret is still in base64, as Kubernetes has it under data, and was encoded with a newline: encode it anew (printf %s SECRET | base64), or write it under stringData", func(text string) string {
			plain := decoded(text)
			if trimmed := strings.TrimRight(plain, "\r\n"); trimmed != plain {
				return trimmed
			}
			return text // which is for the encodings
		}},
		pasted("secret-white-space", "a space behind it", "", " "), pasted("secret-white-space", "a space before it", " ", ""),
		pasted("secret-quotes", "quotes around it", `"`, `"`), pasted("secret-quotes", "single quotes around it", "'", "'"),
		trimmedBy("whsec_"), trimmedBy("v1,whsec_"), trimmedBy("Bearer "), trimmedBy("base64:"), trimmedBy("sha256="), trimmedBy("0x"),
		{"secret-prefix", "with whsec_ before it", "the prefix whsec_ is a part of this sender's secret: write it as the sender shows it", func(text string) string { return "whsec_" + text }},
		{"secret-escapes", "with its percent signs resolved", "the secret was escaped for a URL: write it as the sender shows it", func(text string) string {
			plain, err := url.PathUnescape(text)
			if err != nil {
				return text
			}
			return plain
		}},
		{"secret-alphabet", "with - and _ read as + and / of base64", "the secret is base64url: write + for - and / for _", func(text string) string {
			return strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimPrefix(text, "whsec_"))
		}},
		{"secret-case", "in lower case", "write the secret in lower case", strings.ToLower},
		{"secret-case", "in upper case", "write the secret in upper case", strings.ToUpper},
	}
	return all
}

var (
	nameBefore     = regexp.MustCompile(`^\s*(?:export\s+)?[A-Za-z_][A-Za-z0-9_]*=`)
	newlineWritten = regexp.MustCompile(`(?:\\r)?\\n$`)
)

// withoutName takes the name off a line of an env file, and quotes off its value.
func withoutName(text string) string {
	value := nameBefore.ReplaceAllString(text, "")
	if value == text || value == "" || strings.Trim(value, "=") == "" {
		return text // padding of base64
	}
	value = strings.TrimSpace(value)
	if len(value) > 1 && value[0] == value[len(value)-1] && (value[0] == '"' || value[0] == '\'') {
		value = value[1 : len(value)-1]
	}
	return value
}

func withoutEscapedNewline(text string) string { return newlineWritten.ReplaceAllString(text, "") }

// decoded takes a text out of base64, if there is a text in it: keys of bytes are for the
// encodings.
func decoded(text string) string {
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(plain) == 0 || !utf8.Valid(plain) || strings.ContainsFunc(strings.TrimRight(string(plain), "\r\n"), unicode.IsControl) {
		return text
	}
	return string(plain)
}

// encodings are the values of signature.secretEncoding.
var encodings = []string{"utf8", "hex", "base64", "whsec", "sha1"}

// trySecrets reads each secret in other ways.
func (s *search) trySecrets() {
	for i, text := range s.texts {
		if text == "" {
			continue
		}
		name := fmt.Sprintf("secret %d", i+1)
		read := map[string]bool{text: true}
		for _, r := range readings() {
			other := r.of(text)
			if !read[other] {
				read[other] = true
				s.trySecret(other, s.raw, Cause{r.name, name + " is right " + r.text, r.cure})
			}
		}
		for _, scheme := range s.schemes {
			s.tryEncodings(name, text, scheme)
		}
	}
}

// tryEncodings reads a secret in other encodings than a scheme says.
func (s *search) tryEncodings(name, text string, scheme config.SignatureOptions) {
	trimmed := strings.TrimSpace(text)
	for _, encoding := range encodings {
		if encoding == scheme.SecretEncoding || encoding == "utf8" && scheme.SecretEncoding == "" {
			continue
		}
		alone := schemeConfig(s.raw, scheme)
		raw := with(alone, "signature.secretEncoding", encoding)
		cure := "signature.secretEncoding: " + encoding
		if encoding == "base64" && decoded(text) != text {
			cure += "; where the sender shows another text, this one is still as Kubernetes has it under data: decode it (base64 -d), or write it under stringData"
		}
		found := s.trySecret(text, raw, Cause{"secret-encoding", name + " is right if it is read as " + encoding, cure})
		for _, prefix := range []string{"whsec_", "v1,whsec_", "base64:", "0x"} {
			// The encoding whsec takes its prefix away by itself.
			ofItself := encoding == "base64" && strings.HasSuffix(prefix, "whsec_")
			if !found && !ofItself && strings.HasPrefix(trimmed, prefix) {
				found = s.trySecret(strings.TrimPrefix(trimmed, prefix), raw, Cause{"secret-encoding", name + " is right without its " + prefix + ", if it is read as " + encoding, cure + ", and the secret without " + prefix})
			}
		}
		if !found && trimmed != text {
			s.trySecret(trimmed, raw, Cause{"secret-encoding", name + " is right without the white space around it, if it is read as " + encoding, cure + ", and the secret without white space"})
		}
	}
}

// trySecret tries a configuration with one other secret. What the gate would take for
// a reference is not tried.
func (s *search) trySecret(text string, raw map[string]any, c Cause) bool {
	return !looksLikeReference(text) && strings.TrimSpace(text) != "" && s.try(trial{raw: with(raw, "secrets", []any{text})}, c)
}

func looksLikeReference(text string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(strings.TrimSpace(text)), ":")
	return scheme == "env" || scheme == "file" || inspect.IsMistakenSecret(text)
}

// schemeConfig returns a configuration that takes signatures by one scheme alone.
func schemeConfig(raw map[string]any, o config.SignatureOptions) map[string]any {
	section := map[string]any{}
	for name, value := range map[string]string{
		"algorithm": o.Algorithm, "field": o.Field, "format": o.Format, "signs": o.Signs, "items": o.Items, "secretEncoding": o.SecretEncoding,
		"timestampHeader": o.TimestampHeader, "timestampField": o.TimestampField, "timestampUnit": o.TimestampUnit, "idHeader": o.IDHeader, "idField": o.IDField,
		"eventHeader": o.EventHeader, "eventField": o.EventField, "senderField": o.SenderField, "certificateField": o.CertificateField,
	} {
		if value != "" {
			section[name] = value
		}
	}
	if o.Uncompressed {
		section["uncompressed"] = "true"
	}
	if len(o.Header) > 0 {
		headers := []any{}
		for _, name := range o.Header {
			headers = append(headers, name)
		}
		section["header"] = headers
	}
	return with(raw, "signature", section)
}
