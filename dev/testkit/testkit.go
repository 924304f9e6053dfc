// Package testkit has what the tests of several packages need.
package testkit

import (
	"crypto/hmac"
	"crypto/sha256"
	"slices"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// Patience is how long a test waits for what must happen. Only a test that fails
// ever waits so long.
const Patience = time.Minute

// Await waits until a condition holds, and fails the test if it doesn't in time.
func Await(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("in vain: %s", what)
		}
	}
}

// Addresses returns free addresses on loopback.
func Addresses(t testing.TB, count int) []string {
	t.Helper()
	free, err := gateway.FreeAddresses(slices.Repeat([]string{"127.0.0.1:0"}, count)...)
	if err != nil {
		t.Fatal(err)
	}
	return free
}

// HMAC is computed here, not by the plugin, so that both must agree.
func HMAC(key, text string) []byte {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(text))
	return mac.Sum(nil)
}
