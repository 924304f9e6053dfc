package e2e

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/hookward/hookward/dev/testkit"
)

// nginx is a running nginx: the web server that lists come from, and the proxy
// in front of Traefik.
type nginx struct {
	address   string // of its first server
	directory string // what it serves, and its log
	stop      func()
}

const nginxConf = `daemon off;
pid %[1]s/pid;
error_log %[1]s/error.log;
worker_processes 1;
events { worker_connections 64; }
http {
  access_log %[1]s/access.log combined;
  client_body_temp_path %[1]s/t1; proxy_temp_path %[1]s/t2; fastcgi_temp_path %[1]s/t3; uwsgi_temp_path %[1]s/t4; scgi_temp_path %[1]s/t5;
  default_type text/plain;
%[2]s
}
`

// startNginx runs nginx until the test ends. In the text of its servers, DIR is
// what it serves from, and ADDRESS the address to listen on.
func startNginx(t *testing.T, servers string) *nginx {
	t.Helper()
	path, err := exec.LookPath("nginx")
	if err != nil {
		path = "/usr/sbin/nginx"
	}
	directory := t.TempDir()
	if err := os.Chmod(filepath.Dir(directory), 0o755); err != nil {
		t.Fatal(err)
	}
	// Its workers are another user.
	if err := os.Chmod(directory, 0o777); err != nil {
		t.Fatal(err)
	}
	n := &nginx{address: testkit.Addresses(t, 1)[0], directory: directory}
	text := strings.NewReplacer("DIR", directory+"/www", "ADDRESS", n.address).Replace(servers)
	err = errors.Join(
		os.Mkdir(filepath.Join(directory, "www"), 0o755),
		os.WriteFile(filepath.Join(directory, "nginx.conf"), []byte(fmt.Sprintf(nginxConf, directory, text)), 0o644),
	)
	if err != nil {
		t.Fatal(err)
	}
	n.run(t, path)
	return n
}

func (n *nginx) run(t *testing.T, path string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	command := exec.CommandContext(ctx, path, "-p", n.directory, "-c", filepath.Join(n.directory, "nginx.conf"))
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	var said strings.Builder
	command.Stderr = &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	stopped := false
	n.stop = func() {
		if !stopped {
			stopped = true
			cancel()
			_ = command.Wait()
		}
	}
	t.Cleanup(n.stop)
	eventually(t, "nginx listens", func() bool {
		connection, err := net.Dial("tcp", n.address)
		if err != nil {
			return false
		}
		return connection.Close() == nil
	})
}

// put writes a file that nginx serves, whole at once.
func (n *nginx) put(t *testing.T, name, content string) {
	t.Helper()
	path := filepath.Join(n.directory, "www", name)
	err := errors.Join(os.WriteFile(path+".new", []byte(content), 0o644), os.Rename(path+".new", path))
	if err != nil {
		t.Fatal(err)
	}
}

func (n *nginx) remove(t *testing.T, name string) {
	t.Helper()
	if err := os.Remove(filepath.Join(n.directory, "www", name)); err != nil {
		t.Fatal(err)
	}
}

// answers counts the answers to requests for a path, by status.
func (n *nginx) answers(t *testing.T, path string) map[string]int {
	t.Helper()
	log, err := os.ReadFile(filepath.Join(n.directory, "access.log"))
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, line := range strings.Split(string(log), "\n") {
		if _, rest, ok := strings.Cut(line, "\"GET "+path+" HTTP/1.1\" "); ok {
			counts[rest[:3]]++
		}
	}
	return counts
}
