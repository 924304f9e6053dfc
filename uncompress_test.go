package hookward

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
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

// named is packed with what else the header of a member may have.
func named(t *testing.T, text string, header gzip.Header) string {
	t.Helper()
	b := &bytes.Buffer{}
	w := gzip.NewWriter(b)
	w.Header = header
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
		"gzip":                  {uncompressedText, good, []string{"gzip"}, verdict.Verified},
		"another level":         {uncompressedText, packed(t, uncompressedText, gzip.NoCompression), []string{"gzip"}, verdict.Verified},
		"not compressed":        {uncompressedText, uncompressedText, nil, verdict.Verified},
		"the largest":           {strings.Repeat("a", 1000), packed(t, strings.Repeat("a", 1000), 9), []string{"gzip"}, verdict.Verified},
		"empty":                 {"", packed(t, "", 9), []string{"gzip"}, verdict.Verified},
		"one byte more":         {strings.Repeat("a", 1001), packed(t, strings.Repeat("a", 1001), 9), []string{"gzip"}, verdict.BodyTooLarge},
		"a bomb":                {strings.Repeat("a", 500_000), packed(t, strings.Repeat("a", 500_000), 9), []string{"gzip"}, verdict.BodyTooLarge},
		"signed as it is sent":  {good, good, []string{"gzip"}, verdict.SignatureMismatch},
		"another text":          {uncompressedText, packed(t, strings.Replace(uncompressedText, "d1", "d2", 1), 9), []string{"gzip"}, verdict.SignatureMismatch},
		"compressed, not said":  {uncompressedText, good, nil, verdict.SignatureMismatch},
		"said, not compressed":  {uncompressedText, uncompressedText, []string{"gzip"}, verdict.BodyMalformed},
		"truncated":             {uncompressedText, good[:len(good)-1], []string{"gzip"}, verdict.BodyMalformed},
		"without its end":       {uncompressedText, good[:len(good)-8], []string{"gzip"}, verdict.BodyMalformed},
		"another checksum":      {uncompressedText, flipped(good, 8), []string{"gzip"}, verdict.BodyMalformed},
		"another length":        {uncompressedText, flipped(good, 4), []string{"gzip"}, verdict.BodyMalformed},
		"two members":           {uncompressedText + uncompressedText, good + good, []string{"gzip"}, verdict.BodyMalformed},
		"two, the first signed": {uncompressedText, good + packed(t, "x", 9), []string{"gzip"}, verdict.BodyMalformed},
		"an empty one behind":   {uncompressedText, good + packed(t, "", 9), []string{"gzip"}, verdict.BodyMalformed},
		"an empty one before":   {uncompressedText, packed(t, "", 9) + good, []string{"gzip"}, verdict.BodyMalformed},
		"something behind":      {uncompressedText, good + "\x00", []string{"gzip"}, verdict.BodyMalformed},
		"twice":                 {uncompressedText, packed(t, good, 9), []string{"gzip"}, verdict.SignatureMismatch},
		"twice, said":           {uncompressedText, packed(t, good, 9), []string{"gzip, gzip"}, verdict.BodyMalformed},
		"twice, in two headers": {uncompressedText, packed(t, good, 9), []string{"gzip", "gzip"}, verdict.BodyMalformed},
		"another encoding":      {uncompressedText, good, []string{"deflate"}, verdict.BodyMalformed},
		"identity":              {uncompressedText, uncompressedText, []string{"identity"}, verdict.BodyMalformed},
		"in capitals":           {uncompressedText, good, []string{"GZIP"}, verdict.BodyMalformed},
		"an old name":           {uncompressedText, good, []string{"x-gzip"}, verdict.BodyMalformed},
		"empty header":          {uncompressedText, uncompressedText, []string{""}, verdict.BodyMalformed},
		"a file's name":         {uncompressedText, named(t, uncompressedText, gzip.Header{Name: "a.json"}), []string{"gzip"}, verdict.BodyMalformed},
		"a comment":             {uncompressedText, named(t, uncompressedText, gzip.Header{Comment: "a"}), []string{"gzip"}, verdict.BodyMalformed},
		"an extra field":        {uncompressedText, named(t, uncompressedText, gzip.Header{Extra: []byte("ab\x00\x00")}), []string{"gzip"}, verdict.BodyMalformed},
		"said to be text":       {uncompressedText, good[:3] + "\x01" + good[4:], []string{"gzip"}, verdict.BodyMalformed},
		"nothing":               {"", "", []string{"gzip"}, verdict.BodyMalformed},
		"unsigned":              {"another", good, []string{"gzip"}, verdict.SignatureMismatch},
	} {
		records, _ := capture(t)
		b := &hooktest.Backend{}
		r := hooktest.NewPost(c.body, "X-Signature: "+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, c.signed))
		if c.encodings != nil {
			r.Header["Content-Encoding"] = c.encodings
		}
		rw := httptest.NewRecorder()
		newTestHandler(t, b.Handler(), hooktest.SignedPlain(limit)).ServeHTTP(rw, r)
		reason := hooktest.OnlyRecord(t, records)["event.reason"]
		if reason != c.want || len(b.Requests) > 0 != (c.want == verdict.Verified) || c.want == verdict.BodyTooLarge && rw.Code != 413 {
			t.Errorf("%s: %d, %v, want %s", name, rw.Code, reason, c.want)
		}
		if c.want == verdict.Verified && b.Bodies[0] != c.body {
			t.Errorf("%s: the backend has got %q", name, b.Bodies[0])
		}
	}
}

