package caselist

// Good has one condition.
func Good() string {
	local, listed := false, true
	switch {
	case local || listed:
		return "refused"
	}
	return "admitted"
}
