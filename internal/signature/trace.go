package signature

// Trace is what verifying a message has seen. Explain gives a verifier one; in Traefik
// it is nil, and nothing is noted.
type Trace struct {
	attempts []attempt
	meant    int // the one in the scheme that the proof is of: see Verify
}

// Meant returns what was seen in the scheme that the proof is of.
func Meant(t *Trace) attempt {
	if len(t.attempts) == 0 {
		return attempt{}
	}
	return t.attempts[t.meant]
}

// attempt is what was seen in one scheme.
type attempt struct {
	Scheme     *Scheme
	Item       any // of a batch: the last that was looked at
	Candidates []Candidate
	Signed     [][]byte // the first text, or the one that could not be put together, as far as it could
}
