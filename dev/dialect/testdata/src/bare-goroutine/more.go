// Package baregoroutine starts goroutines.
package baregoroutine

import "fmt"

type worker struct{}

func (w *worker) bare()    {}
func (w *worker) guarded() { defer guard(); work() }
func (w *worker) guard()   { _ = recover() }

func work() {}

func guard() {
	if r := recover(); r != nil {
		_ = fmt.Sprint(r)
	}
}

// indirect calls a function that recovers, which is one call too far.
func indirect() { guard() }

func guarded() { defer guard(); work() }

func bad(w *worker, f func()) {
	go func() {}() // want `\[bare-goroutine\] go func: .*; start a func literal or function`
	go func() {    // want `\[bare-goroutine\]`
		work()
		defer guard() // too late
	}()
	go func() { // want `\[bare-goroutine\]`
		defer indirect()
	}()
	go func() { // want `\[bare-goroutine\]`
		defer func() {
			func() { _ = recover() }()
		}()
	}()
	go func() { // want `\[bare-goroutine\]`
		defer func() { work() }()
	}()
	go func() { // want `\[bare-goroutine\]`
		guard()
	}()
	go work()       // want `\[bare-goroutine\] go work`
	go w.bare()     // want `\[bare-goroutine\] go w.bare`
	go f()          // want `\[bare-goroutine\] go f`
	go fmt.Sprint() // want `\[bare-goroutine\] go fmt.Sprint`
	go each(1)      // want `\[bare-goroutine\] go each`
}

func each[T any](T) {}

func eachGuarded[T any](T) { defer guard() }

func good(w *worker) {
	go func() {
		defer func() { _ = recover() }()
		work()
	}()
	go func() {
		defer func() {
			if r := recover(); r != nil {
				_ = fmt.Sprint(r)
			}
		}()
	}()
	go func(n int) {
		defer guard()
	}(1)
	go func() { defer w.guard() }()
	go guarded()
	go w.guarded()
	go eachGuarded(1)
}
