// Command run starts the real Traefik with hookward in front of an echo
// backend, on loopback, and prints curl lines to try it with. Ctrl-C ends it.
package main

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/hookward/hookward/dev/gateway"
)

const secret = "It's a Secret to Everybody" // of GitHub's documentation

// readerToken lets a browser in. The page is on loopback, and gone with the program.
const readerToken = "a-look-at-what-happens"

// One gate as it should be and one with a typo, in front of the same backend, and the
// console beside them.
const dynamic = `http:
  routers:
    console: {rule: "PathPrefix(` + "`/hookward`" + `)", service: noop@internal, middlewares: [hookward-console]}
    github: {rule: "Path(` + "`/github`" + `)", service: echo, middlewares: [github-hooks]}
    broken: {rule: "Path(` + "`/broken`" + `)", service: echo, middlewares: [broken-hooks]}
  middlewares:
    github-hooks:
      plugin:
        hookward:
          provider: github
          secrets: ["env:GITHUB_WEBHOOK_SECRET"]
          audit: {payload: full}
    hookward-console:
      plugin:
        hookward:
          console:
            hosts: [%q]
            readers: ["env:CONSOLE_TOKEN"]
    broken-hooks:
      plugin:
        hookward:
          provider: github
          sekrets: ["env:GITHUB_WEBHOOK_SECRET"]
  services:
    echo: {loadBalancer: {servers: [{url: %q}]}}
`

func main() {
	address := flag.String("address", "127.0.0.1:8000", "loopback `address` to listen on")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *address); err != nil && ctx.Err() == nil {
		fmt.Fprintln(os.Stderr, "run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, address string) error {
	if err := isFree(address); err != nil { // before minutes of building
		return err
	}
	binary, err := gateway.Build(ctx, os.Stderr)
	if err != nil {
		return err
	}
	backend, err := gateway.Serve(ctx, "127.0.0.1:0", http.HandlerFunc(gateway.Echo))
	if err != nil {
		return err
	}
	// Traefik outlives the signal by the moment in which Stop ends it in order.
	g, err := gateway.Start(context.WithoutCancel(ctx), binary, fmt.Sprintf(dynamic, address, backend), gateway.Settings{
		Web:    address,
		Env:    []string{"GITHUB_WEBHOOK_SECRET=" + secret, "CONSOLE_TOKEN=" + readerToken},
		Stdout: os.Stdout,
		Stderr: os.Stderr,
	})
	if err != nil {
		return err
	}
	defer g.Stop()
	fmt.Print(lines(g.URL))
	select {
	case <-ctx.Done():
		fmt.Println("\nStopping.")
		return nil
	case <-g.Done():
		return fmt.Errorf("traefik has ended")
	}
}

// isFree says whether an address can be listened on, or how to name another one.
func isFree(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return fmt.Errorf("%w; take another one: make run ADDRESS=127.0.0.1:8001", err)
	}
	return listener.Close()
}

// lines are what a newcomer pastes into another terminal.
func lines(url string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("Hello, World!"))
	signature := "X-Hub-Signature-256: sha256=" + hex.EncodeToString(mac.Sum(nil))
	return fmt.Sprintf(`
The gate is open on %[1]s. In another terminal, a delivery as GitHub signs it (200, and the body back):

  curl -i -d 'Hello, World!' -H '%[2]s' %[1]s/github

the same unsigned (401):

  curl -i -d 'Hello, World!' %[1]s/github

tampered with (401):

  curl -i -d 'Hello, World?' -H '%[2]s' %[1]s/github

and to a gate whose configuration has a typo, which the error above is about (503):

  curl -i -d 'Hello, World!' -H '%[2]s' %[1]s/broken

Each leaves an audit record below, and is on the page at once:

  %[1]s/hookward

where the token is %[3]s. Ctrl-C stops everything.

`, url, signature, readerToken)
}
