package errortypeswitch

type failure struct{} // want `\[own-error-type\]`

func (*failure) Error() string { return "" }

// BadOwn does not find the error's type.
func BadOwn() string {
	switch fail().(type) { // want `\[error-type-switch\] type switch on an error`
	case *failure:
		return "failure"
	}
	return "something else"
}

func fail() error { return &failure{} }
