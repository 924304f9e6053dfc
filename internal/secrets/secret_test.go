package secrets

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/hooktest"
)

func TestDecodeSecret(t *testing.T) {
	const key = "\x00\x01\xfb\xff0123456789abcdef"
	cases := []struct{ name, text, encoding, want string }{
		{"utf8", "It's a Secret, to Everybody", "utf8", "It's a Secret, to Everybody"},
		{"utf8 that looks encoded", "whsec_AAH7/zAxMjM0NTY3ODlhYmNkZWY=", "utf8", "whsec_AAH7/zAxMjM0NTY3ODlhYmNkZWY="},
		{"utf8 with spaces around", " 0123456789abcdef ", "utf8", " 0123456789abcdef "},
		{"hex", "0001fbff30313233343536373839616263646566", "hex", key},
		{"hex, upper case", "0001FBFF30313233343536373839616263646566", "hex", key},
		{"base64", "AAH7/zAxMjM0NTY3ODlhYmNkZWY=", "base64", key},
		{"base64 unpadded", "AAH7/zAxMjM0NTY3ODlhYmNkZWY", "base64", key},
		{"whsec", "whsec_AAH7/zAxMjM0NTY3ODlhYmNkZWY=", "whsec", key},
		{"whsec without the prefix", "AAH7/zAxMjM0NTY3ODlhYmNkZWY=", "whsec", key},

		{"empty", "", "utf8", ""},
		{"blank", " \t\n", "utf8", ""},
		{"hex, odd", "001", "hex", ""},
		{"not hex", "zz", "hex", ""},
		{"base64 with unused bits set", "AAH7/zAxMjM0NTY3ODlhYmNkZWZ=", "base64", ""},
		{"base64url", "AAH7_zAxMjM0NTY3ODlhYmNkZWY=", "base64", ""},
		{"bare whsec_", "whsec_", "whsec", ""},
		{"padding alone", "==", "base64", ""},
		{"oversized", strings.Repeat("x", maxSecretBytes+1), "utf8", ""},
	}
	for _, c := range cases {
		s := Decode(c.text, c.encoding)
		if string(s.Key) != c.want || (s.Problem == "") != (c.want != "") {
			t.Errorf("%s: got %q, problem %q", c.name, s.Key, s.Problem)
		}
		if len(c.text) > 3 && strings.TrimSpace(c.text) != "" && strings.Contains(s.Problem, c.text) {
			t.Errorf("%s: the problem shows the secret: %s", c.name, s.Problem)
		}
	}
}

func TestResolveSecretReferences(t *testing.T) {
	hooktest.Setenv(t, "HOOKWARD_TEST_SECRET", "from, the environment")
	hooktest.Setenv(t, "HOOKWARD_TEST_EMPTY", "")
	hooktest.Setenv(t, "HOOKWARD_TEST_BLANK", "  ")
	cases := []struct{ ref, key, problem string }{
		{"env:HOOKWARD_TEST_SECRET", "from, the environment", ""},
		{"a literal, with a comma", "a literal, with a comma", ""},
		{"https://not-a-reference", "https://not-a-reference", ""},

		{"env:HOOKWARD_TEST_UNSET", "", "HOOKWARD_TEST_UNSET is not set"},
		{"env:HOOKWARD_TEST_EMPTY", "", "HOOKWARD_TEST_EMPTY is not set, or empty"},
		{"env:HOOKWARD_TEST_BLANK", "", "HOOKWARD_TEST_BLANK is empty or blank"},
		{"env:", "", "must be followed by the name of one environment variable"},
		{"env:A,env:B", "", "must be followed by the name of one environment variable"},
		{"env: HOOKWARD_TEST_SECRET", "", "must be followed by the name of one environment variable"},
		{"ENV:HOOKWARD_TEST_SECRET", "", "looks like a reference"},
		{" env:HOOKWARD_TEST_SECRET", "", "looks like a reference"},
		{"File:/etc/hostname", "", "looks like a reference"},
		{"file:", "", "absolute path"},
		{"file:relative", "", "absolute path"},
		{"file:/nonexistent/hookward", "", "can't be found"},
		{"file:/dev/zero", "", "is not a regular file"},
		{"file:/tmp", "", "is not a regular file"},
		{"${GITHUB_WEBHOOK_SECRET}", "", "nothing has resolved"},
		{"$(GITHUB_WEBHOOK_SECRET)", "", "nothing has resolved"},
		{"{{ env \"X\" }}", "", "nothing has resolved"},
		{"urn:k8s:secret:hooks:github", "", "nothing has resolved"},
		{"", "", "is empty or blank"},
	}
	for _, c := range cases {
		s := resolveSecret(c.ref, "utf8")
		if string(s.Key) != c.key {
			t.Errorf("%q: key %q, want %q", c.ref, s.Key, c.key)
		}
		if (c.problem == "") != (s.Problem == "") || !strings.Contains(s.Problem, c.problem) {
			t.Errorf("%q: problem %q, want %q", c.ref, s.Problem, c.problem)
		}
	}
}

