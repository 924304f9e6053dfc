// Package scrape serves the numbers of a process to those who scrape them: what the gates
// have counted, and what their state, their outputs and all that they depend on is at that
// moment. It must not know a gate, nor who may have the numbers but for the token.
package scrape

import (
	"bytes"
	"compress/gzip"
	"crypto/hmac"
	"crypto/sha256"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/exposition"
	"github.com/hookward/hookward/internal/policy"
)

// Allowed says whether a request may have the numbers, as far as the token decides: it
// stands in one header Authorization, and nowhere else.
func Allowed(m *policy.Metrics, r *http.Request) bool {
	if !m.Token {
		return true
	}
	lines := r.Header["Authorization"]
	if len(lines) != 1 || len(lines[0]) < 7 || !strings.EqualFold(lines[0][:7], "Bearer ") {
		return false
	}
	sum := sha256.Sum256([]byte(lines[0][7:]))
	return hmac.Equal(sum[:], m.Digest[:])
}

// Refuse answers with the text of a status, and nothing else.
func Refuse(rw http.ResponseWriter, status int) {
	rw.Header()["Cache-Control"] = []string{"no-store"}
	http.Error(rw, http.StatusText(status), status)
}

// Serve answers a request that may have the numbers. Any path but that of the numbers is
// not found.
func Serve(rw http.ResponseWriter, r *http.Request, m *policy.Metrics, look func(now time.Time) *Source) {
	if r.URL.Path != m.Path || !m.Serves {
		Refuse(rw, http.StatusNotFound)
		return
	}
	header := rw.Header()
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		header["Allow"] = []string{"GET, HEAD"}
		Refuse(rw, http.StatusMethodNotAllowed)
		return
	}
	open := exposition.WantsOpen(strings.Join(r.Header["Accept"], ","))
	packed := takesGzip(strings.Join(r.Header["Accept-Encoding"], ","))
	text := textOf(open, packed, look, time.Now())
	header["Content-Type"] = []string{exposition.TextType}
	if open {
		header["Content-Type"] = []string{exposition.OpenType}
	}
	if packed {
		header["Content-Encoding"] = []string{"gzip"}
	}
	header["Vary"] = []string{"Accept, Accept-Encoding"}
	header["Cache-Control"] = []string{"no-store"}
	header["X-Content-Type-Options"] = []string{"nosniff"}
	header["Content-Length"] = []string{strconv.Itoa(len(text))}
	rw.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		_, _ = rw.Write(text)
	}
}

// takesGzip says whether an Accept-Encoding has gzip.
func takesGzip(accepted string) bool {
	for _, part := range strings.Split(accepted, ",") {
		name, parameters, _ := strings.Cut(part, ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			quality := strings.TrimSpace(parameters)
			return quality != "q=0" && quality != "q=0.0" && quality != "q=0.00" && quality != "q=0.000"
		}
	}
	return false
}

// fresh is for how long a text is given to all who come: a hundred scrapers at once cost
// what one does.
const fresh = time.Second

// texts are the last ones, by format. The lock is held while one is made: a scraper that
// comes meanwhile gets that one. Nobody writes to a scraper with it.
var (
	textsMu sync.Mutex
	texts   = map[string]text{}
)

type text struct {
	bytes []byte
	made  time.Time
}

func textOf(open, packed bool, look func(now time.Time) *Source, now time.Time) []byte {
	format := strconv.FormatBool(open) + strconv.FormatBool(packed)
	textsMu.Lock()
	defer textsMu.Unlock()
	made := texts[format].made
	if !made.IsZero() && now.Sub(made) < fresh {
		return texts[format].bytes
	}
	made = time.Now() // others have waited for the lock
	b := exposition.Text(Families(look(made), made), open)
	if packed {
		b = pack(b)
	}
	texts[format] = text{bytes: b, made: made}
	return b
}

func pack(b []byte) []byte {
	buffer := &bytes.Buffer{}
	w, _ := gzip.NewWriterLevel(buffer, gzip.BestSpeed) // a level that there is
	_, _ = w.Write(b)
	_ = w.Close()
	return buffer.Bytes()
}
