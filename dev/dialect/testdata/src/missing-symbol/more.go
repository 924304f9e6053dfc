package missingsymbol

import (
	"cmp"
	_ "crypto/hkdf" // want `\[missing-symbol\] package crypto/hkdf`
	_ "embed"       // want `\[missing-symbol\] package embed`
	"iter"          // want `\[missing-symbol\] package iter`
	"maps"
	"math"
	"math/rand/v2"
	"net/http"
	"os/exec" // want `\[missing-symbol\] package os/exec`
	"slices"
	"sync"
	"sync/atomic"
	"syscall"       // want `\[missing-symbol\] package syscall`
	_ "time/tzdata" // want `\[missing-symbol\] package time/tzdata`
	_ "unique"      // want `\[missing-symbol\] package unique`
	"unsafe"        // want `\[missing-symbol\] package unsafe`
)

type seq iter.Seq[int]

func bad(s []int, m map[string]int, f func(func(int) bool)) {
	_ = min(1, len(s)) // want `\[missing-symbol\] builtin min`
	_ = max(1, len(s)) // want `\[missing-symbol\] builtin max`
	clear(m)           // want `\[missing-symbol\] builtin clear`
	for range 3 {      // want `\[missing-symbol\] range over an integer`
	}
	for i := range len(s) { // want `\[missing-symbol\] range over an integer`
		_ = i
	}
	for range f { // want `\[missing-symbol\] range over a function`
	}
	for range maps.Keys(m) { // want `\[missing-symbol\] maps.Keys` `\[missing-symbol\] range over a function`
	}
	_ = maps.Clone(m)                 // want `\[missing-symbol\] maps.Clone: `
	_ = maps.Clone[map[string]int](m) // want `\[missing-symbol\] maps.Clone: `
	_ = slices.Clone(s)               // want `\[missing-symbol\] slices.Clone without all its type arguments`
	_ = slices.Clone[[]int](s)        // want `\[missing-symbol\] slices.Clone without all its type arguments`
	_ = slices.Max(s)                 // want `\[missing-symbol\] slices.Max`
	_ = sync.OnceValue[int]           // want `\[missing-symbol\] sync.OnceValue`
	var p atomic.Pointer[int]         // want `\[missing-symbol\] sync/atomic.Pointer`
	_ = p.Load()
	_ = http.NewCrossOriginProtection() // want `\[missing-symbol\] net/http.NewCrossOriginProtection`
	_ = exec.Command
	_ = syscall.SIGTERM
	_ = unsafe.Sizeof(0)
}

func good(s []int) {
	_ = slices.Contains(s, 1)
	_ = slices.Clone[[]int, int](s)
	_ = cmp.Or[int](0, 1)
	_ = cmp.Compare(0, 1)
	_ = math.MaxInt64 + math.Pi
	_ = rand.IntN(3)
	_ = sync.OnceFunc
	var wg sync.WaitGroup
	wg.Go(nil) // a newer method of an older type
	var n atomic.Int64
	_ = n.Load()
	_ = http.StatusOK
	var min = func(a, b int) int { return a }
	_ = min(1, 2)
	for range s {
	}
	for range "text" {
	}
}

func least[T cmp.Ordered](a, b T) T {
	if a < b {
		return a
	}
	return b
}
