package caselist

// GoodFolded has a case for each.
func GoodFolded() string {
	const prefix = "sha256="
	switch n := 7; n {
	case 0:
		return "a prefix"
	case len(prefix):
		return "a prefix"
	}
	return "something else"
}
