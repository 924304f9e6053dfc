package caselist

import (
	"io"
	"net/http"
	"time"
)

type kind int

const (
	first kind = iota
	second
)

var errAny = io.ErrNoProgress

func number() int { return 2 }

func values(n int, k kind, err error, s *limits, m map[string]int, text string, d time.Duration) {
	one, two := 1, 2
	switch n {
	case 1, 2, 1 << 3, -4, 'a' + 1, (16), http.StatusTeapot:
	case one, two, (one):
	case number(), one:
	case number(), one + 1: // want `\[case-list\] value one \+ 1`
	case s.low, m["a"], s.high: // want `\[case-list\] value m\["a"\]` `\[case-list\] value s.high`
	case 32, -one: // want `\[case-list\]`
	case 33, number(), len(text): // want `\[case-list\] value number\(\)` `\[case-list\] value len`
	case 34, *(&one): // want `\[case-list\]`
	case 35, int(k): // want `\[case-list\]`
	default:
	}
	switch k {
	case first, second, kind(3), first + 7:
	}
	switch err {
	case io.EOF, io.ErrUnexpectedEOF, errAny, nil:
	}
	switch text {
	case "a", "b" + "c":
	case "d", text[:1]: // want `\[case-list\]`
	}
	switch d {
	case time.Second, 2 * time.Second:
	}
	switch s := (limits{1, 2}); s {
	case limits{2, 3}, limits{3, 4}: // want `\[case-list\]`
	}
}

func conditions(n int, ok bool, v any) {
	switch true {
	case n == 1, n == 2: // want `\[case-list\] value n == 2`
	}
	switch ok {
	case true, false:
	}
	switch n > 1 {
	case ok, 1 > 2: // want `\[case-list\] value 1 > 2`
	case true, ok && true: // want `\[case-list\]`
	}
	switch m := n + 1; {
	case m == 1:
	case m == 2, m == 3, m == 4: // want `\[case-list\] condition m == 3` `\[case-list\] condition m == 4`
	}
	switch v.(type) {
	case string, int, nil:
	}
	switch v := v.(type) {
	case string, *http.Request:
		_ = v
	}
}
