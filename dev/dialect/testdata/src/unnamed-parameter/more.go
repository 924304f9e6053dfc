package unnamedparameter

type visitor interface{ visit(int, string) } // a method without a body

func plain(int, string) {}

func (filled) pair(
	int, // want `\[unnamed-parameter\] parameter int`
	string, // want `\[unnamed-parameter\] parameter string`
) {
}

func (filled) none() {}

func (filled) named(n int, _ string) int { return n }
