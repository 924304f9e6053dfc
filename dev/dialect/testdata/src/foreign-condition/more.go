// Package foreigncondition asks what belongs to another package.
package foreigncondition

import "example.com/other"

var own = other.Ready

func asks(item struct{ Ready bool }) int {
	if other.Ready { // want `\[foreign-condition\] other.Ready: .*; give it a variable of this package, or turn the condition round`
		return 1
	}
	if other.Ready { // want `\[foreign-condition\]`
		return 2
	}
	for other.Ready { // want `\[foreign-condition\]`
		break
	}
	if !other.Ready {
		return 3
	}
	if other.Ready && own {
		return 4
	}
	if own || item.Ready {
		return 5
	}
	if other.Item.Ready {
		return 6
	}
	if item.Ready {
		return 7
	}
	return 0
}
