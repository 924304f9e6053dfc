// Package caselist switches on lists of cases.
package caselist

// Bad does not see that the address is on a list.
func Bad() string {
	local, listed := false, true
	switch {
	case local, listed: // want `\[case-list\] condition listed in a list: .*; join conditions with \|\|`
		return "refused"
	}
	return "admitted"
}
