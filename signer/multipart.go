package signer

import (
	"bytes"

	"github.com/hookward/hookward/internal/message"
)

// A body of ours has one boundary: nothing that we put into it contains that.
const (
	boundary      = "hookward-3f1c9a5e7b2d4860"
	multipartType = "multipart/form-data; boundary=" + boundary
)

// newParts returns a form in multipart/form-data with one field.
func newParts(name, text string) []byte {
	return []byte("--" + boundary + "\r\n" + field(name, text) + "\r\n--" + boundary + "--\r\n")
}

func field(name, text string) string {
	return partHead + name + "\"\r\n\r\n" + text
}

const partHead = `Content-Disposition: form-data; name="`

// putPart sets a field of a form in multipart/form-data, and leaves the others as they are
// written. It returns false where the body is none that the gate reads, or has the field in
// a way that is not ours.
func putPart(m *message.Message, name, text string) ([]byte, bool) {
	values := len(message.MultipartOf(m)[name])
	if m.NoMultipart || values > 1 {
		return nil, false
	}
	dashes := []byte("--" + message.BoundaryOf(m))
	parts := bytes.Split(m.Body, dashes) // nothing, the parts, and what ends the last
	last := len(parts) - 1
	fresh := []byte("\r\n" + field(name, text) + "\r\n")
	if values == 0 {
		parts = append(parts[:last:last], fresh, parts[last])
		return bytes.Join(parts, dashes), true
	}
	for i := range parts {
		if bytes.HasPrefix(parts[i], []byte("\r\n"+partHead+name+"\"\r\n")) {
			parts[i] = fresh
			return bytes.Join(parts, dashes), true
		}
	}
	return nil, false
}
