package parallelassignment

type pair struct{ a, b int }

func both() (int, int) { return 1, 2 }

func assignments(p *pair, xs []int) {
	a, b := double(1), 2
	a, b = b, a
	a, b = both()
	a, b = double(1), double(2)
	a, b = int(int64(a)), 2
	p.a, p.b = xs[0], a+1
	a, b = 1, double(2)       // want `\[parallel-assignment\]`
	a, b = len(xs), a         // want `\[parallel-assignment\]`
	p.a, xs[0] = double(1), a // want `\[parallel-assignment\]`
	_, _ = a, b
}
