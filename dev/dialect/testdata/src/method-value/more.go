package methodvalue

func reassigned() string {
	j := &job{1}
	f := j.text // want `\[method-value\]`
	j = &job{2}
	return f()
}

func once() string {
	j := &job{1}
	f := (j.text)
	k := &job{3}
	k = &job{4}
	return f() + k.text()
}

func calls(jobs []*job) string {
	var s string
	for _, j := range jobs {
		s += (j.text)() + func() string { f := j.text; return f() }() // want `\[loop-closure\]`
	}
	return s
}
