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
	if x.policy != nil {
		removeSpoofs(x.policy, r.Header)
	} else {
		removeSpoofs(&policy.Policy{}, r.Header)
	}
	if x.answer != nil {
		writeAnswer(rw, r, x)
		return
	}
	status := verdict.Statuses[x.reason]
	if acknowledges(x) {
		status = http.StatusOK
	}
	if x.policy != nil && x.policy.JWT != nil && refuseToken(rw, r, x, status) {
		return
	}
	if x.reason == verdict.ClientDenied || x.reason == verdict.ClientNotAllowed || x.reason == verdict.ClientUndetermined {
		status = x.rejectStatus
	}
	if x.reason == verdict.TimestampTooOld && x.policy.StaleStatus != 0 {
		status = x.policy.StaleStatus
	}
	if status == 0 {
		status = http.StatusUnauthorized
	}
	x.Status = status
	header := rw.Header()
	header["Cache-Control"] = []string{"no-store"}
	switch status {
	case http.StatusServiceUnavailable:
		header["Retry-After"] = []string{retryAfter}
	case http.StatusTooManyRequests, http.StatusConflict:
		if x.wait > 0 {
			header["Retry-After"] = []string{strconv.FormatInt(words.Seconds(x.wait), 10)}
		}
	case http.StatusUnauthorized:
		if x.policy != nil && x.policy.Authenticate[x.reason] != "" {
			header["Www-Authenticate"] = []string{x.policy.Authenticate[x.reason]}
		}
	case http.StatusMethodNotAllowed:
		header["Allow"] = []string{policy.AllowedBeside(x.policy, r.Method)}
	}
	if (x.stalled || x.reason == verdict.BodyTimeout) && r.ProtoMajor == 1 && intake.HangUp(rw, r, status) {
		return
	}
	closeUnread(header, r, x)
	if x.policy != nil && x.policy.Bare {
		rw.WriteHeader(status)
		return
	}
	http.Error(rw, http.StatusText(status), status)
}

// refuseToken answers where a token is what verifies: it says which scheme is asked for,
// RFC 6750, 3, and to transmitters of security events all that there is to say, RFC 8935.
// It returns false where the rest of the answer is as for everybody.
func refuseToken(rw http.ResponseWriter, r *http.Request, x *exchange, status int) bool {
	v := x.policy.JWT
	if v.SecEvent && acknowledges(x) {
		x.answer = &handshakes.Answer{Status: http.StatusAccepted}
	} else if v.SecEvent && status == http.StatusUnauthorized {
		x.answer = &handshakes.Answer{Status: http.StatusBadRequest, ContentType: "application/json", Body: jwt.SecEventError(x.reason)}
	}
	if x.answer != nil {
		writeAnswer(rw, r, x)
		return true
	}
	challenge := jwt.Challenge(v, x.reason, status)
	if challenge != "" {
		rw.Header()["Www-Authenticate"] = []string{challenge}
	}
	return false
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
	x.Status = a.Status
	rw.WriteHeader(a.Status)
	if a.Body != "" && x.method != http.MethodHead {
		_, _ = rw.Write([]byte(a.Body))
	}
}
