package audit

import (
	"testing"
)

func TestLostRecords(t *testing.T) {
	line := gapRecord("0123456789abcdef a name", 3, 9, 7)
	of, first, last, count := spanOf(line)
	if of != "0123456789abcdef a name" || first != 3 || last != 9 || count != 7 {
		t.Errorf("%s: %s %d %d %d", line, of, first, last, count)
	}
	for text, want := range map[string]int64{
		`{"event.sequence":5,"hookward.epoch":"0123456789abcdef","hookward.middleware":"m"}`: 5, `{}`: 0, `x`: 0, ``: 0,
	} {
		if _, first, last, count := spanOf([]byte(text)); first != want || last != want || count > 1 {
			t.Errorf("%s: %d %d %d", text, first, last, count)
		}
	}
}
