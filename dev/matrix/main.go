// Command matrix runs the core of the tests in other versions of Traefik than the
// one that dev/go.mod pins, with hookward as a plugin and compiled in, and writes
// the table of docs/versions.md. A version is built from its own source, with its
// own requirements, which takes 5 to 10 minutes on two cores; the binaries are kept
// in dev/.cache/gateway.
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
	"time"

	"golang.org/x/mod/semver"

	"github.com/hookward/hookward/dev/gateway"
)

// versions are the oldest that is tried, one of each minor after it, the first of
// the pinned minor, and the pinned version.
const versions = "v3.4.1,v3.5.3,v3.6.0,v3.6.12"

// forms are the columns of the table.
var forms = []gateway.Form{gateway.Interpreted, gateway.Compiled}

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
	failed := []error{}
	for _, version := range list {
		r := row{version: version, date: time.Now().UTC().Format(time.DateOnly)}
		for _, form := range forms {
			result, err := try(ctx, root, version, form, only)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", version, form, err)
			}
			if len(result.failed) > 0 {
				failed = append(failed, fmt.Errorf("%s, %s: fails %s", version, form, strings.Join(result.failed, ", ")))
			}
			r.cells = append(r.cells, result.cell())
		}
		if only {
			continue
		}
		fmt.Println(r)
		// After each version: the next one may take long, or be interrupted.
		if err := record(filepath.Join(root, "docs", "versions.md"), r); err != nil {
			return err
		}
	}
	return errors.Join(failed...)
}

// try builds a version of Traefik for a form, and runs the core in it. A Traefik that
// hookward can't be compiled into is a result, too.
func try(ctx context.Context, root, version string, form gateway.Form, only bool) (result, error) {
	binary, err := gateway.BuildVersion(ctx, version, form, os.Stderr)
	if err != nil && (strings.Contains(err.Error(), "hookward can't be compiled into it") || strings.Contains(err.Error(), "asks for other modules than this Traefik has")) {
		return result{impossible: true}, nil
	}
	if err != nil {
		return result{}, err
	}
	says, err := gateway.VersionOf(ctx, binary)
	if err != nil {
		return result{}, err
	}
	if !saysVersion(says, version, form) {
		return result{}, fmt.Errorf("the binary says that it is %s", says)
	}
	if only {
		fmt.Println(binary)
		return result{}, nil
	}
	return test(ctx, root, form, binary)
}

// saysVersion says whether a binary's word for its version is that of a form.
func saysVersion(says, version string, form gateway.Form) bool {
	if form == gateway.Compiled {
		return strings.HasPrefix(says, version+"+hookward.")
	}
	return says == version
}
