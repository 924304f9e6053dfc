package recoveredvalue

import (
	"fmt"
	"os"
)

func keep(any) {}

func bad() any {
	defer func() {
		if r := recover(); r != nil {
			panic(r) // want `\[recovered-value\] use of the recovered value r`
		}
	}()
	defer func() {
		var r = recover()
		if r == "text" { // want `\[recovered-value\]`
			keep(r) // want `\[recovered-value\]`
		}
		_ = fmt.Errorf("%w", r) // want `\[recovered-value\]`
		s := r                  // want `\[recovered-value\]`
		_ = s
	}()
	defer func() {
		err, ok := recover().(error) // want `\[recovered-value\] use of recover\(\)`
		_, _ = err, ok
	}()
	defer func() {
		switch recover().(type) { // want `\[recovered-value\]`
		case string:
		}
	}()
	return recover() // want `\[recovered-value\]`
}

func good() {
	defer recover()
	defer func() { recover() }()
	defer func() { _ = recover() }()
	defer func() {
		if recover() == nil {
			return
		}
	}()
	defer func() {
		var r any
		r = recover()
		if nil != r {
			_ = fmt.Errorf("panic: %v", r)
			_ = fmt.Sprintf("%v", (r))
			fmt.Fprintln(os.Stderr, r)
		}
		_ = r
	}()
	recover := func() any { return nil }
	keep(recover())
}
