// Command matrix runs the core of the tests in other versions of Traefik than the
// one that dev/go.mod pins, and writes the table of docs/versions.md. A version
// is built from its own source, with its own go.mod and go.sum, which takes 5 to
// 10 minutes on two cores; the binary is kept in dev/.cache/matrix.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/mod/semver"

	"github.com/hookward/hookward/dev/gateway"
)

// versions are the oldest that is tried, one of each minor after it, the first of
// the pinned minor, and the pinned version.
const versions = "v3.4.1,v3.5.3,v3.6.0,v3.6.12"

func main() {
	list := flag.String("versions", versions, "`versions` of Traefik, separated by commas")
	only := flag.Bool("build", false, "build them, and run nothing")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, strings.Split(*list, ","), *only); err != nil {
		fmt.Fprintln(os.Stderr, "matrix:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, list []string, only bool) error {
	for _, version := range list {
		if !semver.IsValid(version) || semver.Canonical(version) != version {
			return fmt.Errorf("-versions: %q is not a version such as v3.6.12", version)
		}
	}
	root, err := gateway.Root()
	if err != nil {
		return err
	}
	page := filepath.Join(root, "docs", "versions.md")
	failed := []error{}
	for _, version := range list {
		binary, err := build(ctx, root, version)
		if err != nil {
			return fmt.Errorf("%s: %w", version, err)
		}
		if only {
			fmt.Println(binary)
			continue
		}
		result, err := test(ctx, root, version, binary)
		if err != nil {
			return fmt.Errorf("%s: %w", version, err)
		}
		fmt.Println(result.row())
		if len(result.Failed) > 0 {
			failed = append(failed, fmt.Errorf("%s fails %s", version, strings.Join(result.Failed, ", ")))
		}
		// After each version: the next one may take long, or be interrupted.
		if err := record(page, result); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}
