package interfaceinloop

import (
	"bytes"
	"io"
	"sync"
)

type pair struct {
	g getter
	p *item
}

type plain struct{ n int }

func keep(getter)               {}
func keepAll(string, ...getter) {}
func keepAny(any)               {}
func two() (*item, error)       { return nil, nil }
func each[T any](T)             {}

func bad(items []*item, ch chan getter) {
	m := map[string]getter{}
	keyed := map[any]int{}
	var p pair
	var cur getter
	for _, it := range items {
		cur = it             // want `\[interface-in-loop\] item becomes getter`
		var g getter = it    // want `\[interface-in-loop\]`
		m["x"] = it          // want `\[interface-in-loop\]`
		keyed[it] = 1        // want `\[interface-in-loop\] item becomes any`
		p.g = it             // want `\[interface-in-loop\]`
		ch <- it             // want `\[interface-in-loop\]`
		keep(it)             // want `\[interface-in-loop\]`
		keepAll("", g, it)   // want `\[interface-in-loop\]`
		keepAny(it)          // want `\[interface-in-loop\]`
		_ = getter(it)       // want `\[interface-in-loop\]`
		_ = pair{g: it}      // want `\[interface-in-loop\]`
		_ = pair{it, it}     // want `\[interface-in-loop\]`
		_ = []any{1, it}     // want `\[interface-in-loop\]`
		_ = []any{0: it}     // want `\[interface-in-loop\]`
		_ = [...]getter{it}  // want `\[interface-in-loop\]`
		_ = []*pair{{g: it}} // want `\[interface-in-loop\]`
		_ = map[any]getter{  // comment
			it: it, // want `\[interface-in-loop\]` `\[interface-in-loop\]`
		}
		cur, _ = two() // want `\[interface-in-loop\]`
		cur, g = it, g // want `\[interface-in-loop\]`
		_ = cur
	}
	for _, cur = range items { // want `\[interface-in-loop\]`
	}
	for i := 0; less(items[i]); i++ { // want `\[interface-in-loop\]`
	}
}

func less(getter) bool { return false }

func good(items []*item, gs []getter, ch chan *item) getter {
	keep(items[0]) // no loop
	var sm sync.Map
	for i, it := range items {
		local := &pair{p: it}             // no interface
		gs = append(gs, gs[i])            // an interface already
		keepAny(plain{i})                 // no methods
		keepAny(&plain{i})                // no methods
		keepAny(i)                        // a basic type
		keepAny(items)                    // a slice has no methods
		each(it)                          // a type parameter
		sm.Store(i, local)                // no methods
		var w io.Writer = &bytes.Buffer{} // compiled type
		_ = w
		ch <- it
		var none getter = nil
		_ = none
		func() { keep(it) }() // want `\[loop-closure\]`
		if it == nil {
			panic(it)
		}
		if i > 3 {
			return it // the loop is over
		}
	}
	for range wrap(items[0]) { // evaluated once
	}
	for keep(items[0]); ; { // want `\[for-init\]`
		return nil
	}
}

func wrap(getter) []int { return nil }
