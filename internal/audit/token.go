package audit

// NoteToken records what a token says of itself: by which key it was made as the sender
// wrote it, and whose it is once its signature has been verified. Without an algorithm it is
// none, and nothing of it is kept.
func NoteToken(r *Record, algorithm, keyID, issuer, subject string) {
	if algorithm == "" {
		return
	}
	r.TokenAlgorithm = algorithm
	r.TokenKeyID = keyID
	r.TokenIssuer = issuer
	r.TokenSubject = subject
}

// TokenTexts are those that a token has brought into a record.
func TokenTexts(r *Record) string {
	return " " + r.TokenAlgorithm + " " + r.TokenKeyID + " " + r.TokenIssuer + " " + r.TokenSubject
}
