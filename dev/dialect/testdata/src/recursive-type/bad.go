// Package recursivetype has sections that contain sections of their own kind.
package recursivetype

import "fmt"

// Bad empties a list.
func Bad() string {
	o := read()
	o.Section.Below = nil
	return fmt.Sprint(len(o.Section.Below))
}

func read() options {
	return options{Section: &section{Name: "a", Below: []*section{{Name: "b"}}}}
}

type options struct {
	Section *section
}

type section struct { // want `\[recursive-type\] section: .*; use a second type`
	Name  string
	Below []*section
}
