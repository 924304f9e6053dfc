//go:build gc
// +build gc

package buildtag

// Compiled may do all that Yaegi gets wrong: it is skipped.
func Compiled() (result string) {
	return "compiled"
}
