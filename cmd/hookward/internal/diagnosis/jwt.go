package diagnosis

import (
	"strings"
	"time"
)

// looksOfJWT returns where to look for the causes of a reason where tokens are verified. What
// is wrong with a claim, the check itself has said.
func (s *search) looksOfJWT() []func() {
	switch s.Verdict.Reason {
	case "signature_mismatch":
		return []func(){s.tryJWTSecrets}
	case "token_missing", "token_malformed":
		return []func(){s.tryJWTPlaces}
	case "body_mismatch":
		return []func(){s.tryBodies}
	case "timestamp_too_old", "token_expired", "token_not_yet_valid":
		return []func(){s.noteJWTClock}
	}
	return nil
}

// tryJWTSecrets reads the secrets in other encodings.
func (s *search) tryJWTSecrets() {
	for _, encoding := range []string{"utf8", "base64", "hex"} {
		if encoding == s.jwt.SecretEncoding || encoding == "utf8" && s.jwt.SecretEncoding == "" {
			continue
		}
		s.try(trial{raw: with(s.raw, "jwt.secretEncoding", encoding)}, Cause{"secret-encoding", "the key is the secret, read as " + encoding, "jwt.secretEncoding: " + encoding})
	}
}

// tryJWTPlaces looks for the token in other headers, and behind another word.
func (s *search) tryJWTPlaces() {
	for _, name := range sortedHeaders(s.Request.Header) {
		for _, line := range s.Request.Header[name] {
			scheme, token, behind := strings.Cut(line, " ")
			if !behind {
				scheme, token = "none", line
			}
			if strings.Count(token, ".") != 2 || !strings.HasPrefix(token, "eyJ") || s.result.Tried >= maxPlaces {
				continue
			}
			raw := with(with(s.raw, "jwt.header", name), "jwt.scheme", scheme)
			s.try(trial{raw: raw}, Cause{"token-place", "the token is in the header " + name + wordBefore(scheme), "jwt: {header: " + name + ", scheme: " + scheme + "}"})
		}
	}
}

func wordBefore(scheme string) string {
	if scheme == "none" {
		return ", without a word before it"
	}
	return ", behind the word " + scheme
}

// noteJWTClock says by how much a token is off.
func (s *search) noteJWTClock() {
	if s.Verdict.Timestamp.IsZero() {
		return
	}
	age := s.At.Sub(s.Verdict.Timestamp).Round(time.Second)
	if age > 0 {
		s.add(Cause{"clock", "the token is right, and was made " + age.String() + " before", "if it arrived at once, set the clock of the gate's machine (NTP); if it was queued, a larger tolerance, or jwt.maxAge"})
		return
	}
	s.add(Cause{"clock", "the token is right, and made " + (-age).String() + " later than the clock says", "set the clock of the gate's machine, or the sender's (NTP)"})
}
