package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/hookward/hookward/cmd/hookward/internal/builder"
)

const buildHelp = `Builds a Traefik with hookward compiled in. It has Traefik's own options and reads the
configuration that the plugin has, and costs a fraction of what the interpreted plugin
costs. The version's sources come from Go's module proxy and are built with the modules
that it was released with, in a temporary directory. Nothing of Traefik is changed; one
file is added.

What was built is started once on loopback, with a gate for GitHub, and asked: it is handed
over if a good delivery reaches the backend, a wrongly signed and an unsigned one get 401,
and hookward says that it is compiled in. For another system (GOOS, GOARCH) that can't be
done, so say --check=false there.

The binary needs nothing beside it but the plugin's manifest, where Traefik looks for a
local plugin: --plugin-directory writes it. docs/compiled.md says how to run, upgrade and
roll back.

The binary is static (CGO_ENABLED=0) unless CGO_ENABLED says otherwise. With
SOURCE_DATE_EPOCH the same sources make the same binary.

The exit status is 0 if there is a binary, 1 if it was built and does not do what it
should, and 2 if it could not be built.

  hookward build
  hookward build --traefik v3.5.3 --output /usr/local/bin/traefik --plugin-directory /etc/traefik
  GOOS=linux GOARCH=arm64 hookward build --check=false
`

func buildCommand() command {
	c := command{name: "build", summary: "build a Traefik with hookward compiled in", text: buildHelp}
	c.define = func(flags *flag.FlagSet) func(arguments []string, s streams) int {
		o := builder.Options{}
		flags.StringVar(&o.Traefik, "traefik", builder.DefaultTraefik, "the `VERSION` of Traefik")
		flags.StringVar(&o.Hookward, "hookward", "", "the `VERSION` of hookward, or a directory with its source (default\nthis command's own version, or the checkout that it is run in)")
		flags.StringVar(&o.Output, "output", "traefik", "write the binary to this `FILE`, or into this directory")
		flags.StringVar(&o.PluginDirectory, "plugin-directory", "", "write the plugin's manifest below this `DIRECTORY`, in which Traefik is\ngoing to be started")
		flags.BoolVar(&o.Check, "check", true, "start the binary once, and see that it verifies")
		flags.BoolVar(&o.Dashboard, "dashboard", false, "build Traefik's web page into it, which takes Node.js")
		flags.BoolVar(&o.Race, "race", false, "build it with Go's race detector, for tests: many times slower and larger;\ntakes a C compiler")
		return func(arguments []string, s streams) int {
			if len(arguments) > 0 {
				return c.fail(s, fmt.Sprintf("takes no arguments but options: %q", arguments[0]))
			}
			var err error
			if o.Hookward == "" {
				if o.Hookward, err = ownSource(); err != nil {
					return c.fail(s, err.Error())
				}
			}
			o.Progress = s.stderr
			ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
			defer stop()
			r, err := builder.Build(ctx, o)
			if err != nil {
				status := c.fail(s, err.Error())
				if builder.IsBroken(err) {
					status = exitBroken
				}
				return status
			}
			checked := "not started here"
			if o.Check {
				checked = "seen verifying"
			}
			fmt.Fprintf(s.stdout, "%s: Traefik %s for %s, %d MiB, %s\n", r.Path, r.Version, r.Platform, r.Bytes>>20, checked)
			if r.Manifest != "" {
				fmt.Fprintf(s.stdout, "%s: the plugin's manifest\n", r.Manifest)
			}
			return exitGood
		}
	}
	return c
}

// ownSource is the hookward that is built where nobody names one: the version that this
// command was installed as, else the checkout that it is run in.
func ownSource() (string, error) {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Path == builder.Plugin && builder.IsRelease(info.Main.Version) {
		return info.Main.Version, nil
	}
	directory, err := os.Getwd()
	if err != nil {
		return "", err
	}
	if checkout := builder.Checkout(directory); checkout != "" {
		return checkout, nil
	}
	return "", fmt.Errorf("--hookward: this command has no version, and %s is not in a checkout of hookward: name a version, such as v0.1.0, or a directory with its source", directory)
}
