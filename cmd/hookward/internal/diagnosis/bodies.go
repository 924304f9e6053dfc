package diagnosis

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strings"
	"unicode/utf8"
)

// maxUnpacked bounds what a packed body may become.
const maxUnpacked = 64 << 20

// tryBodies tries bodies that may have been sent in the place of the one that is here.
func (s *search) tryBodies() {
	changed := "what stands between the sender and the gate, or whoever has captured the request, has changed the body: forward its bytes as they are"
	body := s.Body
	if s.Declared >= 0 && s.Declared < int64(len(body)) {
		s.tryBody("body-length", body[:s.Declared], fmt.Sprintf("the body is right as far as Content-Length says, for %d of its %d bytes", s.Declared, len(body)),
			"something was added to the body, in the capture or on its way")
	}
	newline := "a newline at the body's end makes the difference: capture and forward the bytes as they are (curl --data-binary, no editor)"
	s.tryBody("body-newline", bytes.TrimRight(body, "\r\n"), "the body is right without the newline at its end", newline)
	s.tryBody("body-newline", appended(body, "\n"), "the body is right with a newline at its end", newline)
	s.tryBody("body-newline", appended(body, "\r\n"), "the body is right with CR and LF at its end", newline)
	s.tryBody("body-white-space", bytes.TrimSpace(body), "the body is right without the white space around it", changed)
	lf := bytes.ReplaceAll(body, []byte("\r\n"), []byte("\n"))
	crlf := bytes.ReplaceAll(lf, []byte("\n"), []byte("\r\n"))
	lines := "its line ends were changed, by an editor or by git (core.autocrlf): keep the bytes as they are"
	for _, end := range []string{"", "\n", "\r\n"} {
		s.tryBody("body-line-ends", appended(bytes.TrimRight(lf, "\n"), end), "the body is right with LF at the ends of its lines", lines)
		s.tryBody("body-line-ends", appended(bytes.TrimRight(crlf, "\r\n"), end), "the body is right with CRLF at the ends of its lines", lines)
	}
	bom := []byte("\ufeff")
	s.tryBody("body-bom", bytes.TrimPrefix(body, bom), "the body is right without the byte order mark at its front", "an editor has written a byte order mark: "+changed)
	s.tryBody("body-bom", append(append([]byte{}, bom...), body...), "the body is right with a byte order mark at its front", changed)
	s.tryBody("body-empty", []byte{}, "an empty body has been signed", "the sender signs no body here, or the body was added on its way")
	s.tryUnpacked()
	s.tryWrapped()
	for _, style := range restyled(body) {
		s.tryBody("body-json", style.body, "the body is right if it is written as "+style.name, "the JSON was decoded and written anew, by "+changed)
		if s.known["body-json"] {
			break
		}
	}
}

// tryBody tries another body, once.
func (s *search) tryBody(name string, body []byte, text, cure string) {
	sum := sha256.Sum256(body)
	if !bytes.Equal(body, s.Body) && !s.bodies[sum] {
		s.bodies[sum] = true
		s.try(trial{body: body, emptied: len(body) == 0}, Cause{name, text, cure})
	}
}

func appended(body []byte, text string) []byte {
	return append(append(make([]byte, 0, len(body)+len(text)), body...), text...)
}

// tryUnpacked tries what a compressed body holds.
func (s *search) tryUnpacked() {
	cure := "the sender signs before it compresses, and the gate sees the compressed body: "
	cures := map[string]string{"gzip": "signature.uncompressed: true", "zlib": "have the sender send it uncompressed", "deflate": "have the sender send it uncompressed"}
	for name, open := range map[string]func(r io.Reader) (io.Reader, error){
		"gzip":    func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) },
		"zlib":    func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) },
		"deflate": func(r io.Reader) (io.Reader, error) { return flate.NewReader(r), nil },
	} {
		r, err := open(bytes.NewReader(s.Body))
		if err != nil {
			continue
		}
		plain, err := io.ReadAll(io.LimitReader(r, maxUnpacked))
		if err == nil && len(plain) > 0 && len(plain) < maxUnpacked {
			s.tryBody("body-compressed", plain, "the body is right once it is uncompressed ("+name+")", cure+cures[name])
		}
	}
	packed := bytes.Buffer{}
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(s.Body) // a buffer takes all
	_ = w.Close()
	encoding := s.Request.Header.Get("Content-Encoding")
	if strings.Contains(encoding, "gzip") && !bytes.HasPrefix(s.Body, []byte("\x1f\x8b")) {
		s.hint("Content-Encoding is gzip, but the body is not compressed: whoever has captured it has uncompressed it")
		s.tryBody("body-compressed", packed.Bytes(), "the body is right if it is compressed", "capture the bytes as they were sent")
	}
}

// tryWrapped tries what the body holds where it was put into something else.
func (s *search) tryWrapped() {
	text := strings.TrimSpace(string(s.Body))
	plain, err := base64.StdEncoding.DecodeString(text)
	if err == nil && len(plain) > 0 {
		s.tryBody("body-base64", plain, "the body is right once its base64 is decoded", "a gateway hands the body on in base64: decode it before the gate, or have it handed on as it is")
	}
	inner := ""
	if json.Unmarshal(s.Body, &inner) == nil {
		s.tryBody("body-quoted", []byte(inner), "the body is right without the JSON string around it", "the body was encoded as JSON a second time: forward it as it is")
	}
	unescaped, err := url.QueryUnescape(text)
	if err == nil {
		s.tryBody("body-form", []byte(unescaped), "the body is right once its percent signs are resolved", "the body was escaped as a form's on its way, or the sender signs it unescaped")
	}
	fields, err := url.ParseQuery(text)
	if err == nil {
		for name, values := range fields {
			if len(values) == 1 && len(values[0]) > 1 {
				s.tryBody("body-form", []byte(values[0]), "it is the field "+fmt.Sprintf("%.40q", name)+" of the form that has been signed", "have the sender send JSON (application/json), or describe the scheme: signature.signs: {only:form:"+name+"}")
			}
		}
	}
	if utf8.Valid(s.Body) {
		s.tryBody("body-charset", latin1(s.Body), "the body is right in Latin-1", "the body was converted to UTF-8 on its way: forward the bytes as they are")
	}
}

// latin1 writes characters up to U+00FF as one byte each; others are left as they are.
func latin1(body []byte) []byte {
	out := make([]byte, 0, len(body))
	for _, c := range string(body) {
		if c <= 0xff {
			out = append(out, byte(c))
		} else {
			out = utf8.AppendRune(out, c)
		}
	}
	return out
}