func TestFileSecret(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	write := func(text string) {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	steps := []struct{ name, text, key, says string }{
		{"blank at first", "\n", "", "is empty or blank"},
		{"a newline is trimmed", "first-secret-0123\n", "first-secret-0123", ""},
		{"of Windows too", "first-secret-0123\r\n", "first-secret-0123", ""},
		{"one only", "first-secret-0123\n\n", "first-secret-0123\n", "has white space around it"},
		{"a lone carriage return is the secret's", "first-secret-0123\r", "first-secret-0123\r", "has white space around it"},
		{"the largest", strings.Repeat("Zq", maxSecretBytes/2), strings.Repeat("Zq", maxSecretBytes/2), ""},
		{"good", "last-good-secret-0", "last-good-secret-0", ""},
		{"emptied", "", "last-good-secret-0", "the last usable content stays in force"},
		{"blank", " \n", "last-good-secret-0", "the last usable content stays in force"},
		{"oversized", strings.Repeat("x", maxSecretBytes+1), "last-good-secret-0", "the last usable content stays in force"},
		{"mended", "second-secret-0123", "second-secret-0123", ""},
	}
	for _, step := range steps {
		write(step.text)
		s := fileSecret(path, "utf8")
		if string(s.Key) != step.key {
			t.Errorf("%s: key %.40q, want %.40q", step.name, s.Key, step.key)
		}
		said := s.Problem + s.degraded + strings.Join(config.Sentences(s.Warnings), "; ")
		if (said == "") != (step.says == "") || !strings.Contains(said, step.says) {
			t.Errorf("%s: says %q, want %q", step.name, said, step.says)
		}
		if len(s.files) != 1 || s.files[0].Path != path {
			t.Errorf("%s: watches %v", step.name, s.files)
		}
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if s := fileSecret(path, "utf8"); string(s.Key) != "second-secret-0123" || s.degraded == "" {
		t.Errorf("removed: key %q, degraded %q", s.Key, s.degraded)
	}
	// What was usable as text is not usable as hexadecimal.
	if s := fileSecret(path, "hex"); s.Key != nil || s.Problem == "" {
		t.Errorf("removed, and never hexadecimal: key %q, problem %q", s.Key, s.Problem)
	}
	if err := os.WriteFile(path, []byte("third-secret-01234"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o666); err != nil {
		t.Fatal(err)
	}
	if s := fileSecret(path, "utf8"); len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0].Text, "written by everybody") {
		t.Errorf("world-writable: warnings %q", s.Warnings)
	}
}

// Two gates may read one file in two ways; what one of them can use must not
// take the last usable content from the other.
func TestFileSecretOfTwoEncodings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret")
	for _, text := range []string{"MDEyMzQ1Njc4OWFiY2RlZg==", "not base64 at all"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if s := fileSecret(path, "utf8"); string(s.Key) != text {
			t.Errorf("utf8: %q", s.Key)
		}
		if s := fileSecret(path, "base64"); string(s.Key) != "0123456789abcdef" {
			t.Errorf("base64: %q, %s", s.Key, s.Problem)
		}
	}
}

