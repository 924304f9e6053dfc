package iplist

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/ipset"
)

const four = "192.0.2.1\n192.0.2.3\n192.0.2.5\n2001:db8::/32\n"

// many returns so many ranges that don't adjoin.
func many(n int) string {
	text := ""
	for i := 0; i < n; i++ {
		text += fmt.Sprintf("10.%d.%d.0\n", i/256, i%256)
	}
	return text
}

func readTest(t *testing.T, s Source, content string, before ipset.Set) (ipset.Set, string) {
	t.Helper()
	s.URL = "https://example.com/list"
	s, problems, _ := Complete(s)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return read(s, []byte(content), before)
}

// What looks wrong is refused as a whole: at first, or beside what was good.
func TestBadVersions(t *testing.T) {
	good, problem := readTest(t, Source{}, four, nil)
	if problem != "" {
		t.Fatal(problem)
	}
	for name, bad := range map[string]struct{ content, says string }{
		"empty":               {"", "is empty"},
		"page":                {"<html>192.0.2.1</html>", "is a page"},
		"malformed":           {four + "192.0.2.\n", "has in line 5"},
		"everything":          {four + "0.0.0.0/0\n", "has every IPv4 address"},
		"everything in parts": {four + "8000::/1\n::/1\n", "has every IPv6 address"},
		"most of everything":  {"0.0.0.0/1\n128.0.0.0/2\n192.0.0.0/3\n224.0.0.0/4\n2001:db8::/32\n", "has more than half of all addresses"},
		"much of IPv4":        {"10.0.0.0/8\n" + four, "has more than a hundred times the addresses"},
		"much of IPv6":        {"2000::/12\n192.0.2.1\n192.0.2.3\n", "has more than a hundred times the addresses"},
		"shrunk":              {"192.0.2.1\n", "has shrunk from 4 ranges to 1 range"},
		"grown":               {many(401), "has grown from 4 ranges to 401 ranges"},
	} {
		if set, problem := readTest(t, Source{}, bad.content, good); set != nil || !strings.Contains(problem, bad.says) {
			t.Errorf("%s: %v, %q", name, set, problem)
		}
		compares := name == "shrunk" || name == "grown" || strings.HasPrefix(name, "much") // with nothing, which is less than anything
		if set, problem := readTest(t, Source{}, bad.content, nil); (problem == "") != compares || (set != nil) != compares {
			t.Errorf("%s, at first: %v, %q", name, set, problem)
		}
	}
}

func TestAcceptAnySize(t *testing.T) {
	before := ipset.Set(nil)
	for _, text := range []string{four, "192.0.2.1\n", many(401), "0.0.0.0/1\n128.0.0.0/2\n"} {
		set, problem := readTest(t, Source{AcceptAnySize: true}, text, before)
		if problem != "" {
			t.Errorf("%.20q: %s", text, problem)
		}
		before = set
	}
	if _, problem := readTest(t, Source{AcceptAnySize: true}, "::/0\n", before); problem == "" {
		t.Error("any size, but not everything")
	}
}

// A list as a gate has it: from a file, with what is said of it, and one document
// for all who name it.
func TestUse(t *testing.T) {
	path := filepath.Join(t.TempDir(), "list")
	s, problems, _ := Complete(Source{File: path})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	said := []string{}
	tell := func(level, message string, _ time.Time) { said = append(said, level+": "+message) }
	look := func(l *List, address string) int { return Look(l, ipset.Key(netip.MustParseAddr(address))) }
	absent := Use(context.Background(), s, tell, time.Now())
	if got := look(absent, "192.0.2.1"); got != Unknown || absent.Name != path {
		t.Errorf("%d of %s", got, absent.Name)
	}
	if err := os.WriteFile(path, []byte(four), 0o600); err != nil {
		t.Fatal(err)
	}
	s.AcceptAnySize = true // another document: the first one looks again only in a while
	l := Use(context.Background(), s, tell, time.Now())
	again := Use(context.Background(), s, tell, time.Now())
	Keep(context.Background(), l)
	if l.document != again.document || l.document == absent.document {
		t.Error("they are not of one document")
	}
	for address, want := range map[string]int{"192.0.2.1": Inside, "192.0.2.2": Outside, "2001:db8::1": Inside, "2001:db9::1": Outside} {
		if got := look(l, address); got != want || look(again, address) != want {
			t.Errorf("%s: %d, want %d", address, got, want)
		}
	}
	want := "error: the list " + path + " can't be found, or not by Traefik's user; it has never been loaded (failed attempts: 1)\ninfo: the list " + path + " has 4 ranges"
	if got := strings.Join(said, "\n"); got != want {
		t.Errorf("%s", got)
	}
}
