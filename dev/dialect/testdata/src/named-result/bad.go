// Package namedresult has named results.
package namedresult

import "fmt"

// Bad accepts the empty signature after a good one.
func Bad() string {
	var s string
	for _, sig := range []string{"good", "", "bad"} {
		ok, err := verify(sig)
		s += fmt.Sprint(ok, err, " ")
	}
	return s
}

func verify(sig string) (ok bool, err error) { // want `\[named-result\] result ok: .*; return unnamed values`
	if sig == "" {
		return
	}
	return sig == "good", nil
}
