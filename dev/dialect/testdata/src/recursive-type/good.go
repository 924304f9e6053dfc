package recursivetype

import "fmt"

// Good empties a list of another type.
func Good() string {
	o := readOuter()
	o.Section.Below = nil
	return fmt.Sprint(len(o.Section.Below))
}

func readOuter() outerOptions {
	return outerOptions{Section: &outer{Name: "a", Below: []*inner{{Name: "b"}}}}
}

type outerOptions struct {
	Section *outer
}

type outer struct {
	Name  string
	Below []*inner
}

type inner struct {
	Name string
}
