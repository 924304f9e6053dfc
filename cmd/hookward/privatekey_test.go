package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestPrivateKeys(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		t.Skip("there is no openssl")
	}
	dir := t.TempDir()
	for name, command := range map[string]string{
		"rsa.pem":    "openssl genrsa -traditional 2048",
		"rsa8.pem":   "openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048",
		"ec.pem":     "openssl ecparam -name prime256v1 -genkey",
		"ec8.pem":    "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256",
		"ed.pem":     "openssl genpkey -algorithm ED25519",
		"x25519.pem": "openssl genpkey -algorithm X25519",
	} {
		words := strings.Fields(command)
		out, err := exec.Command(words[0], words[1:]...).Output()
		if err != nil {
			t.Fatalf("%s: %v", command, err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), out, 0o600); err != nil {
			t.Fatal(err)
		}
		key, err := readPrivateKey("file:" + filepath.Join(dir, name))
		if (err == nil) == (name == "x25519.pem") || err == nil && key.Public() == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, text := range []string{"", "x", strings.Repeat("0", 62), strings.Repeat("0", 66), "-----BEGIN PRIVATE KEY-----", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"} {
		if key, err := parsePrivateKey(text); err == nil || key != nil {
			t.Errorf("%q is a key", text)
		}
	}
}