// What is read of the delivery is read of what was signed, and compressed otherwise it is
// the same delivery.
func TestUncompressedDelivery(t *testing.T) {
	h := newTestHandler(t, (&hooktest.Backend{}).Handler(), hooktest.SignedPlain(map[string]any{"replay": map[string]any{}}))
	for i, body := range []string{packed(t, uncompressedText, 9), packed(t, uncompressedText, 0), uncompressedText} {
		records, _ := capture(t)
		r := hooktest.NewPost(body, "X-Signature: "+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, uncompressedText))
		if i < 2 {
			r.Header.Set("Content-Encoding", "gzip")
		}
		h.ServeHTTP(httptest.NewRecorder(), r)
		record := hooktest.OnlyRecord(t, records)
		want := []string{verdict.Verified, verdict.DeliveryDuplicate, verdict.DeliveryDuplicate}[i]
		if record["event.reason"] != want || record["hookward.event_type"] != "message.new" {
			t.Errorf("%d: %v", i, record)
		}
	}
}

// What has no signature that can be read is not uncompressed to find that out.
func TestUncompressedUnsigned(t *testing.T) {
	bomb := packed(t, strings.Repeat("a", 500_000), 9)
	for _, c := range []struct{ header, want string }{
		{"X-Unrelated: a", verdict.SignatureMissing},
		{"X-Signature: a", verdict.SignatureMalformed},
		{"X-Other: " + strings.Repeat("0", 63), verdict.SignatureMalformed},
		{"X-Signature: " + strings.Repeat("0", 64), verdict.BodyTooLarge},
		{"X-Other: " + strings.Repeat("0", 64), verdict.BodyTooLarge},
	} {
		records, _ := capture(t)
		raw := hooktest.SignedPlain(map[string]any{"maxBodyBytes": "1000"})
		raw["signature"].(map[string]any)["alternatives"] = map[string]any{"header": "X-Other"}
		asked(t, raw, hooktest.NewPost(bomb, "Content-Encoding: gzip", c.header))
		if reason := hooktest.OnlyRecord(t, records)["event.reason"]; reason != c.want {
			t.Errorf("%s: %v, want %s", c.header, reason, c.want)
		}
	}
}

