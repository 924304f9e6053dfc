package signature

import (
	"bytes"
	"compress/gzip"
	"io"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// Uncompress puts what the body was before Content-Encoding: gzip in its place, for a
// scheme that signs that. It returns "" or the reason to refuse. The backend gets the
// body as it arrived, so there must be one way to read it: to the letter one encoding.
// It holds at most limit bytes, and takes memory for them first: take returns false where
// there is none.
func Uncompress(schemes []*Scheme, m *message.Message, limit int64, take func(bytes int64) bool) string {
	encodings := m.Request.Header["Content-Encoding"]
	if len(encodings) == 0 {
		return "" // what is not compressed is signed as it is
	}
	if len(encodings) != 1 || encodings[0] != "gzip" {
		return verdict.BodyMalformed
	}
	reason := lookAhead(schemes, m)
	if reason != verdict.CandidatesRead {
		return reason
	}
	plain, problem := gunzip(m.Body, limit, take)
	if problem != "" {
		return problem
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

// lookAhead returns CandidatesRead if a signature may be there in one of the schemes, as far
// as headers tell, or why not. Who has none that can be read is not worth the work of
// uncompressing.
func lookAhead(schemes []*Scheme, m *message.Message) string {
	refused := verdict.SignatureMissing
	for _, s := range schemes {
		if len(s.Headers) == 0 {
			return verdict.CandidatesRead // it may stand in the body
		}
		_, reason := collectCandidates(s, m)
		if reason == verdict.CandidatesRead {
			return reason
		}
		if reason != verdict.SignatureMissing {
			refused = reason
		}
	}
	return refused
}

// firstRoom is what is uncompressed before more memory is taken, in bytes. Each further
// buffer is twice as large as the one before.
const firstRoom = 64 << 10

// gunzip returns what one member of gzip holds, RFC 1952, which must have its checksum, at
// most limit bytes, and nothing behind it: what is behind it is another body to some. Nor
// may it have fields beside its text, such as a file's name: nobody signs these.
func gunzip(body []byte, limit int64, take func(bytes int64) bool) ([]byte, string) {
	if len(body) > 3 && body[3] != 0 {
		return nil, verdict.BodyMalformed
	}
	source := bytes.NewReader(body)
	member, err := gzip.NewReader(source)
	if err != nil {
		return nil, verdict.BodyMalformed
	}
	member.Multistream(false)
	buffer := &bytes.Buffer{}
	for have := int64(0); have <= limit; have = int64(buffer.Len()) {
		room := 2 * have
		if have == 0 {
			room = firstRoom
		}
		if room > limit {
			room = limit + 1 // so that a body of just that size is read to its checksum
		}
		if !take(room - have) {
			return nil, verdict.MemoryUnavailable
		}
		larger := bytes.NewBuffer(make([]byte, 0, room+bytes.MinRead))
		larger.Write(buffer.Bytes())
		buffer = larger
		n, err := buffer.ReadFrom(io.LimitReader(member, room-have))
		if err != nil {
			return nil, verdict.BodyMalformed
		}
		if n < room-have {
			if source.Len() > 0 {
				return nil, verdict.BodyMalformed
			}
			return buffer.Bytes(), ""
		}
	}
	return nil, verdict.BodyTooLarge
}
