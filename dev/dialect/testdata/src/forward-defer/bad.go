// Package forwarddefer defers functions in func literals.
package forwarddefer

// Bad never runs done.
func Bad() string {
	s := "not done"
	func() {
		defer done(&s) // want `\[forward-defer\] defer done in a func literal: .*; declare it further up`
	}()
	return s
}

func done(s *string) { *s = "done" }
