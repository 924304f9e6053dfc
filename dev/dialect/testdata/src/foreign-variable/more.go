// Package foreignvariable changes what belongs to another package.
package foreignvariable

import (
	"net/http"

	"example.com/other"
)

var own int

func assigns() {
	other.List = append(other.List, 1) // want `\[foreign-variable\] other.List: .*; let that package have a function for it`
	other.Count++                      // want `\[foreign-variable\]`
	other.Count += 2                   // want `\[foreign-variable\]`
	own, other.Count = 1, 2            // want `\[foreign-variable\]`
	other.Table["a"] = 1
	other.List[0] = 1
	other.Item.Name = "a"
	http.DefaultClient = nil
	own++
	item := other.Item
	item.Name = "b"
}
