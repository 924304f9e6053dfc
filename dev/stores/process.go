package stores

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// patience is how long a store may take to begin, or to have what was sent to
// it. Only a test that fails ever waits so long.
const patience = testkit.Patience

// Process is a store's child process. It can be ended and started again with
// the same addresses and files, as by an operator.
type Process struct {
	path      string
	arguments []string
	listens   func() bool
	output    *gateway.Output
	command   *exec.Cmd
	done      chan struct{}
}

// newProcess starts a process, and ends it with the test.
func newProcess(t testing.TB, listens func() bool, path string, arguments ...string) *Process {
	t.Helper()
	p := &Process{path: path, arguments: arguments, listens: listens}
	t.Cleanup(func() {
		if p.command.Process == nil {
			return // it could not be started
		}
		p.Kill()
		if t.Failed() {
			t.Logf("%s printed:\n%s", path, p.output)
		}
	})
	p.Start(t)
	return p
}

// Start starts the process after Stop or Kill, and returns when it listens.
func (p *Process) Start(t testing.TB) {
	t.Helper()
	p.output, p.done = &gateway.Output{}, make(chan struct{})
	p.command = exec.Command(p.path, p.arguments...)
	p.command.Stdout, p.command.Stderr = p.output, p.output
	// Whatever becomes of the test binary, nothing stays behind. A group of its
	// own: Ctrl-C is for the program that started it.
	p.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	command, done := p.command, p.done
	go func() {
		_ = command.Wait()
		close(done)
	}()
	ended := false
	testkit.Await(t, p.path+" listens", func() bool {
		select {
		case <-done:
			ended = true
		default:
		}
		return ended || p.listens()
	})
	if ended {
		t.Fatalf("%s ended at its start:\n%s", p.path, p.output)
	}
}

// Stop ends the process as an operator would, with time to write what it has.
func (p *Process) Stop() { p.end(syscall.SIGTERM) }

// Kill ends the process without a word.
func (p *Process) Kill() { p.end(syscall.SIGKILL) }

func (p *Process) end(signal os.Signal) {
	_ = p.command.Process.Signal(signal)
	select {
	case <-p.done:
	case <-time.After(patience):
		_ = p.command.Process.Kill()
		<-p.done
	}
}

// port returns the port of an address.
func port(address string) string {
	return address[strings.LastIndexByte(address, ':')+1:]
}

// answers returns a condition: whether a URL is answered with 200.
func answers(url string) func() bool {
	return func() bool {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return false
		}
		response, err := http.DefaultClient.Do(request)
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}
}

// bound says whether a socket is bound to the address: one of UDP, or one of
// TCP that listens. The kernel's table is asked, as a connection would leave
// its mark at the store, and UDP has none.
func bound(network, address string) bool {
	number, err := strconv.Atoi(port(address))
	if err != nil {
		return false
	}
	table, err := os.ReadFile("/proc/net/" + network)
	if err != nil {
		return false
	}
	// The local address is the second field, the state the fourth: 07 is
	// "unconnected", 0A "listening".
	for _, line := range strings.Split(string(table), "\n") {
		fields := strings.Fields(line)
		if len(fields) > 3 && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", number)) && (fields[3] == "07" || fields[3] == "0A") {
			return true
		}
	}
	return false
}
