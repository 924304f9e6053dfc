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
	only     = flag.String("only", "", "measure these `contenders` alone, beside Traefik alone: native,buffering,verify,complete,gogc,unsigned,forwardauth,nginx,haproxy,haproxy-large; nothing is written")
	quick    = flag.Bool("quick", false, "do everything once for a fraction of a second, to see that it works; nothing is written")
	soak     = flag.Bool("soak", false, "look for memory that grows, instead")
	requests = flag.Int64("requests", 10_000_000, "`number` of requests of -soak")
	reloads  = flag.Int("reloads", 1000, "`number` of reloads of -soak")
	profile  = flag.String("profile", "", "profile the CPU of Traefik with all of hookward's checks under full load for the -time, write the profile into this `file` for go tool pprof, and its summary into the page")
	write    = flag.Bool("write", false, "write the page and the files even if -soak, -only or -time were given")
	page     = flag.Bool("page", false, "write the page again, from the files of the last run, and measure nothing")
)

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
	docs := filepath.Join(root, "docs")
	resultsFile, soakFile := filepath.Join(root, "dev", "bench", "results.json"), filepath.Join(root, "dev", "bench", "soak.json")
	profileFile := filepath.Join(root, "dev", "bench", "profile.json")
	switch {
	case *page:
	case *profile != "":
		p, err := bench.RunProfile(ctx, max(options.Time, time.Second), options.Connections, *profile, os.Stdout)
		if err != nil {
			return err
		}
		if err := p.Write(profileFile); err != nil {
			return err
		}
	case *soak:
		s, err := bench.RunSoak(ctx, *requests, *reloads, options.Connections, os.Stdout)
		if err != nil || !*write && (*requests != 10_000_000 || *reloads != 1000) {
			return err
		}
		if err := s.Write(soakFile); err != nil {
			return err
		}
	default:
		writes := *write || !*quick && *only == "" && options.Time == bench.Full().Time && options.Rounds == bench.Full().Rounds
		if *quick {
			options = bench.Quick()
		}
		if *only != "" {
			options.Only = strings.Split(*only, ",")
		}
		r, err := bench.Run(ctx, options, os.Stderr)
		if err != nil {
			return err
		}
		r.Command = strings.TrimSpace("go run -C dev ./cmd/bench " + strings.Join(os.Args[1:], " "))
		fmt.Print(r.Text())
		if !writes {
			return nil
		}
		if err := r.Write(resultsFile); err != nil {
			return err
		}
	}
	r, err := bench.ReadResults(resultsFile)
	if errors.Is(err, os.ErrNotExist) && (*soak || *profile != "") {
		return nil // there is no page yet that it could be added to
	}
	if err != nil {
		return err
	}
	s, err := bench.ReadSoak(soakFile)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	p, err := bench.ReadProfile(profileFile)
	if err != nil {
		return err
	}
	return bench.WritePage(docs, r, s, p)
}
