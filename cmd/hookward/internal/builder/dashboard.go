package builder

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// packageManager is the line of Traefik's package.json that pins the program which reads
// its yarn.lock.
var packageManager = regexp.MustCompile(`"packageManager": "yarn@(\d+\.\d+\.\d+)"`)

// buildDashboard builds Traefik's web page. Traefik embeds the files that lie in its own
// module, where Go lets nobody put any: so the module is copied, and the copy
// is what it returns.
func buildDashboard(t *toolchain, traefik module) (module, error) {
	for _, program := range []string{"node", "npx"} {
		if _, err := exec.LookPath(program); err != nil {
			return traefik, fmt.Errorf("--dashboard: there is no %s in PATH; building Traefik's web page takes Node.js, from https://nodejs.org", program)
		}
	}
	copied := filepath.Join(t.work, "traefik")
	everything := func(path string, entry fs.DirEntry) bool { return path != "docs" && path != "integration" }
	if err := copyTree(traefik.Dir, copied, everything); err != nil {
		return traefik, explain(err, "")
	}
	webui := filepath.Join(copied, "webui")
	manifest, err := os.ReadFile(filepath.Join(webui, "package.json"))
	if err != nil {
		return traefik, explain(err, "")
	}
	pinned := packageManager.FindSubmatch(manifest)
	if pinned == nil {
		return traefik, errors.New("--dashboard: this Traefik does not say which Yarn builds its web page; without --dashboard its API works, and the page is missing")
	}
	t.say("Building Traefik's web page, which takes a minute or two.")
	yarn := "--package=@yarnpkg/cli-dist@" + string(pinned[1])
	for _, arguments := range [][]string{
		{"--yes", yarn, "yarn", "workspaces", "focus", "--all", "--production"},
		{"--yes", yarn, "yarn", "vite", "build"},
	} {
		cmd := exec.CommandContext(t.ctx, "npx", arguments...)
		cmd.Dir = webui
		cmd.WaitDelay = 5 * time.Second // for what npx has started
		// As webui/buildx.Dockerfile has them. Yarn reads npm's registry from its own variable.
		cmd.Env = append(os.Environ(), "VITE_APP_BASE_URL=", "VITE_APP_BASE_API_URL=/api", "YARN_ENABLE_TELEMETRY=0")
		if registry := npmRegistry(t); registry != "" && os.Getenv("YARN_NPM_REGISTRY_SERVER") == "" {
			cmd.Env = append(cmd.Env, "YARN_NPM_REGISTRY_SERVER="+registry)
		}
		messages := &bytes.Buffer{}
		cmd.Stdout, cmd.Stderr = messages, messages
		if err := cmd.Run(); err != nil {
			return traefik, explain(said(t.ctx, err, messages.String()), "--dashboard: "+strings.Join(arguments[2:], " ")+": ")
		}
	}
	if _, err := os.Stat(filepath.Join(webui, "static", "index.html")); err != nil {
		return traefik, explain(err, "--dashboard: the web page was built, and is not where Traefik looks for it: ")
	}
	traefik.Dir = copied
	return traefik, nil
}

// npmRegistry is the one that npm is set up with.
func npmRegistry(t *toolchain) string {
	out, err := exec.CommandContext(t.ctx, "npm", "config", "get", "registry").Output()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(out))
}
