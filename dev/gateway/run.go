package gateway

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Run starts a Traefik whose whole static configuration is the caller's, given
// in its arguments or in a file that they name, and returns once ready, the
// URL of its ping, answers. Its working directory is dir, where hookward is
// installed as a local plugin, and which Stop leaves alone. Of the settings,
// those apply that are no part of a static configuration: Plugin, Form, Env,
// Stdout and Stderr.
func Run(ctx context.Context, binary, dir, ready string, arguments []string, s Settings) (*Gateway, error) {
	if err := install(dir, s); err != nil {
		return nil, err
	}
	g := &Gateway{Stdout: &Output{copy: s.Stdout}, Stderr: &Output{copy: s.Stderr}, dir: dir, done: make(chan struct{})}
	if err := g.launch(ctx, binary, arguments, ready, s.Env); err != nil {
		return nil, err
	}
	return g, nil
}

// install makes the plugin a local one of a Traefik that runs in a directory. Of
// a plugin that is compiled in, Traefik gets the manifest and nothing else.
func install(dir string, s Settings) error {
	if s.Plugin == "" {
		root, err := Root()
		if err != nil {
			return err
		}
		s.Plugin = root
	}
	if s.Form == "" {
		form, err := TestedForm()
		if err != nil {
			return err
		}
		s.Form = form
	}
	plugin := filepath.Join(dir, "plugins-local", "src", "github.com", "hookward", "hookward")
	if s.Form == Interpreted {
		return errors.Join(os.MkdirAll(filepath.Dir(plugin), 0o755), os.Symlink(s.Plugin, plugin))
	}
	manifest, err := os.ReadFile(filepath.Join(s.Plugin, ".traefik.yml"))
	if err != nil {
		return err
	}
	return errors.Join(os.MkdirAll(plugin, 0o755), os.WriteFile(filepath.Join(plugin, ".traefik.yml"), manifest, 0o644))
}

// launch starts the process and waits until its ping answers.
func (g *Gateway) launch(ctx context.Context, binary string, arguments []string, ready string, env []string) error {
	g.cmd = exec.CommandContext(ctx, binary, arguments...)
	g.cmd.Dir = g.dir
	g.cmd.Env = append(os.Environ(), env...)
	g.cmd.Stdout, g.cmd.Stderr = g.Stdout, g.Stderr
	// A group of its own: Ctrl-C is for the program that started Traefik.
	g.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	g.cmd.Cancel = func() error { return g.cmd.Process.Signal(syscall.SIGTERM) }
	g.cmd.WaitDelay = 15 * time.Second
	if err := g.cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = g.cmd.Wait()
		close(g.done)
	}()

	deadline := time.Now().Add(60 * time.Second)
	for {
		response, err := http.Get(ready)
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case <-g.done:
			return fmt.Errorf("traefik ended at its start:\n%s%s", g.Stdout, g.Stderr)
		case <-time.After(50 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			g.Stop()
			return fmt.Errorf("traefik was not ready in time:\n%s%s", g.Stdout, g.Stderr)
		}
	}
}
