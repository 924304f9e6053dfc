package namedresult

type counter struct{ n int }

func (c *counter) next() (n int) { // want `\[named-result\] result n`
	c.n++
	return c.n
}

func literals() {
	_ = func() (_ int, err error) { return 0, nil } // want `\[named-result\] result _`
	_ = func() (int, error) { return 0, nil }
	_ = func() {}
}

// Names in a type are documentation: nothing runs with them.
type verifier func(sig string) (ok bool, err error)

type store interface {
	get(key string) (value string, ok bool)
}
