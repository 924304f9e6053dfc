package recursivetype

type linked struct { // want `\[recursive-type\]`
	next *linked
}

type tree struct { // want `\[recursive-type\]`
	children map[string]branch
}

type branch struct { // want `\[recursive-type\]`
	up []tree
}

type plain struct {
	names []string
	f     func(plain) plain // a signature holds no values
}
