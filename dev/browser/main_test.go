// Package browser drives the console in Chromium, against the real Traefik.
package browser

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/npm"
)

var binary string

func TestMain(m *testing.M) {
	err := npm.Install(".")
	if err == nil {
		binary, err = gateway.Build(context.Background(), os.Stderr)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "dev/browser:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
