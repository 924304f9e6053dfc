package analyser

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/parser"
	"go/token"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

const modulePath = "github.com/hookward/hookward"

// unpacked returns a GOPATH with the archive of the last commit, as the
// catalogue gets it, and what it says of itself. What is not committed is not in
// it.
func unpacked(t *testing.T) (string, Source) {
	t.Helper()
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	goPath := t.TempDir()
	directory, err := Unpack(root, "HEAD", modulePath, goPath)
	if err != nil {
		t.Fatal(err)
	}
	source, err := Read(directory)
	if err != nil {
		t.Fatal(err)
	}
	return goPath, source
}

func TestArchive(t *testing.T) {
	_, source := unpacked(t)
	if source.Manifest.Import != modulePath {
		t.Errorf("the import is %s", source.Manifest.Import)
	}
	files, err := filepath.Glob(filepath.Join(source.Directory, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatal("found no source: ", err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.PackageClauseOnly)
		if err != nil {
			t.Fatal(err)
		}
		if file.Name.Name != source.Manifest.Package() {
			t.Errorf("%s is of package %s, and loaded is %s", filepath.Base(name), file.Name.Name, source.Manifest.Package())
		}
	}
	// The second module is none of the plugin's, and its dependencies are what a
	// plugin may not have.
	if _, err := os.Stat(filepath.Join(source.Directory, "dev")); !os.IsNotExist(err) {
		t.Errorf("dev/ is in the archive: %v", err)
	}
	if _, err := os.Stat(filepath.Join(source.Directory, "testdata", "vectors")); err != nil {
		t.Errorf("the archive lacks what the repository has: %v", err)
	}
}

func TestTags(t *testing.T) {
	root, err := gateway.Root()
	if err != nil {
		t.Fatal(err)
	}
	tags, err := Tags(root)
	if err == nil {
		err = CheckTags(tags)
	}
	if err != nil {
		t.Error(err)
	}
}

// childVariable has this test binary analyse the plugin in the GOPATH that it
// names; the value dial has it use the network instead.
const childVariable = "HOOKWARD_ANALYSE"

// report is what the child has seen.
type report struct {
	Error   string
	Status  int           // of the answer to a request
	Took    time.Duration // to load the plugin and to call New
	Traffic string        // the network's counters that are not zero
}

func TestMain(m *testing.M) {
	if goPath := os.Getenv(childVariable); goPath != "" {
		_ = json.NewEncoder(os.Stdout).Encode(child(goPath))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func child(goPath string) report {
	var r report
	if goPath == "dial" {
		for _, network := range []string{"tcp", "udp"} {
			if connection, err := net.DialTimeout(network, "192.0.2.1:53", time.Second); err == nil {
				_, _ = connection.Write([]byte("x"))
			}
		}
		r.Traffic = traffic()
		return r
	}
	source, err := Read(filepath.Join(goPath, "src", modulePath))
	if err != nil {
		r.Error = err.Error()
		return r
	}
	ctx, cancel := context.WithTimeout(context.Background(), Limit)
	defer cancel()
	began := time.Now()
	handler, err := Analyse(ctx, goPath, source.Manifest)
	r.Took = time.Since(began)
	if err != nil {
		r.Error = err.Error()
		return r
	}
	answer := httptest.NewRecorder()
	handler.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")))
	r.Status = answer.Code
	time.Sleep(time.Second) // in which something might go and fetch
	r.Traffic = traffic()
	return r
}

// traffic returns the counters of this process's network that tell of an
// attempt to send something.
func traffic() string {
	text, err := os.ReadFile("/proc/self/net/snmp")
	if err != nil {
		return err.Error()
	}
	names := map[string][]string{}
	seen := []string{}
	for _, line := range strings.Split(string(text), "\n") {
		protocol, rest, _ := strings.Cut(line, ": ")
		fields := strings.Fields(rest)
		if names[protocol] == nil {
			names[protocol] = fields
			continue
		}
		for i, name := range names[protocol] {
			switch name {
			case "OutRequests", "OutNoRoutes", "ActiveOpens", "OutDatagrams":
				if fields[i] != "0" {
					seen = append(seen, protocol+" "+name+" "+fields[i])
				}
			}
		}
	}
	return strings.Join(seen, ", ")
}

// alone runs this test binary as a child, without our environment and, where the
// machine lets us, with a network of its own, which leads nowhere. The second
// result says whether it does.
func alone(t *testing.T, goPath string) (report, bool) {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var failure error
	for _, attributes := range []*syscall.SysProcAttr{
		{Cloneflags: syscall.CLONE_NEWNET},
		{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWUSER},
		nil,
	} {
		var stdout, stderr bytes.Buffer
		cmd := exec.CommandContext(t.Context(), binary)
		// The secret is there, and the plugin must not get to see it.
		cmd.Env = []string{childVariable + "=" + goPath, "GITHUB_WEBHOOK_SECRET=9c3f1b7e5d2a4086b1f3d5e7a9c0b2d4"}
		cmd.Stdout, cmd.Stderr = &stdout, &stderr
		cmd.SysProcAttr = attributes
		if failure = cmd.Run(); errors.Is(failure, syscall.EPERM) {
			continue
		}
		if failure != nil {
			t.Fatalf("%v: %s", failure, stderr.String())
		}
		var r report
		// The gate's audit record goes to stdout, too.
		lines := strings.Split(strings.TrimSpace(stdout.String()), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &r); err != nil {
			t.Fatalf("%v: %s", err, stdout.String())
		}
		return r, attributes != nil
	}
	t.Fatal(failure)
	return report{}, false
}

// TestAnalyse has New called with the manifest's testData, whose secret is not
// there: New must return a handler, and the handler must refuse.
func TestAnalyse(t *testing.T) {
	goPath, _ := unpacked(t)
	r, isolated := alone(t, goPath)
	if r.Error != "" {
		t.Fatal(r.Error)
	}
	if r.Status != http.StatusServiceUnavailable {
		t.Errorf("without its secret, the gate answers %d", r.Status)
	}
	t.Logf("loaded and built in %v, of %v", r.Took.Round(time.Millisecond), Limit)
	if !isolated {
		t.Skip("this machine gives no process a network of its own, so nothing is known of attempts to use one")
	}
	if r.Traffic != "" {
		t.Errorf("the plugin has used the network: %s", r.Traffic)
	}
	if dialled, _ := alone(t, "dial"); dialled.Traffic == "" {
		t.Error("the counters do not tell when the network is used")
	}
}

// TestAnalyseRefuses shows that the analysis can fail.
func TestAnalyseRefuses(t *testing.T) {
	const head = "package hookward\n\nimport (\n\t\"context\"\n\t\"errors\"\n\t\"net/http\"\n\t\"time\"\n)\n\nvar _ = errors.New\nvar _ time.Duration\n\n" +
		"type Config struct{ Provider string }\n\nfunc CreateConfig() *Config { return &Config{} }\n\n"
	const signature = "func New(ctx context.Context, next http.Handler, config *Config, name string) (http.Handler, error) {"
	for name, c := range map[string]struct{ code, want string }{
		"works":         {head + signature + " return next, nil }", ""},
		"fails":         {head + signature + ` return nil, errors.New("no secret") }`, "the function New: no secret"},
		"panics":        {head + signature + ` panic("oh") }`, "the plugin panicked: oh"},
		"takes long":    {head + signature + " time.Sleep(time.Minute); return next, nil }", "not built in time"},
		"returns nil":   {head + signature + " return nil, nil }", "the function New returns no http.Handler"},
		"other results": {head + "func New(ctx context.Context, next http.Handler, config *Config, name string) http.Handler { return next }", "other parameters or results"},
		"other config":  {head + "func New(ctx context.Context, next http.Handler, config Config, name string) (http.Handler, error) { return next, nil }", "takes a"},
		"other package": {strings.Replace(head, "package hookward", "package other", 1) + signature + " return next, nil }", "CreateConfig"},
		"no code":       {"package hookward", "CreateConfig"},
		"a syntax":      {"package", "does not load"},
	} {
		t.Run(name, func(t *testing.T) {
			goPath := t.TempDir()
			directory := filepath.Join(goPath, "src", modulePath)
			if err := errors.Join(os.MkdirAll(directory, 0o755), os.WriteFile(filepath.Join(directory, "plugin.go"), []byte(c.code), 0o644)); err != nil {
				t.Fatal(err)
			}
			limit := Limit
			if name == "takes long" {
				limit = time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			_, err := Analyse(ctx, goPath, Manifest{Import: modulePath, TestData: map[string]any{"provider": "github"}})
			if fmt.Sprint(err) == "<nil>" != (c.want == "") || !strings.Contains(fmt.Sprint(err), c.want) {
				t.Errorf("the analysis says %v, want %q", err, c.want)
			}
		})
	}
}
