package hookward

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// acknowledges says whether the answer to a refused request tells the sender that
// all is well: the delivery has been handed on before.
func acknowledges(d *decision) bool {
	return d.reason == deliveryDuplicate && d.policy.replay.onDuplicate == "acknowledge"
}

// closeUnread ends a connection of HTTP/1 on which there is a body that nobody has read.
// Else the server would first read on, for the sake of the connection.
func closeUnread(header http.Header, r *http.Request, d *decision) {
	if !d.bodyWhole && !d.drained && r.ProtoMajor == 1 && r.ContentLength != 0 {
		header["Connection"] = []string{"close"}
	}
}

// allowedBeside lists the methods that may carry something, for a 405. A handshake of the
// method that was refused may be answered, but was not asked for.
func allowedBeside(p *policy, method string) string {
	others := []string{}
	for _, name := range strings.Split(p.allow, ", ") {
		if name != method {
			others = append(others, name)
		}
	}
	return strings.Join(others, ", ")
}

// retryAfter is what a 503 asks of the sender, in seconds.
const retryAfter = "30"

// refuse answers a request that is not forwarded.
func refuse(rw http.ResponseWriter, r *http.Request, d *decision) {
	if d.answer != nil {
		writeAnswer(rw, r, d)
		return
	}
	status := statuses[d.reason]
	if acknowledges(d) {
		status = http.StatusOK
	}
	if d.reason == clientDenied || d.reason == clientNotAllowed || d.reason == clientUndetermined {
		status = d.rejectStatus
	}
	if status == 0 {
		status = http.StatusUnauthorized
	}
	d.status = status
	header := rw.Header()
	header["Cache-Control"] = []string{"no-store"}
	switch status {
	case http.StatusServiceUnavailable:
		header["Retry-After"] = []string{retryAfter}
	case http.StatusTooManyRequests, http.StatusConflict:
		if d.wait > 0 {
			header["Retry-After"] = []string{strconv.FormatInt(seconds(d.wait), 10)}
		}
	case http.StatusMethodNotAllowed:
		header["Allow"] = []string{allowedBeside(d.policy, r.Method)}
	}
	if (d.stalled || d.reason == bodyTimeout) && r.ProtoMajor == 1 && hangUp(rw, r, status) {
		return
	}
	closeUnread(header, r, d)
	if d.policy != nil && d.policy.bare {
		rw.WriteHeader(status)
		return
	}
	http.Error(rw, http.StatusText(status), status)
}

// writeAnswer says what the gate has to say in its own name: bounded, of known
// letters, never kept by a cache, and never taken for anything but what it is.
func writeAnswer(rw http.ResponseWriter, r *http.Request, d *decision) {
	a := d.answer
	header := rw.Header()
	header["Cache-Control"] = []string{"no-store"}
	header["X-Content-Type-Options"] = []string{"nosniff"}
	if a.contentType != "" {
		header["Content-Type"] = []string{a.contentType}
	}
	for _, h := range a.headers {
		header[h[0]] = []string{h[1]}
	}
	closeUnread(header, r, d)
	d.status = a.status
	rw.WriteHeader(a.status)
	if a.body != "" && d.method != http.MethodHead {
		_, _ = rw.Write([]byte(a.body))
	}
}

// lingerTime is how long a connection stays after its last answer, so that the
// sender can read it: closing at once would throw away what is on the way.
const lingerTime = 500 * time.Millisecond

// hangUp answers a sender that stalls, and closes its HTTP/1 connection. Left to
// the server, the connection would stay for good: to end the read that is under
// way the server clears Traefik's read deadline, and then waits for the rest of
// the body without one. It returns false where the connection can't be had, as
// with HTTP/2, which ends the stream by itself.
func hangUp(rw http.ResponseWriter, r *http.Request, status int) bool {
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
