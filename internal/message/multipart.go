package message

import (
	"bytes"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxFormParts bounds the parts of a form sent as multipart/form-data, each of which costs
// interpreted code.
const maxFormParts = 256

// MultipartOf returns the fields of a form that is sent as multipart/form-data, RFC 7578,
// and none where the body is something else, or may be read in two ways. A part that is a
// file, or no plain text, has its name there with two values: it is no field, but some
// backends take it for one.
func MultipartOf(m *Message) url.Values {
	if m.Multipart == nil {
		m.Multipart = url.Values{}
		m.NoMultipart = true
		fields := url.Values{}
		parts := splitParts(m.Body, BoundaryOf(m))
		for _, part := range parts {
			if !addPart(fields, part) {
				return m.Multipart
			}
		}
		if len(parts) > 0 {
			m.Multipart = fields
			m.NoMultipart = false
		}
	}
	return m.Multipart
}

// multipartType is the content type, with a boundary that needs no quotes and has no sign
// that ends one for PHP. What readers differ on, such as RFC 2231's boundary*0=, is none.
var multipartType = regexp.MustCompile(`^(?i:multipart/form-data)(?i:; ?charset="?utf-8"?)?; ?(?i:boundary)=(?:([0-9A-Za-z._+-]{1,70})|"([0-9A-Za-z._=+-]{1,70})")(?i:; ?charset="?utf-8"?)?$`)

// BoundaryOf returns what separates the parts of a multipart/form-data body, or nothing.
func BoundaryOf(m *Message) string {
	types := m.Request.Header["Content-Type"]
	if len(types) != 1 {
		return ""
	}
	found := multipartType.FindStringSubmatch(types[0])
	if found == nil {
		return ""
	}
	return found[1] + found[2]
}

// splitParts returns the parts of a body. What separates them must stand there as RFC 2046
// has it, with nothing before the first and behind the last, and nowhere else: some readers
// take a line feed alone before it, white space behind it, or a longer text that begins so.
func splitParts(body []byte, boundary string) [][]byte {
	dashes := "--" + boundary
	count := bytes.Count(body, []byte(dashes))
	if boundary == "" || count < 2 || count > maxFormParts+1 {
		return nil
	}
	inner, begins := bytes.CutPrefix(body, []byte(dashes+"\r\n"))
	inner, ends := bytes.CutSuffix(bytes.TrimSuffix(inner, []byte("\r\n")), []byte("\r\n"+dashes+"--"))
	parts := bytes.Split(inner, []byte("\r\n"+dashes+"\r\n"))
	if !begins || !ends || len(parts) != count-1 {
		return nil
	}
	return parts
}

var (
	// partHead is the head of a part: the header that each must have once, with the name of a
	// field and that of a file, and others before or behind it. Quotes in a name, and the
	// escapes and percent signs that senders write instead, are read in several ways.
	partHead = regexp.MustCompile(`^((?:[0-9A-Za-z-]+:[^\x00\r\n]*\r\n)*)(?i:content-disposition): ?(?i:form-data; ?name)="([^"\\%\x00-\x1f\x7f]+)"(?:(?i:; ?filename)="([^"\\\x00-\x1f\x7f]*)")?((?i:; ?filename\*=utf-8)''[0-9A-Za-z%._~!#$&+^|-]*)?((?:\r\n[0-9A-Za-z-]+:[^\x00\r\n]*)*)$`)

	// partName is the name of a field as partHead reads it.
	partName = regexp.MustCompile(`^[^"\\%\x00-\x1f\x7f]+$`)

	// plainHeaders are those that a field may have beside its name.
	plainHeaders = regexp.MustCompile(`^(?i:content-type: ?text/plain(; ?charset="?utf-8"?)?|content-transfer-encoding: ?(7bit|8bit|binary)|\r\n)*$`)

	// oddName are names that some readers take for others: with spaces around them, as
	// RFC 2047 encodes them, and the field that says how others are encoded.
	oddName = regexp.MustCompile(`^\s|\s$|=\?|^(?i:_charset_)$`)

	// secondName is what a careless reader finds as a name in the name of a file.
	secondName = regexp.MustCompile(`(?i)name\*?\s*=`)
)

// addPart adds a part to the fields of its form. It returns false where the part may be read
// in two ways.
func addPart(fields url.Values, part []byte) bool {
	head, value, found := bytes.Cut(part, []byte("\r\n\r\n"))
	if !found || !utf8.Valid(head) || strings.Count(strings.ToLower(string(head)), "content-disposition") != 1 {
		return false
	}
	read := partHead.FindStringSubmatch(string(head))
	if read == nil || oddName.MatchString(read[2]) || secondName.MatchString(read[3]) {
		return false
	}
	name := read[2]
	fields[name] = append(fields[name], string(value))
	isFile := bytes.Contains(bytes.ToLower(head), []byte("filename"))
	if isFile || !plainHeaders.MatchString(read[1]+read[5]) {
		fields[name] = append(fields[name], "")
	}
	return true
}
