// Command prebuild compiles the pinned Traefik in both forms, and the log stores
// that the tests send to, ahead of the tests, which hide its progress.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/stores"
)

func main() {
	for _, form := range []gateway.Form{gateway.Interpreted, gateway.Compiled} {
		binary, err := gateway.BuildPinned(context.Background(), form, os.Stderr)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Printf("The pinned Traefik is ready, for hookward %s: %s\n", form, binary)
	}
	if err := stores.Build(context.Background(), os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
