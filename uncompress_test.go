package hookward

import (
	"bytes"
	"compress/gzip"
	"net/http/httptest"
	"strings"
	"testing"
)

// packed compresses a text, as one member of gzip.
func packed(t *testing.T, text string, level int) string {
	t.Helper()
	b := &bytes.Buffer{}
	w, err := gzip.NewWriterLevel(b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// flipped changes one bit of the byte that is n from the end.
func flipped(text string, n int) string {
	b := []byte(text)
	b[len(b)-n] ^= 1
	return string(b)
}

const uncompressedText = `{"id":"d1","type":"message.new"}`

func signedPlain(more map[string]any) map[string]any {
	raw := map[string]any{"secrets": docsSecret, "ban": "false", "signature": map[string]any{"header": "X-Signature", "eventField": "json:type", "uncompressed": "true"}}
	for option, value := range more {
		raw[option] = value
	}
	return raw
}

// A signature over what was compressed verifies exactly that: of one encoding, one member,
// with its checksum, and no more than maxBodyBytes.
func TestUncompressed(t *testing.T) {
	good := packed(t, uncompressedText, gzip.BestCompression)
	limit := map[string]any{"maxBodyBytes": "1000"}
	for name, c := range map[string]struct {
		signed, body string
		encodings    []string
		want         string
	}{
		"gzip":                  {uncompressedText, good, []string{"gzip"}, verified},
		"another level":         {uncompressedText, packed(t, uncompressedText, gzip.NoCompression), []string{"gzip"}, verified},
		"not compressed":        {uncompressedText, uncompressedText, nil, verified},
		"the largest":           {strings.Repeat("a", 1000), packed(t, strings.Repeat("a", 1000), 9), []string{"gzip"}, verified},
		"empty":                 {"", packed(t, "", 9), []string{"gzip"}, verified},
		"one byte more":         {strings.Repeat("a", 1001), packed(t, strings.Repeat("a", 1001), 9), []string{"gzip"}, bodyTooLarge},
		"a bomb":                {strings.Repeat("a", 500_000), packed(t, strings.Repeat("a", 500_000), 9), []string{"gzip"}, bodyTooLarge},
		"signed as it is sent":  {good, good, []string{"gzip"}, signatureMismatch},
		"another text":          {uncompressedText, packed(t, strings.Replace(uncompressedText, "d1", "d2", 1), 9), []string{"gzip"}, signatureMismatch},
		"compressed, not said":  {uncompressedText, good, nil, signatureMismatch},
		"said, not compressed":  {uncompressedText, uncompressedText, []string{"gzip"}, bodyMalformed},
		"truncated":             {uncompressedText, good[:len(good)-1], []string{"gzip"}, bodyMalformed},
		"without its end":       {uncompressedText, good[:len(good)-8], []string{"gzip"}, bodyMalformed},
		"another checksum":      {uncompressedText, flipped(good, 8), []string{"gzip"}, bodyMalformed},
		"another length":        {uncompressedText, flipped(good, 4), []string{"gzip"}, bodyMalformed},
		"two members":           {uncompressedText + uncompressedText, good + good, []string{"gzip"}, bodyMalformed},
		"two, the first signed": {uncompressedText, good + packed(t, "x", 9), []string{"gzip"}, bodyMalformed},
		"an empty one behind":   {uncompressedText, good + packed(t, "", 9), []string{"gzip"}, bodyMalformed},
		"an empty one before":   {uncompressedText, packed(t, "", 9) + good, []string{"gzip"}, bodyMalformed},
		"something behind":      {uncompressedText, good + "\x00", []string{"gzip"}, bodyMalformed},
		"twice":                 {uncompressedText, packed(t, good, 9), []string{"gzip"}, signatureMismatch},
		"twice, said":           {uncompressedText, packed(t, good, 9), []string{"gzip, gzip"}, bodyMalformed},
		"twice, in two headers": {uncompressedText, packed(t, good, 9), []string{"gzip", "gzip"}, bodyMalformed},
		"another encoding":      {uncompressedText, good, []string{"deflate"}, bodyMalformed},
		"identity":              {uncompressedText, uncompressedText, []string{"identity"}, bodyMalformed},
		"in capitals":           {uncompressedText, good, []string{"GZIP"}, bodyMalformed},
		"an old name":           {uncompressedText, good, []string{"x-gzip"}, bodyMalformed},
		"empty header":          {uncompressedText, uncompressedText, []string{""}, bodyMalformed},
		"nothing":               {"", "", []string{"gzip"}, bodyMalformed},
		"unsigned":              {"another", good, []string{"gzip"}, signatureMismatch},
	} {
		records, _ := capture(t)
		b := &backend{}
		r := newPost(c.body, "X-Signature: "+hexMACOf("hmac-sha256", docsSecret, c.signed))
		if c.encodings != nil {
			r.Header["Content-Encoding"] = c.encodings
		}
		rw := httptest.NewRecorder()
		newTestHandler(t, b.handler(), signedPlain(limit)).ServeHTTP(rw, r)
		reason := onlyRecord(t, records)["event.reason"]
		if reason != c.want || len(b.requests) > 0 != (c.want == verified) || c.want == bodyTooLarge && rw.Code != 413 {
			t.Errorf("%s: %d, %v, want %s", name, rw.Code, reason, c.want)
		}
		if c.want == verified && b.bodies[0] != c.body {
			t.Errorf("%s: the backend has got %q", name, b.bodies[0])
		}
	}
}

// What is read of the delivery is read of what was signed, and compressed otherwise it is
// the same delivery.
func TestUncompressedDelivery(t *testing.T) {
	h := newTestHandler(t, (&backend{}).handler(), signedPlain(map[string]any{"replay": map[string]any{}}))
	for i, body := range []string{packed(t, uncompressedText, 9), packed(t, uncompressedText, 0), uncompressedText} {
		records, _ := capture(t)
		r := newPost(body, "X-Signature: "+hexMACOf("hmac-sha256", docsSecret, uncompressedText))
		if i < 2 {
			r.Header.Set("Content-Encoding", "gzip")
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		record := onlyRecord(t, records)
		want := []string{verified, deliveryDuplicate, deliveryDuplicate}[i]
		if record["event.reason"] != want || record["hookward.event_type"] != "message.new" {
			t.Errorf("%d: %v", i, record)
		}
	}
}

// A handshake of strangers is read as it arrives.
func TestUncompressedHandshake(t *testing.T) {
	raw := signedPlain(map[string]any{"handshakes": map[string]any{"when": "json:kind=ping_all", "unsigned": "true", "answer": "pong"}})
	for body, want := range map[string]int{`{"kind":"ping_all"}`: 200, packed(t, `{"kind":"ping_all"}`, 9): 401} {
		capture(t)
		r := newPost(body)
		if want == 401 {
			r.Header.Set("Content-Encoding", "gzip")
		}
		if rw := asked(t, raw, r); rw.Code != want {
			t.Errorf("%q: %d, want %d", body, rw.Code, want)
		}
	}
}
