package errorsas

import (
	"errors"
	"net"
	"net/http"
)

type timeout interface{ Timeout() bool }

func targets(err error) {
	var named timeout
	errors.As(err, &named) // want `\[errors-as\] target of type timeout`
	var unnamed interface{ Timeout() bool }
	errors.As(err, &unnamed) // want `\[errors-as\]`

	var netErr net.Error
	errors.As(err, &netErr)
	var tooLarge *http.MaxBytesError
	errors.As(err, &tooLarge)
}
