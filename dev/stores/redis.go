package stores

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/testkit"
)

// RedisServer is a redis-server, which forgets everything when it ends.
type RedisServer struct {
	*Process
	// Address is where it listens.
	Address string
}

// Redis runs redis-server until the test ends, with more arguments, in which PORT stands
// for its port.
func Redis(t testing.TB, arguments ...string) *RedisServer {
	t.Helper()
	address := testkit.Addresses(t, 1)[0]
	all := []string{"--bind", "127.0.0.1", "--port", port(address), "--save", "", "--appendonly", "no", "--dir", t.TempDir()}
	for _, argument := range arguments {
		all = append(all, strings.ReplaceAll(argument, "PORT", port(address)))
	}
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal(err)
	}
	listens := func() bool {
		connection, err := net.Dial("tcp", address)
		return err == nil && connection.Close() == nil
	}
	return &RedisServer{Process: newProcess(t, listens, path, all...), Address: address}
}

// Signal sends the process a signal, such as one that stops it for a while.
func (r *RedisServer) Signal(t testing.TB, signal os.Signal) {
	t.Helper()
	if err := r.command.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// Do sends a command, as an operator would, and returns the answer.
func (r *RedisServer) Do(t testing.TB, arguments ...string) string {
	t.Helper()
	out, err := exec.Command("redis-cli", append([]string{"-p", port(r.Address)}, arguments...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %v %s", arguments, err, out)
	}
	return strings.TrimSpace(string(out))
}