// What is uncompressed is held for as long as the request, and counts as a body does.
func TestUncompressedMemory(t *testing.T) {
	for size, want := range map[int]string{500_000: verdict.MemoryUnavailable, 50_000: verdict.Verified} {
		limitedTo(t, 200_000)
		text := strings.Repeat("a", size)
		records, _ := capture(t)
		held := int64(0)
		backend := http.HandlerFunc(func(_ http.ResponseWriter, _ *http.Request) { held = heldBytes() })
		h := newTestHandler(t, backend, hooktest.SignedPlain(nil))
		budget.SetLimit(bodies, 200_000)
		rw := httptest.NewRecorder()
		h.ServeHTTP(rw, hooktest.NewPost(packed(t, text, 9), "Content-Encoding: gzip", "X-Signature: "+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, text)))
		reason := hooktest.OnlyRecord(t, records)["event.reason"]
		if reason != want || want == verdict.MemoryUnavailable && (rw.Code != http.StatusServiceUnavailable || rw.Header().Get("Retry-After") != "30") {
			t.Errorf("%d bytes: %d, %v, want %s", size, rw.Code, reason, want)
		}
		if left := heldBytes(); left != 0 {
			t.Errorf("%d bytes: %d are held when all is over", size, left)
		}
		if want == verdict.Verified && held < int64(size) {
			t.Errorf("%d bytes: %d are held meanwhile", size, held)
		}
	}
}

// A secret that was compressed is in no record, whoever has sent it.
func TestUncompressedPayload(t *testing.T) {
	text := `{"note":"` + hooktest.DocsSecret + `"}`
	raw := hooktest.SignedPlain(map[string]any{"audit": map[string]any{"payload": "full", "refusedPayload": "true"}})
	h := newTestHandler(t, (&hooktest.Backend{}).Handler(), raw)
	for _, signature := range []string{"X-Signature: " + hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, text), "X-Unrelated: a"} {
		records, _ := capture(t)
		h.ServeHTTP(httptest.NewRecorder(), hooktest.NewPost(packed(t, text, 9), "Content-Encoding: gzip", signature))
		record := hooktest.OnlyRecord(t, records)
		if record["hookward.body.base64"] != nil || record["http.request.body.content"] != nil || record["hookward.body.truncated"] != true {
			t.Errorf("%s: %v", signature, record)
		}
	}
	records, _ := capture(t)
	h.ServeHTTP(httptest.NewRecorder(), hooktest.NewPost(uncompressedText, "X-Signature: "+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, uncompressedText)))
	if record := hooktest.OnlyRecord(t, records); record["http.request.body.content"] != uncompressedText {
		t.Errorf("without an encoding: %v", record)
	}
}

// Whichever form verifies, the backend is told how the body is encoded.
func TestUncompressedAlternative(t *testing.T) {
	raw := hooktest.SignedPlain(nil)
	raw["signature"].(map[string]any)["alternatives"] = map[string]any{"header": "X-Other"}
	for _, name := range []string{"X-Signature", "X-Other"} {
		b := &hooktest.Backend{}
		r := hooktest.NewPost(packed(t, uncompressedText, 9), "Content-Encoding: gzip", name+": "+hooktest.HexMACOf("hmac-sha256", hooktest.DocsSecret, uncompressedText))
		newTestHandler(t, b.Handler(), raw).ServeHTTP(httptest.NewRecorder(), r)
		if len(b.Requests) != 1 || b.Requests[0].Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: the backend has got %v", name, b.Requests)
		}
	}
}

// A handshake of strangers is read as it arrives.
func TestUncompressedHandshake(t *testing.T) {
	raw := hooktest.SignedPlain(map[string]any{"handshakes": map[string]any{"when": "json:kind=ping_all", "unsigned": "true", "answer": "pong"}})
	for body, want := range map[string]int{`{"kind":"ping_all"}`: 200, packed(t, `{"kind":"ping_all"}`, 9): 401} {
		capture(t)
		r := hooktest.NewPost(body)
		if want == 401 {
			r.Header.Set("Content-Encoding", "gzip")
		}
		if rw := asked(t, raw, r); rw.Code != want {
			t.Errorf("%q: %d, want %d", body, rw.Code, want)
		}
	}
}
