// Package other is another interpreted package.
package other

// Named has a method.
type Named struct{ N int }

func (Named) Get() int { return 0 }

// Plain has none.
type Plain struct{ N int }

// Wrapped is encoded by others.
type Wrapped struct {
	A      int
	hidden int
}

// These are this package's to change.
var (
	Count = 1
	List  []int
	Table = map[string]int{}
	Item  struct {
		Name  string
		Ready bool
	}
	Ready bool
)
