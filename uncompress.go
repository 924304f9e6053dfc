package hookward

import (
	"bytes"
	"compress/gzip"
	"io"
)

// uncompress puts what the body was before Content-Encoding: gzip in its place, for a
// scheme that signs that. It returns "" or the reason to refuse. The backend gets the
// body as it arrived, so there must be one way to read it: to the letter one encoding.
func uncompress(m *message, limit int64) string {
	encodings := m.request.Header["Content-Encoding"]
	if len(encodings) == 0 {
		return "" // what is not compressed is signed as it is
	}
	if len(encodings) != 1 || encodings[0] != "gzip" {
		return bodyMalformed
	}
	plain, reason := gunzip(m.body, limit)
	if reason != "" {
		return reason
	}
	m.body = plain
	// What was parsed of the compressed bytes, for handshakes, is nothing.
	m.document = nil
	m.documentRead = false
	m.form = nil
	m.noForm = false
	m.twinsKnown = false
	return ""
}

// gunzip returns what one member of gzip holds, RFC 1952, which must have its checksum, at
// most limit bytes, and nothing behind it: what is behind it is another body to some.
func gunzip(body []byte, limit int64) ([]byte, string) {
	source := bytes.NewReader(body)
	member, err := gzip.NewReader(source)
	if err != nil {
		return nil, bodyMalformed
	}
	member.Multistream(false)
	// One byte more than the limit, so that a body of just that size is read to its
	// checksum.
	plain, err := io.ReadAll(io.LimitReader(member, limit+1))
	if int64(len(plain)) > limit {
		return nil, bodyTooLarge
	}
	if err != nil || source.Len() > 0 {
		return nil, bodyMalformed
	}
	return plain, ""
}
