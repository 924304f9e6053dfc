// Package elsewhere imports a package that is interpreted itself.
package elsewhere

import "example.com/other"

var _ = other.Plain{}
