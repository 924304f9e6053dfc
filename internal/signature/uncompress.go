package signature

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// Uncompress puts what the body was before Content-Encoding: gzip in its place, for a
// scheme that signs that. It returns "" or the reason to refuse. The backend gets the
// body as it arrived, so there must be one way to read it: to the letter one encoding.
func Uncompress(schemes []*Scheme, m *message.Message, limit int64) string {
	encodings := m.Request.Header["Content-Encoding"]
	if len(encodings) == 0 {
		return "" // what is not compressed is signed as it is
	}
	if len(encodings) != 1 || encodings[0] != "gzip" {
		return verdict.BodyMalformed
	}
	if !mayBeSigned(schemes, m.Request.Header) {
		return verdict.SignatureMissing
	}
	plain, reason := gunzip(m.Body, limit)
	if reason != "" {
		return reason
	}
	m.Body = plain
	// What was parsed of the compressed bytes, for handshakes, is nothing.
	m.Document = nil
	m.DocumentRead = false
	m.Form = nil
	m.NoForm = false
	m.Multipart = nil
	m.NoMultipart = false
	m.DuplicatesKnown = false
	return ""
}

// mayBeSigned says whether a signature may be there in one of the forms, as far as headers
// tell. Who has none at all is not worth the work of uncompressing.
func mayBeSigned(schemes []*Scheme, h http.Header) bool {
	for _, s := range schemes {
		if len(s.Headers) == 0 {
			return true // it may stand in the body
		}
		for _, name := range s.Headers {
			if len(h[name]) > 0 {
				return true
			}
		}
	}
	return false
}

// gunzip returns what one member of gzip holds, RFC 1952, which must have its checksum, at
// most limit bytes, and nothing behind it: what is behind it is another body to some. Nor
// may it have fields beside its text, such as a file's name: nobody signs these.
func gunzip(body []byte, limit int64) ([]byte, string) {
	if len(body) > 3 && body[3] != 0 {
		return nil, verdict.BodyMalformed
	}
	source := bytes.NewReader(body)
	member, err := gzip.NewReader(source)
	if err != nil {
		return nil, verdict.BodyMalformed
	}
	member.Multistream(false)
	// One byte more than the limit, so that a body of just that size is read to its
	// checksum.
	plain, err := io.ReadAll(io.LimitReader(member, limit+1))
	if int64(len(plain)) > limit {
		return nil, verdict.BodyTooLarge
	}
	if err != nil || source.Len() > 0 {
		return nil, verdict.BodyMalformed
	}
	return plain, ""
}
