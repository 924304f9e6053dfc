package errortypeswitch

import (
	"io/fs"
	"net"
)

func switches(err error, netErr net.Error, v any) {
	switch e := err.(type) { // want `\[error-type-switch\]`
	case *fs.PathError:
		_ = e
	}
	switch (netErr).(type) { // want `\[error-type-switch\]`
	}
	switch v.(type) {
	case nil, net.Error: // want `\[error-type-switch\] case net.Error`
	}
	switch v := v.(type) {
	case string, *fs.PathError:
		_ = v
	case nil:
	}
	if _, ok := err.(*fs.PathError); ok {
		return
	}
}
