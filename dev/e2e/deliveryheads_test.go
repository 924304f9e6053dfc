package e2e

import (
	"bytes"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// What is in a sender's headers is no path and no name of the store's, and comes again as it
// is, be it long or much.
func TestDeliveryOfOddHeaders(t *testing.T) {
	state := filepath.Join(t.TempDir(), "state")
	options := `{provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + state + `, delivery: {retry: {schedule: [300ms], jitter: "0"}}}`
	s := start(t, script(), []gate{{name: "kept", options: options}}, gateway.Settings{})
	long, many := "X-Long: "+strings.Repeat("long ", 2<<10)+"end", []string{}
	for n := range 100 {
		many = append(many, fmt.Sprintf("X-Many-%d: a value %d", n, n))
	}
	for name, lines := range map[string][]string{
		"a path as the id":     {"X-GitHub-Delivery: ../../../../etc/passwd", "X-GitHub-Event: ../waiting/0/x"},
		"an id of hookward's":  {"X-Hookward-Id: ../../x", "X-Hookward-Attempt: 7"},
		"10 KiB":               {long},
		"100 headers":          many,
		"quotes and bytes":     {"X-Odd: \"a\" \\n \\x00 \t\xff\xfe é"},
		"as a line of a file":  {"X-Line: header \"X-Evil\" \"1\""},
		"empty, and once more": {"X-Empty: ", "X-Two: ", "X-Two: 2"},
	} {
		t.Run(name, func(t *testing.T) {
			a := s.post(t, "kept", name, append(lines, signed(secret, name), "X-Answers: 503 200")...)
			id := s.stored(t, a)
			s.ends(t, id, "delivered")
			got := s.arrives(t, a.path, 2)
			sameBytes(t, got, id, name, 2)
			for _, one := range got {
				one.Header.Del("X-Hookward-Attempt")
			}
			if !reflect.DeepEqual(got[0].Header, got[1].Header) {
				t.Errorf("the second attempt has other headers:\n%v\n%v", got[0].Header, got[1].Header)
			}
		})
	}
	for _, file := range filesBelow(t, filepath.Dir(state)) {
		if !ownFile.MatchString(file) {
			t.Errorf("there is a file %s", file)
		}
	}
}

// ownFile matches the files of a stateDirectory that are named by hookward.
var ownFile = regexp.MustCompile(`^state/(owner|replay[-.0-9a-z]*|delivery-[0-9a-f]+/([a-z]+(\.[a-z]+)?|(tmp|waiting/.|dead/.)/[0-9a-f]+[.0-9a-z_]*))$`)

func filesBelow(t *testing.T, directory string) []string {
	t.Helper()
	found := []string{}
	must(t, filepath.WalkDir(directory, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			path, err = filepath.Rel(directory, path)
			found = append(found, path)
		}
		return err
	}))
	return found
}

// What somebody has edited into a file by hand, with all sums mended, does not reach the
// backend where no server would have let it in: the file is set aside.
func TestDeliveryEditedByHand(t *testing.T) {
	unsteadily(t)
	ctx := t.Context()
	m := &mended{}
	backend, err := gateway.Serve(ctx, "127.0.0.1:0", m)
	must(t, err)
	state := filepath.Join(t.TempDir(), "state")
	dynamic := strings.Replace(keptAs("kept", state, backend), `, store: {encryptionKeys: ["env:STORE"]}`, "", 1)
	settings := gateway.Settings{Env: []string{"GH=" + secret}}
	g, err := gateway.Start(ctx, binary, strings.Replace(dynamic, "[20ms, 20ms]", "[1h]", 1), settings)
	must(t, err)
	edits := map[string][2]string{
		"a line break in a value": {`"Go-http-client/1.1"`, `"Go\r\nX-Evil: 1"`},
		"a line break in a name":  {`"User-Agent"`, `"User-Agent\r\nX-Evil"`},
		"a line break in the URI": {`uri "/in"`, `uri "/in HTTP/1.1\r\nX-Evil: 1\r\n"`},
		"a line break in a peer":  {`peer "127.0.0.1`, `peer "127.0.0.1\r\nX-Evil: 1`},
		"a line break in a host":  {`host "127.0.0.1`, `host "127.0.0.1\r\nX-Evil: 1`},
		"another method":          {`method "POST"`, `method "POST /evil HTTP/1.1\r\n"`},
		"nothing":                 {"", ""},
	}
	for name := range edits {
		sendKept(t, g, name)
	}
	g.Stop()
	files, err := filepath.Glob(filepath.Join(state, "delivery-*", "waiting", "?", "*"))
	must(t, err)
	for _, file := range files {
		content, err := os.ReadFile(file)
		must(t, err)
		for name, edit := range edits {
			if bytes.Contains(content, []byte(name)) {
				must(t, os.WriteFile(file, edited(t, string(content), edit[0], edit[1]), 0o600))
			}
		}
		must(t, os.Rename(file, file[:strings.LastIndex(file, ".")]+".0")) // all are due
	}
	m.well.Store(true)
	g, err = gateway.Start(ctx, binary, dynamic, settings)
	must(t, err)
	defer g.Stop()
	testkit.Await(t, "nothing waits", func() bool { return waitingFiles(state) == 0 })
	dead, err := filepath.Glob(filepath.Join(state, "delivery-*", "dead", "?", "*.undecodable*"))
	must(t, err)
	if len(dead) != len(edits)-1 || !strings.HasSuffix(m.seen(), " nothing") || strings.Count(m.seen(), "\n") > 0 {
		t.Errorf("%d are set aside, and arrived has %q", len(dead), m.seen())
	}
}

// edited returns a file in clear whose head has another text, and the lengths and sums of
// that.
func edited(t *testing.T, content, old, text string) []byte {
	t.Helper()
	line, rest, _ := strings.Cut(content, "\n")
	head, body := 0, 0
	words := strings.Fields(line)
	_, err := fmt.Sscan(words[5]+" "+words[6], &head, &body)
	must(t, err)
	changed := strings.Replace(rest[:head], old, text, 1)
	if (changed == rest[:head]) != (old == text) {
		t.Fatalf("there is no %s in %s", old, rest[:head])
	}
	words[5] = fmt.Sprint(len(changed))
	line = strings.Join(words, " ") + "\n"
	file := []byte(line)
	for _, block := range []string{changed, rest[head+4 : head+4+body]} {
		sum := crc32.Checksum([]byte(line+block), crc32.MakeTable(crc32.Castagnoli))
		file = append(append(file, block...), byte(sum>>24), byte(sum>>16), byte(sum>>8), byte(sum))
	}
	return file
}
