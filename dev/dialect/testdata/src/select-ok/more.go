package selectok

type state struct {
	in   chan int
	last int
}

func get() chan int { return nil }

func receives(s *state, param <-chan int) {
	var v int
	var ok bool
	select {
	case v, ok = <-s.in: // want `\[select-ok\] v, ok := <-s.in` `\[select-ok\] receive into v`
	case _, ok := <-get(): // want `\[select-ok\]`
		_ = ok
	case s.last = <-param: // want `\[select-ok\] receive into s.last`
	case s.last, ok = <-(param): // want `\[select-ok\]`
	case v, ok = <-param: // want `\[select-ok\] receive into v`
	case v = <-s.in: // want `\[select-ok\] receive into v`
	case v := <-s.in:
		_ = v
	case <-s.in:
	case s.in <- 1:
	}
	v, ok = <-s.in
	s.last = <-s.in
	_, _ = v, ok
}
