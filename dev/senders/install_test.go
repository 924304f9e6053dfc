package senders

import (
	"fmt"
	"os"
	"testing"

	"github.com/hookward/hookward/dev/npm"
)

func TestMain(m *testing.M) {
	if err := npm.Install("."); err != nil {
		fmt.Fprintln(os.Stderr, "dev/senders:", err)
		os.Exit(1)
	}
	os.Exit(m.Run())
}
