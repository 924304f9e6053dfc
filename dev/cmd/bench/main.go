// Command bench measures hookward in the real Traefik beside the alternatives,
// prints tables, and writes docs/performance.md with its picture and
// dev/bench/results.json. What is not installed is left out.
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

	"github.com/hookward/hookward/dev/bench"
	"github.com/hookward/hookward/dev/gateway"
)

var (
	options  = bench.Full()
	only     = flag.String("only", "", "measure these `contenders` alone, beside Traefik alone; nothing is written: "+strings.Join(bench.Names(), ","))
	quick    = flag.Bool("quick", false, "do everything once for a fraction of a second, to see that it works; nothing is written")
	soak     = flag.Bool("soak", false, "look for memory that grows, instead")
	requests = flag.Int64("requests", 10_000_000, "`number` of requests of -soak")
	reloads  = flag.Int("reloads", 1000, "`number` of reloads of -soak")
	profile  = flag.String("profile", "", "profile the CPU of Traefik with all of hookward's checks under full load for the -time, write the profile into this `file` for go tool pprof, and, of deliveries of 1 KiB, its summary into the page")
	form     = flag.String("form", string(gateway.Interpreted), "profile hookward in this `form`: interpreted or compiled")
	size     = flag.Int("size", pageSize, "profile deliveries with so many `bytes` of body")
	write    = flag.Bool("write", false, "write the page and the files even if -soak, -only or -time were given")
	page     = flag.Bool("page", false, "write the page again, from the files of the last run, and measure nothing")
)

// pageSize is the size of the deliveries whose profile the page has.
const pageSize = 1 << 10

func main() {
	bench.RunRole()
	flag.DurationVar(&options.Time, "time", options.Time, "`length` of each measured run")
	flag.IntVar(&options.Rounds, "rounds", options.Rounds, "`number` of rounds")
	flag.IntVar(&options.Connections, "connections", options.Connections, "`number` of requests under way at once")
	flag.Float64Var(&options.Rate, "rate", options.Rate, "`requests` per second of the runs at a fixed rate")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	root, err := gateway.Root()
	if err != nil {
		return err
	}
	file := func(name string) string { return filepath.Join(root, "dev", "bench", name) }
	writes := true
	switch {
	case *page:
	case *profile != "":
		writes, err = runProfile(ctx, file("profile.json"))
	case *soak:
		writes, err = runSoak(ctx, file("soak.json"))
	default:
		writes, err = runAll(ctx, file("results.json"))
	}
	if err != nil || !writes {
		return err
	}
	r, err := bench.ReadResults(file("results.json"))
	if errors.Is(err, os.ErrNotExist) && (*soak || *profile != "") {
		return nil // there is no page yet that it could be added to
	}
	if err != nil {
		return err
	}
	s, err := bench.ReadSoak(file("soak.json"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	p, err := bench.ReadProfiles(file("profile.json"))
	if err != nil {
		return err
	}
	return bench.WritePage(filepath.Join(root, "docs"), r, s, p)
}

// runProfile says, like the others, whether the page is to be written.
func runProfile(ctx context.Context, file string) (bool, error) {
	f := gateway.Form(*form)
	if f != gateway.Interpreted && f != gateway.Compiled {
		return false, fmt.Errorf("-form: %q is neither %s nor %s", f, gateway.Interpreted, gateway.Compiled)
	}
	options.Time = max(options.Time, time.Second)
	p, err := bench.RunProfile(ctx, options, f, *size, *profile, os.Stdout)
	if err != nil || *size != pageSize {
		return false, err
	}
	all, err := bench.ReadProfiles(file)
	if err != nil {
		return false, err
	}
	all[f] = p
	return true, all.Write(file)
}

func runSoak(ctx context.Context, file string) (bool, error) {
	s, err := bench.RunSoak(ctx, *requests, *reloads, options.Connections, os.Stdout)
	if err != nil || !*write && (*requests != 10_000_000 || *reloads != 1000) {
		return false, err
	}
	return true, s.Write(file)
}

func runAll(ctx context.Context, file string) (bool, error) {
	full := bench.Full()
	writes := *write || !*quick && *only == "" && options.Time == full.Time && options.Rounds == full.Rounds
	if *quick {
		options = bench.Quick()
	}
	if *only != "" {
		options.Only = strings.Split(*only, ",")
	}
	r, err := bench.Run(ctx, options, os.Stderr)
	if err != nil {
		return false, err
	}
	r.Command = strings.TrimSpace("go run -C dev ./cmd/bench " + strings.Join(os.Args[1:], " "))
	fmt.Print(r.Text())
	if !writes {
		return false, nil
	}
	return true, r.Write(file)
}
