package auditlog

import (
	"fmt"
	"math/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// story makes lines of a short form: numbers, "first-last/count" for a record of
// lost ones, and with a name and a colon before it, of another middleware.
func story(text string) string {
	lines := ""
	for _, word := range strings.Fields(text) {
		name, what, ok := strings.Cut(word, ":")
		if !ok || word[0] == '{' {
			name, what = "m", word
		}
		first, last, count, number := 0, 0, 0, 0
		if n, _ := fmt.Sscanf(what, "%d-%d/%d", &first, &last, &count); n == 3 {
			lines += fmt.Sprintf(`{"event.reason":"records_lost","hookward.middleware":"%s","hookward.epoch":7,"hookward.gap.first":%d,"hookward.gap.last":%d,"hookward.gap.count":%d}`, name, first, last, count) + "\n"
			continue
		}
		if n, _ := fmt.Sscanf(what, "%d", &number); n == 1 {
			lines += fmt.Sprintf(`{"event.sequence":%d,"hookward.middleware":"%s","hookward.epoch":7}`, number, name) + "\n"
			continue
		}
		lines += what + "\n"
	}
	return lines
}

// What the next process records of what this one was at when it ended, this one may
// have recorded as well.
func TestInterrupted(t *testing.T) {
	line := func(n int, more string) string {
		return fmt.Sprintf(`{"event.sequence":%d,"hookward.middleware":"m","hookward.epoch":"e"%s}`, n, more) + "\n"
	}
	for name, c := range map[string]struct {
		text  string
		found int
	}{
		"twice, interrupted":       {line(1, "") + line(2, "") + line(2, `,"hookward.interrupted":true`), 0},
		"interrupted alone":        {line(1, "") + line(3, "") + line(2, `,"hookward.interrupted":true`), 0},
		"twice, and no such thing": {line(1, "") + line(2, "") + line(2, `,"hookward.interrupted":false`), 1},
	} {
		path := filepath.Join(t.TempDir(), "log")
		if err := os.WriteFile(path, []byte(c.text), 0o600); err != nil {
			t.Fatal(err)
		}
		found := 0
		_, err := Files(nil, []string{path}, nil, "", func(_ Problem) { found++ })
		if err != nil || found != c.found {
			t.Errorf("%s: %d problems, %v", name, found, err)
		}
	}
}

func TestNumbers(t *testing.T) {
	for text, want := range map[string]struct {
		found   []string
		missing int64
		lost    int64
	}{
		"1 2 4":                 {[]string{"1:3 number"}, 1, 0},
		"1 2 5 9":               {[]string{"1:3 number", "1:4 number"}, 5, 0},
		"1 2 2 3":               {[]string{"1:3 number"}, 0, 0},
		"5 6 5":                 {[]string{"1:3 number"}, 0, 0},
		"10 8 12":               {[]string{"1:2 number", "1:3 number"}, 2, 0},
		"1 4 2-3/1":             {[]string{"1:2 number"}, 1, 1},
		"1 9 3-5/3":             {[]string{"1:2 number", "1:2 number"}, 4, 3},
		"1 4 n:2-3/2":           {[]string{"1:2 number"}, 2, 2},
		"1 4 2-3/0":             {[]string{"1:2 number"}, 2, 0},
		"1 4 3-2/1":             {[]string{"1:2 number"}, 2, 0},
		"1 9223372036854775807": {[]string{"1:2 number"}, 9223372036854775805, 0},
		"a:1 b:1 a:3 b:2":       {[]string{"1:3 number"}, 1, 0},
		"1 text 2":              {[]string{"1:2 no_record"}, 0, 0},
		"1 [] 2":                {[]string{"1:2 no_record"}, 0, 0},
		"1 2 3":                 {nil, 0, 0},
		"17 18 19":              {nil, 0, 0},
		"3 1 2 5 4 6":           {nil, 0, 0},
		"9 7 8 1-6/6":           {nil, 0, 6},
		"1 4 2-3/2 5":           {nil, 0, 2},
		"1 2-3/2 4":             {nil, 0, 2},
		"1 3 6 2-5/3":           {nil, 0, 3},
		"1 3 6 9 2-8/5":         {nil, 0, 5},
		"1 3 6 9 2-8/2":         {[]string{"1:3 number", "1:4 number"}, 3, 2},
		"1 3 6 2-5/9":           {nil, 0, 4},
		"1 6 2-3/2 4-5/2":       {nil, 0, 4},
		"1 1-9223372036854775807/9223372036854775807": {nil, 0, 9223372036854775807},
		"a:1 b:1 a:2 b:2":           {nil, 0, 0},
		`{} {"event.sequence":"x"}`: {nil, 0, 0},
	} {
		summary, found := look(t, nil, "", story(text))
		is(t, text, found, want.found...)
		if summary.Missing != want.missing || summary.Lost != want.lost {
			t.Errorf("%s: %d missing, %d lost", text, summary.Missing, summary.Lost)
		}
	}
	summary, _ := look(t, nil, "", story("3 4 a:1 7 6 5"), story("8"))
	if fmt.Sprint(summary.Series) != "[{a 7 1 1 1} {m 7 3 8 6}]" {
		t.Errorf("%+v", summary.Series)
	}
}

// Numbers that arrive a little out of order, with some lost, are counted as a set
// counts them.
func TestNumbersAsModel(t *testing.T) {
	random := rand.New(rand.NewSource(5))
	for round := 0; round < 300; round++ {
		numbers := []int{}
		for n := 1; n <= 60; n++ {
			if random.Intn(4) > 0 {
				numbers = append(numbers, n)
			}
		}
		for i := range numbers {
			j := i + random.Intn(5)
			if j < len(numbers) {
				numbers[i], numbers[j] = numbers[j], numbers[i]
			}
		}
		have, least, most := map[int]bool{}, 100, 0
		text := ""
		for _, n := range numbers {
			have[n] = true
			if n < least {
				least = n
			}
			if n > most {
				most = n
			}
			text += fmt.Sprint(n, " ")
		}
		missing := int64(0)
		for n := least; n <= most; n++ {
			if !have[n] {
				missing++
			}
		}
		summary, found := look(t, nil, "", story(text))
		if summary.Missing != missing || missing > 0 && len(found) == 0 {
			t.Fatalf("%s: %d missing, want %d", text, summary.Missing, missing)
		}
		summary, found = look(t, nil, "", story(text+fmt.Sprintf(" %d-%d/%d", least, most, missing)))
		if len(found) != 0 || summary.Missing != 0 {
			t.Fatalf("%s, all lost: %s", text, found)
		}
	}
}

// A stranger's text can't do anything to a terminal.
func TestWordsArePrintable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	text := ""
	for _, n := range []int{1, 3} {
		text += fmt.Sprintf(`{"event.sequence":%d,"hookward.middleware":"\u001b[2J%s","hookward.epoch":{"a":"\u0007"}}`, n, strings.Repeat("x", 1000)) + "\n"
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := Files(nil, []string{path}, nil, "", func(p Problem) {
		if strings.ContainsAny(p.Text, "\x1b\x07") || len(p.Text) > 600 {
			t.Errorf("%q", p.Text)
		}
	})
	if err != nil {
		t.Error(err)
	}
}
