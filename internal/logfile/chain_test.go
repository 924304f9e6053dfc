package logfile

import (
	"os"
	"strings"
	"testing"
	"time"
)

func TestUnseal(t *testing.T) {
	v := strings.Repeat("0a", 32)
	for text, want := range map[string]string{
		`{"a":1}`: "",
		``:        "",
		`{}`:      "",
		`{"a":1,"hookward.chain":"` + v[1:] + `"}`:                    "",
		`{"a":1,"hookward.chain":"` + strings.ToUpper(v) + `"}`:       "",
		`{"a":1,"hookward.chain":"` + v + `","b":2}`:                  "",
		`{"a":1,"hookward.chain":"` + v + `" }`:                       "",
		`{"a":1, "hookward.chain":"` + v + `"}`:                       "",
		`{,"hookward.chain":"` + v + `"}`:                             "",
		`"hookward.chain":"` + v + `"}`:                               "",
		`[1,"hookward.chain":"` + v + `"}`:                            "",
		`{"a":1,"hookward.chain":"` + v + `"}`:                        `{"a":1}`,
		`{"hookward.chain":"` + v + `"}`:                              `{}`,
		`{"hookward.chain":"` + v + `","hookward.chain":"` + v + `"}`: `{"hookward.chain":"` + v + `"}`,
		`{"a":"\",","hookward.chain":"` + v + `"}`:                    `{"a":"\","}`,
	} {
		plain, value := Unseal([]byte(text))
		if want == "" && (value != "" || string(plain) != text) || want != "" && (value != v || string(plain) != want) {
			t.Errorf("%s: %s %s", text, plain, value)
		}
	}
}

// The values are those of the description, over anything a line may be.
func TestSeal(t *testing.T) {
	l := begin(t)
	l.file.options.ChainKey = key
	l.file.options.MaxBytes = 1 << 20
	odd := "{}\n" + `{"hookward.chain":"x"}` + "\n" + `{"a":"\u0000ä}"}` + "\n"
	n, err := Write(l.file, []byte(line(1)+odd), l.now)
	if n != len(line(1)+odd) || err != nil {
		t.Fatal(n, err)
	}
	put(t, l, 2)
	got, _ := unchain(t, content(t, l.path), Start)
	same(t, got, line(1)+odd+line(2))
	// What is no object has no place for it.
	_, err = Write(l.file, []byte("text\n"), l.now)
	if err != nil || !strings.HasSuffix(content(t, l.path), "\ntext\n") {
		t.Error(err)
	}
}

// The chain goes on over rotations, restarts, and both at once.
func TestChainGoesOn(t *testing.T) {
	for name, prepare := range map[string]func(l *log){
		"one file":   func(l *log) {},
		"rotated":    func(l *log) { l.file.options.MaxBytes = 1 },
		"compressed": func(l *log) { l.file.options.MaxBytes = 1; l.file.options.Compress = true },
		"by age":     func(l *log) { l.file.options.MaxAge = 2 * time.Minute },
	} {
		l := begin(t)
		l.file.options.ChainKey = key
		l.file.options.MaxBytes = 1 << 20
		l.file.options.Keep = 100
		prepare(l)
		for n := 1; n <= 20; n++ {
			l.now = l.now.Add(time.Minute)
			put(t, l, n)
			if n%3 == 0 {
				Close(l.file)
				settled(t, l.file)
				l = restart(t, l)
			}
			if n%6 == 0 && name != "one file" {
				// The process ends just after it has rotated, before the next line, and
				// perhaps just after it has named the old file.
				err := os.Rename(l.path, l.path+"."+l.now.Add(30*time.Second).UTC().Format(stampLayout))
				if err == nil && n%12 == 0 {
					err = os.WriteFile(l.path+"."+l.now.Add(40*time.Second).UTC().Format(stampLayout), nil, 0o600)
				}
				if err != nil {
					t.Fatal(err)
				}
			}
		}
		got, _ := unchain(t, everything(t, l), Start)
		if got != lines(1, 20) {
			t.Errorf("%s: %s", name, got)
		}
		says(t, l)
	}
}

// A torn line costs that line, and the chain nothing.
func TestChainAfterTornLine(t *testing.T) {
	l := begin(t)
	l.file.options.ChainKey = key
	put(t, l, 1)
	put(t, l, 2)
	Close(l.file)
	err := os.Truncate(l.path, int64(len(content(t, l.path))-40))
	if err != nil {
		t.Fatal(err)
	}
	l = restart(t, l)
	put(t, l, 3)
	got, _ := unchain(t, content(t, l.path), Start)
	same(t, got, line(1)+line(3))
}

// Lines that the key doesn't fit stay in a file of their own, and the chain begins
// anew.
func TestChainBeginsAnew(t *testing.T) {
	for name, first := range map[string]func(t *testing.T, l *log){
		"not chained before": func(t *testing.T, l *log) { put(t, l, 1) },
		"another key": func(t *testing.T, l *log) {
			l.file.options.ChainKey = []byte(strings.Repeat("x", 32))
			put(t, l, 1)
		},
		"changed": func(t *testing.T, l *log) {
			l.file.options.ChainKey = key
			put(t, l, 1)
			err := os.WriteFile(l.path, []byte(strings.Replace(content(t, l.path), "2025", "2024", 1)), 0o600)
			if err != nil {
				t.Fatal(err)
			}
		},
		"somebody's": func(t *testing.T, l *log) {
			put(t, l, 1)
			add(t, l.path, "text\n")
		},
	} {
		for _, restarted := range []bool{false, true} {
			l := begin(t)
			first(t, l)
			before := content(t, l.path)
			o := l.file.options
			o.ChainKey = key
			if restarted {
				Close(l.file)
				l = restart(t, l)
				l.file.options = o
			} else if name == "changed" {
				Close(l.file)
			} else {
				Change(l.file, o)
			}
			put(t, l, 2)
			got, _ := unchain(t, content(t, l.path), Start)
			same(t, got, line(2))
			same(t, content(t, l.path+"."+recent), before)
			says(t, l, "warn: file "+l.path+" does not end with a line that chainKey fits; the chain begins anew")
		}
	}
}

// With nothing but old files of another key, or damaged ones, it begins anew.
func TestChainWithForeignOldFiles(t *testing.T) {
	for name, text := range map[string]string{"text": "text\n", "not chained": line(1), "no gzip.gz": "text\n"} {
		l := begin(t)
		l.file.options.ChainKey = key
		put(t, l, 1)
		Close(l.file)
		path := l.path + "." + recent
		if strings.HasSuffix(name, ".gz") {
			path += ".gz"
		}
		err := os.WriteFile(path, []byte(text), 0o600)
		if err == nil {
			err = os.Remove(l.path)
		}
		if err != nil {
			t.Fatal(err)
		}
		l = restart(t, l)
		put(t, l, 2)
		got, _ := unchain(t, content(t, l.path), Start)
		same(t, got, line(2))
	}
}
