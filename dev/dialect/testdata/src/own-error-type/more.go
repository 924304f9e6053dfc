package ownerrortype

type byValue int // want `\[own-error-type\] error type byValue`

func (byValue) Error() string { return "" }

type embedding struct { // want `\[own-error-type\] error type embedding`
	error
}

type alias = byValue

type notError struct{}

func (notError) Error(code int) string { return "" }

type coded interface {
	error
	Code() int
}