func TestGuessableSecretsAreWarnedOf(t *testing.T) {
	for _, text := range []string{"changeme", "ChangeMe", "***", "whsec_xxx", "0123456789abcde"} {
		s := Decode(text, "utf8")
		if len(s.Warnings) != 1 || s.Problem != "" {
			t.Errorf("%q: warnings %q, problem %q", text, s.Warnings, s.Problem)
		}
		if len(s.Warnings) == 1 && strings.Contains(s.Warnings[0].Text, text) {
			t.Errorf("%q: the warning shows the secret", text)
		}
	}
	for _, text := range []string{strings.Repeat("ff", 32), "6161" + strings.Repeat("00", 30)} {
		if s := Decode(text, "hex"); len(s.Warnings) != 1 || s.Warnings[0].Kind != config.KindWeakSecret {
			t.Errorf("%q: warnings %q", text, s.Warnings)
		}
	}
	if s := Decode("0123456789abcdef", "utf8"); len(s.Warnings) != 0 {
		t.Errorf("16 bytes: warnings %q", s.Warnings)
	}
}

// What is around a key by mistake is part of it, and so nothing verifies.
func TestOddSecretsAreWarnedOf(t *testing.T) {
	const space, quotes, unseen = "has white space around it", "is in quotes", "has a character around it that can't be seen"
	path := filepath.Join(t.TempDir(), "secret")
	for _, c := range []struct{ text, encoding, says string }{
		{"Zq8-a long enough key", "utf8", ""},
		{"Zq8-a long enough key ", "utf8", space},
		{"\tZq8-a long enough key", "utf8", space},
		{"Zq8-a long enough key\u00a0", "utf8", space},
		{`"Zq8-a long enough key"`, "utf8", quotes},
		{`'Zq8-a long enough key'`, "utf8", quotes},
		{`'Zq8-a long enough key"`, "utf8", ""},
		{`"Zq8"-a long enough key`, "utf8", ""},
		{"Zq8-a long enough key\u200b", "utf8", unseen},
		{"\u2060Zq8-a long enough key", "utf8", unseen},
		{"Zq8-a long enough cle\u0301", "utf8", ""},
		{"ZQ8ALONGENOUGHKEYX", "utf8", ""},
		{"ZQ8_A_LONG_ENOUGH_Key", "utf8", ""},
		{"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----\n\n", publicKeyEncoding, ""},
		{"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----\n\n", "utf8", ""},
	} {
		hooktest.Setenv(t, "HOOKWARD_TEST_ODD", c.text)
		if err := os.WriteFile(path, []byte(c.text+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, ref := range []string{c.text, "env:HOOKWARD_TEST_ODD", "file:" + path} {
			s := resolveSecret(ref, c.encoding)
			said := []string{}
			for _, w := range config.Sentences(s.Warnings) {
				if strings.Contains(w, c.text) || strings.Contains(w, "Zq8") || strings.Contains(w, "ZQ8") {
					t.Errorf("%q shows the secret", w)
				}
				if !strings.HasPrefix(w, "is written in clear") {
					said = append(said, w)
				}
			}
			if s.Problem != "" || len(said) > 1 || (c.says == "") != (len(said) == 0) || !strings.Contains(strings.Join(said, ""), c.says) {
				t.Errorf("%.10q, %s: %q, %s", ref, c.encoding, said, s.Problem)
			}
		}
	}
	for _, encoding := range []string{"hex", "base64", "whsec"} {
		if s := Decode("MDEyMzQ1Njc4OWFiY2RlZg== ", encoding); !strings.Contains(s.Problem, "white space around it") {
			t.Errorf("%s: %q", encoding, s.Problem)
		}
	}
}
