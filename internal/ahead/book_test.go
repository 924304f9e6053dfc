package ahead

import (
	"path/filepath"
	"strings"
	"testing"
)

// written returns the texts that are on disk.
func written(path string) string {
	lines, order, _ := left(path, "")
	texts := []string{}
	for _, number := range order {
		_, text, _ := strings.Cut(lines[number], " ")
		texts = append(texts, text)
	}
	return strings.Join(texts, ",")
}

// What is written down ends when the last of those has it who are to have it, and not
// when another one has arrived.
func TestBook(t *testing.T) {
	path := filepath.Join(t.TempDir(), "ahead")
	l, _, _ := open(path)
	b := NewBook()
	begin(t, l, 1, "one")
	begin(t, l, 2, "two")
	begin(t, l, 3, "three")
	if !Enter(b, "a", l, 1, 2) || !Enter(b, "b", l, 2, 1) || !Enter(b, "c", l, 3, 3) {
		t.Error("they are not new")
	}
	Arrive(b, "a")
	Arrive(b, "b")
	Arrive(b, "b")
	Arrive(b, "never heard of")
	settle(l)
	if got := written(path); got != "one,three" {
		t.Errorf("%q", got)
	}
	if Look(b, "a") != "one" || Look(b, "b") != "" || !Has(b, "a") || Has(b, "b") || IsEmpty(b) {
		t.Errorf("%q, %q", Look(b, "a"), Look(b, "b"))
	}
	// The same text in another log, as after a change of the directory and back.
	other, _, _ := open(filepath.Join(t.TempDir(), "ahead"))
	begin(t, other, 7, "three")
	if Enter(b, "c", other, 7, 1) {
		t.Error("it is new")
	}
	Arrive(b, "a")
	ArriveAll(b, "c")
	settle(l)
	settle(other)
	if got := written(path) + written(other.path); got != "" || !IsEmpty(b) {
		t.Errorf("%q", got)
	}
}
