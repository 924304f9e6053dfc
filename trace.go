package hookward

// trace is what verifying a message has seen. Explain gives a verifier one; in Traefik
// it is nil, and nothing is noted.
type trace struct {
	meant attempt // in the form that the proof is of: see verifySchemes
	last  attempt
}

// attempt is what was seen in one form.
type attempt struct {
	scheme     *scheme
	item       any // of a batch: the last that was looked at
	candidates []candidate
	signed     [][]byte // the first text, or the one that could not be put together, as far as it could
}
