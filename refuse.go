package hookward

import (
	"net/http"
	"strconv"

	"github.com/hookward/hookward/internal/handshakes"
	"github.com/hookward/hookward/internal/intake"
	"github.com/hookward/hookward/internal/jwt"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

// acknowledges says whether the answer to a refused request tells the sender that
// all is well: the delivery has been handed on before.
func acknowledges(x *exchange) bool {
	return x.reason == verdict.DeliveryDuplicate && x.policy.Replay.OnDuplicate == "acknowledge"
}

// closeUnread ends a connection of HTTP/1 on which there is a body that nobody has read.
// Else the server would first read on, for the sake of the connection.
func closeUnread(header http.Header, r *http.Request, x *exchange) {
	if !x.bodyWhole && !x.drained && r.ProtoMajor == 1 && r.ContentLength != 0 {
		header["Connection"] = []string{"close"}
	}
}

// retryAfter is what a 503 asks of the sender, in seconds.
const retryAfter = "30"

// refuse answers a request that is not forwarded. What a stranger may have sent in the
// gate's name is taken out all the same: Traefik's middleware errors, in front of a gate,
// hands the request to another backend.
func refuse(rw http.ResponseWriter, r *http.Request, x *exchange) {
	p := x.policy
	if p == nil {
		p = &policy.Policy{}
	}
	removeSpoofs(p, r.Header)
	x.Status = chooseAnswer(x)
	if x.answer != nil {
		writeAnswer(rw, r, x)
		return
	}
	header := rw.Header()
	header["Cache-Control"] = []string{"no-store"}
	if p.JWT != nil { // RFC 6750, 3
		challenge := jwt.Challenge(p.JWT, x.reason, verdict.Statuses[x.reason])
		if challenge != "" {
			header["Www-Authenticate"] = []string{challenge}
		}
	}
	switch x.Status {
	case http.StatusServiceUnavailable:
		header["Retry-After"] = []string{retryAfter}
	case http.StatusTooManyRequests, http.StatusConflict:
		if x.wait > 0 {
			header["Retry-After"] = []string{strconv.FormatInt(words.Seconds(x.wait), 10)}
		}
	case http.StatusUnauthorized:
		if p.Authenticate[x.reason] != "" {
			header["Www-Authenticate"] = []string{p.Authenticate[x.reason]}
		}
	case http.StatusMethodNotAllowed:
		header["Allow"] = []string{policy.AllowedBeside(p, r.Method)}
	}
	if (x.stalled || x.reason == verdict.BodyTimeout) && r.ProtoMajor == 1 && intake.HangUp(rw, r, x.Status) {
		return
	}
	closeUnread(header, r, x)
	if p.Bare {
		rw.WriteHeader(x.Status)
		return
	}
	http.Error(rw, http.StatusText(x.Status), x.Status)
}

// chooseAnswer returns the status of the answer to a request that is not forwarded. Where there
// is more to say, it is the exchange's answer.
func chooseAnswer(x *exchange) int {
	status := verdict.Statuses[x.reason]
	if x.policy != nil && x.policy.JWT != nil && x.policy.JWT.SecEvent && x.answer == nil {
		x.answer = answerOfEvents(x, status)
	}
	switch {
	case x.answer != nil:
		return x.answer.Status
	case acknowledges(x):
		return http.StatusOK
	case x.reason == verdict.ClientDenied || x.reason == verdict.ClientNotAllowed || x.reason == verdict.ClientUndetermined:
		return x.rejectStatus
	case x.reason == verdict.TimestampTooOld && x.policy.StaleStatus != 0:
		return x.policy.StaleStatus
	case status == 0:
		return http.StatusUnauthorized
	}
	return status
}

// answerOfEvents returns what a transmitter of security events is told, RFC 8935, or nil where
// that is what everybody is.
func answerOfEvents(x *exchange, status int) *handshakes.Answer {
	if acknowledges(x) {
		return &handshakes.Answer{Status: http.StatusAccepted}
	}
	if status == http.StatusUnauthorized {
		return &handshakes.Answer{Status: http.StatusBadRequest, ContentType: "application/json", Body: jwt.SecEventError(x.reason)}
	}
	return nil
}

// writeAnswer says what the gate has to say in its own name: bounded, of known
// letters, never kept by a cache, and never taken for anything but what it is.
func writeAnswer(rw http.ResponseWriter, r *http.Request, x *exchange) {
	a := x.answer
	header := rw.Header()
	header["Cache-Control"] = []string{"no-store"}
	header["X-Content-Type-Options"] = []string{"nosniff"}
	if a.ContentType != "" {
		header["Content-Type"] = []string{a.ContentType}
	}
	for _, h := range a.Headers {
		header[h[0]] = []string{h[1]}
	}
	closeUnread(header, r, x)
	rw.WriteHeader(x.Status)
	if a.Body != "" && x.method != http.MethodHead {
		_, _ = rw.Write([]byte(a.Body))
	}
}
