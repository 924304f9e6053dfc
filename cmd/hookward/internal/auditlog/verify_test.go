package auditlog

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/logfile"
)

var key = []byte("0123456789abcdef0123456789abcdef")

// line is the n-th one.
func line(n int) string {
	return fmt.Sprintf(`{"event.sequence":%d,"hookward.middleware":"m@file","hookward.epoch":"e","url.path":"/%d"}`, n, n) + "\n"
}

// written returns n lines as they are in a file.
func written(t *testing.T, key []byte, n int) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.log")
	f := logfile.New(logfile.Options{Path: path, MaxBytes: 1 << 30, Keep: 1, ChainKey: key}, func(_, message string, _ time.Time) { t.Error(message) })
	for i := 1; i <= n; i++ {
		if _, err := logfile.Write(f, []byte(line(i)), time.Unix(1764035444, 0)); err != nil {
			t.Fatal(err)
		}
	}
	logfile.Close(f)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.SplitAfter(strings.TrimSuffix(string(b), "\n"), "\n")
}

// look checks files of some content, and returns what is found, with the files by
// their number.
func look(t *testing.T, key []byte, last string, contents ...string) (Summary, []string) {
	t.Helper()
	directory := t.TempDir()
	files := []string{}
	for i, content := range contents {
		files = append(files, filepath.Join(directory, fmt.Sprint(i+1)))
		if err := os.WriteFile(files[i], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	found := []string{}
	summary, err := Files(key, files, nil, last, func(p Problem) {
		found = append(found, fmt.Sprintf("%s:%d %s", strings.TrimPrefix(p.File, directory+"/"), p.Line, p.Kind))
		if p.Text == "" {
			t.Error("a problem without words")
		}
	})
	if err != nil || summary.Problems != int64(len(found)) {
		t.Errorf("%d problems, %d reported, %v", summary.Problems, len(found), err)
	}
	return summary, found
}

func is(t *testing.T, what string, found []string, want ...string) {
	t.Helper()
	if fmt.Sprint(found) != fmt.Sprint(want) {
		t.Errorf("%s: found %s, want %s", what, found, want)
	}
}

// chained leaves out what is found by numbers.
func chained(found []string) []string {
	left := []string{}
	for _, f := range found {
		if !strings.HasSuffix(f, " "+Number) {
			left = append(left, f)
		}
	}
	return left
}

func packed(t *testing.T, text string) string {
	t.Helper()
	b := bytes.Buffer{}
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func join(lines ...[]string) string {
	text := ""
	for _, some := range lines {
		for _, one := range some {
			text += strings.TrimSuffix(one, "\n") + "\n"
		}
	}
	return text
}

// Whatever is done to a single line is found, and named at this line. With the line
// that was last noted, the end is as safe as the rest.
func TestEverySingleEdit(t *testing.T) {
	lines := written(t, key, 12)
	other := written(t, []byte(strings.Repeat("k", 32)), 12)
	plain := written(t, nil, 12)
	summary, found := look(t, key, "", join(lines))
	is(t, "untouched", found)
	last := summary.Last
	for n := 1; n <= 12; n++ {
		before, one, behind := lines[:n-1], lines[n-1], lines[n:]
		for name, c := range map[string]struct {
			text string
			line int // where it is to be found
			want string
		}{
			"changed":            {join(before, []string{strings.Replace(one, "url.path", "url.part", 1)}, behind), n, Changed},
			"another value":      {join(before, []string{strings.Replace(one, `.chain":"`+valueIn(one), `.chain":"`+strings.Repeat("0", 64), 1)}, behind), n, Changed},
			"another link":       {join(before, []string{strings.Replace(one, valueIn(one)[32:], strings.Repeat("0", 32), 1)}, behind), n, Missing},
			"one space":          {join(before, []string{strings.Replace(one, ":", ": ", 1)}, behind), n, Changed},
			"removed":            {join(before, behind), n, Missing},
			"value removed":      {join(before, []string{plain[n-1]}, behind), n, Unchained},
			"foreign added":      {join(before, []string{plain[0], one}, behind), n, Unchained},
			"text added":         {join(before, []string{"text", one}, behind), n, Unchained},
			"empty line added":   {join(before, []string{"", one}, behind), n, Unchained},
			"of another key":     {join(before, []string{other[n-1], one}, behind), n, Changed},
			"replaced by such":   {join(before, []string{other[n-1]}, behind), n, Changed},
			"twice":              {join(before, []string{one, one}, behind), n + 1, Repeated},
			"newline removed":    {join(before, []string{strings.TrimSuffix(one, "\n") + strings.Join(behind, "")}), n, Changed},
			"too long":           {join(before, []string{one[:1] + strings.Repeat(" ", maxLine) + one[1:]}, behind), n, TooLong},
			"cut off, and ended": {join(before, []string{one[:40]}, behind), n, Unchained},
		} {
			summary, found := look(t, key, last, c.text)
			found = chained(found)
			want := fmt.Sprintf("1:%d %s", c.line, c.want)
			switch {
			case n == 1 && name == "removed":
				want = "does not begin" // that is all there is to see
			case n == 1 && name == "another link":
				want = "1:2 " + Missing // but it does not begin the chain either
			case n == 12 && name == "newline removed":
				want = "" // of what is read, nothing is another
			case n == 12 && name == "removed":
				want = ":0 " + NotFound
			}
			first := ""
			if len(found) > 0 {
				first = found[0]
			} else if !summary.Begins {
				first = "does not begin"
			}
			if first != want {
				t.Errorf("line %d, %s: found %s, want %s", n, name, found, want)
			}
		}
		if n < 12 {
			_, found := look(t, key, last, join(before, []string{lines[n], one}, lines[n+1:]))
			want := fmt.Sprintf("1:%d %s", n, Missing)
			if n == 1 {
				want = "1:2 " + BeginsAnew
			}
			if len(found) == 0 || found[0] != want {
				t.Errorf("lines %d and %d swapped: found %s, want %s", n, n+1, found, want)
			}
		}
	}
}

// valueIn returns the value of a line.
func valueIn(one string) string {
	_, value := logfile.Unseal([]byte(strings.TrimSuffix(one, "\n")))
	if value == "" {
		return "no value"
	}
	return value
}

// One edit in the middle is one problem, or two where two places are wrong: what
// follows is checked on from there.
func TestGoesOn(t *testing.T) {
	lines := written(t, key, 30)
	change := func(one string) []string { return []string{strings.Replace(one, "url.path", "url.part", 1)} }
	_, found := look(t, key, "", join(lines[:4], change(lines[4]), lines[5:9], lines[10:14], []string{lines[13]}, lines[14:19], []string{"x", "y"}, lines[19:24], change(lines[24]), lines[25:]))
	is(t, "many edits", found, "1:5 "+Changed, "1:10 "+Missing, "1:14 "+Repeated, "1:14 "+Number, "1:20 "+Unchained, "1:27 "+Changed, "1:10 "+Number)
	// What is added is one problem, even if it is a line of this very log, or has
	// a value of its own.
	forged := strings.Replace(lines[4], "url.path", "url.part", 1)
	_, found = look(t, key, "", join(lines[:9], []string{lines[2]}, lines[9:14], []string{forged}, lines[14:]))
	is(t, "added lines", chained(found), "1:10 "+Missing, "1:16 "+Changed)
}

func TestFilesInOrder(t *testing.T) {
	lines := written(t, key, 12)
	a, b, c := join(lines[:4]), join(lines[4:8]), join(lines[8:])
	summary, found := look(t, key, valueIn(lines[5]), packed(t, a), b, "", packed(t, ""), c)
	is(t, "in order", found)
	if !summary.Begins || summary.Chained != 12 || summary.Lines != 12 || summary.Files != 5 || summary.Last != valueIn(lines[11]) {
		t.Errorf("%+v", summary)
	}
	summary, found = look(t, key, "", b, c)
	is(t, "without the oldest", found)
	if summary.Begins {
		t.Error("it claims to begin in the middle")
	}
	_, found = look(t, key, "", a, c)
	is(t, "without one in the middle", chained(found), "2:1 "+Missing)
	_, found = look(t, key, "", b, a, c)
	is(t, "swapped", chained(found), "2:1 "+BeginsAnew, "3:1 "+Missing)
	_, found = look(t, key, "", a, a, b, c)
	is(t, "twice", chained(found), "2:1 "+BeginsAnew)
	_, found = look(t, key, valueIn(lines[11]), a, b)
	is(t, "without the end", found, ":0 "+NotFound)
	_, found = look(t, key, valueIn(lines[1]), b, c)
	is(t, "noted in a file that is gone", found, ":0 "+NotFound)
	// A value that only looks noted.
	_, found = look(t, key, valueIn(lines[11]), join(lines[:4], []string{strings.Replace(lines[11], "url.path", "url.part", 1)}))
	is(t, "a forged end", chained(found), "1:5 "+Changed, ":0 "+NotFound)
	_, found = look(t, []byte(strings.Repeat("x", 32)), "", a)
	is(t, "another key", found, "1:1 "+Changed, "1:2 "+Changed, "1:3 "+Changed, "1:4 "+Changed, ":0 "+WrongKey)
	// A torn line, and one of which only the newline is missing.
	_, found = look(t, key, "", a[:len(a)-1], b+"{\"x\"", c)
	is(t, "torn", found, "2:5 "+Torn)
	// Damaged files.
	whole := packed(t, a)
	_, found = look(t, key, "", whole[:len(whole)-10], b, c)
	is(t, "cut off", found[len(found)-1:], "1:0 "+Damaged)
	for _, damaged := range []string{whole[:5], "\x1f\x8bxxxxxxxxxxx"} {
		_, found = look(t, key, "", a, damaged, c)
		is(t, "damaged", chained(found), "2:0 "+Damaged, "3:1 "+Missing)
	}
	// A log that was chained later on.
	summary, found = look(t, key, "", join(written(t, nil, 5)), join(lines))
	is(t, "chained later", chained(found), "1:1 "+Unchained)
	if summary.Begins {
		t.Error("it claims to begin with a line that is not chained")
	}
	_, found = look(t, key, "", "")
	is(t, "empty", found)
	_, err := Files(key, []string{filepath.Join(t.TempDir(), "missing")}, nil, "", func(Problem) {})
	if err == nil {
		t.Error("a missing file is no error")
	}
	_, err = Files(key, []string{os.DevNull}, nil, "", func(Problem) {})
	if err == nil {
		t.Error("a device is no error")
	}
}

// Any edits of any lines are found, and nothing before the first of them.
func TestRandomEdits(t *testing.T) {
	random := rand.New(rand.NewSource(3))
	lines := written(t, key, 40)
	whole := join(lines)
	noted := valueIn(lines[39])
	for round := 0; round < 700; round++ {
		b := []byte(whole)
		for i := 0; i <= random.Intn(3); i++ {
			at := random.Intn(len(b))
			end := at + random.Intn(len(b)-at)
			if random.Intn(2) == 0 && end > at+5 {
				end = at + 5
			}
			to := random.Intn(len(b))
			switch random.Intn(5) {
			case 0:
				b[at] ^= byte(1 + random.Intn(255))
			case 1:
				b = append(b[:at:at], b[end:]...)
			case 2:
				piece := string(b[at:end])
				b = append(b[:to:to], append([]byte(piece), b[to:]...)...)
			case 3:
				b = append(b[:at:at], append([]byte{byte(random.Intn(256))}, b[at:]...)...)
			case 4: // whole lines
				some := strings.SplitAfter(string(b), "\n")
				x, y := random.Intn(len(some)), random.Intn(len(some))
				some[x], some[y] = some[y], some[x]
				b = []byte(strings.Join(some, ""))
			}
		}
		text := string(b)
		same := 0
		for same < len(text) && same < len(whole) && text[same] == whole[same] {
			same++
		}
		first := int64(1 + strings.Count(whole[:same], "\n"))
		summary, found := look(t, key, noted, text)
		// Lines that are missing at the start are known by Begins, and at the end by
		// what was noted; a newline at the end does not matter.
		suspicious := len(chained(found)) > 0 || !summary.Begins
		if text != whole && text+"\n" != whole && !suspicious {
			t.Fatalf("round %d: nothing found from line %d on:\n%s", round, first, text)
		}
		if len(found) > 0 {
			at := int64(0)
			if _, err := fmt.Sscanf(found[0], "1:%d", &at); err == nil && at < first {
				t.Fatalf("round %d: found %s before line %d", round, found[0], first)
			}
		}
	}
}
