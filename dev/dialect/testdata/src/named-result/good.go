package namedresult

import "fmt"

// Good returns unnamed values.
func Good() string {
	var s string
	for _, sig := range []string{"good", "", "bad"} {
		ok, err := check(sig)
		s += fmt.Sprint(ok, err, " ")
	}
	return s
}

func check(sig string) (bool, error) {
	if sig == "" {
		return false, nil
	}
	return sig == "good", nil
}
