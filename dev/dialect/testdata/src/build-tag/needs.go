package buildtag

// Needs would not load: what it calls is not there.
func Needs() string {
	return Compiled() // want `\[build-tag\] Compiled of a file that Yaegi skips: `
}
