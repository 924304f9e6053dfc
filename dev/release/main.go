// Command release checks that a commit may become a version of the plugin, and
// only then tags it, on this machine alone. It never pushes: a tag that is
// pushed is in the module proxy for good. See docs/release.md.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/hookward/hookward/dev/gateway"
)

const usage = "usage: make release VERSION=v0.1.0"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string, out io.Writer) error {
	if len(arguments) != 1 || arguments[0] == "" {
		return errors.New(usage)
	}
	root, err := gateway.Root()
	if err != nil {
		return err
	}
	return release(ctx, root, arguments[0], out)
}

// release goes through the checks, the quick ones first, and tags.
func release(ctx context.Context, root, version string, out io.Writer) error {
	r := repository{ctx, root}
	for _, check := range []struct {
		what string
		run  func() error
	}{
		{"the version", func() error { return r.checkVersion(version) }},
		{"the working tree", r.checkTree},
		{"CHANGELOG.md", func() error { return r.checkChangelog(version) }},
		{"README.md", func() error { return r.checkReadme(version) }},
		{"plugin.go", func() error { return r.checkSource(version) }},
		{"the plugin catalogue", r.checkCatalogue},
		{"CI, which takes a while", r.checkCI},
		// Tests that change what is committed would make the tag another source
		// than what was tested.
		{"the working tree, once more", r.checkTree},
	} {
		fmt.Fprintln(out, "Checking", check.what+".")
		if err := check.run(); err != nil {
			return err
		}
	}
	notes, err := r.notes(version)
	if err != nil {
		return err
	}
	// Whitespace, because git takes lines that begin with # for comments.
	if _, err := r.git("tag", "--annotate", "--cleanup=whitespace", "--message", version+"\n\n"+notes, version); err != nil {
		return err
	}
	fmt.Fprintf(out, "\nTagged %s, here alone. What makes it a release, for good:\n\n  git push origin %s\n\n", version, version)
	return nil
}
