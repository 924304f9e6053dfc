package intake

import (
	"io"
	"net/http"
	"strings"
	"time"
)

// lingerTime is how long a connection stays after its last answer, so that the
// sender can read it: closing at once would throw away what is on the way.
const lingerTime = 500 * time.Millisecond

// HangUp answers a sender that stalls, and closes its HTTP/1 connection. Left to
// the server, the connection would stay for good: to end the read that is under
// way the server clears Traefik's read deadline, and then waits for the rest of
// the body without one. It returns false where the connection can't be had, as
// with HTTP/2, which ends the stream by itself.
func HangUp(rw http.ResponseWriter, r *http.Request, status int) bool {
	hijacker, ok := rw.(http.Hijacker)
	if !ok {
		return false
	}
	conn, _, err := hijacker.Hijack()
	if err != nil {
		return false
	}
	text := http.StatusText(status) + "\n"
	header := rw.Header()
	header["Content-Type"] = []string{"text/plain; charset=utf-8"}
	header["X-Content-Type-Options"] = []string{"nosniff"}
	header["Date"] = []string{time.Now().UTC().Format(http.TimeFormat)}
	answer := &http.Response{
		Request:       r, // one of HEAD gets no body
		StatusCode:    status,
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        header,
		Body:          io.NopCloser(strings.NewReader(text)),
		ContentLength: int64(len(text)),
		Close:         true,
	}
	_ = conn.SetDeadline(time.Now().Add(lingerTime))
	_ = answer.Write(conn)
	time.AfterFunc(lingerTime, func() { _ = conn.Close() })
	return true
}
