package hookward

import (
	"net/http"
	"strconv"
)

// A reason is the short, stable word for the outcome of the checks: for the
// audit record and for tests. What a stranger sees is the status text alone.
// The first two pass, and no zero value does.
const (
	verified       = "verified"
	addressAllowed = "address_allowed" // where the operator asked for no more

	configInvalid       = "config_invalid"
	internalError       = "internal_error"
	methodNotAllowed    = "method_not_allowed"
	clientUndetermined  = "client_undetermined"
	clientDenied        = "client_denied"
	clientNotAllowed    = "client_not_allowed"
	listUnavailable     = "list_unavailable"
	sourceBanned        = "source_banned"
	rateLimited         = "rate_limited"
	bodyTooLarge        = "body_too_large"
	bodyTimeout         = "body_timeout"
	bodyIncomplete      = "body_incomplete"
	signatureMissing    = "signature_missing"
	signatureDuplicated = "signature_duplicated"
	signatureMalformed  = "signature_malformed"
	signatureMismatch   = "signature_mismatch"
	signedFieldMissing  = "signed_field_missing"
	signedTextAmbiguous = "signed_text_ambiguous"
	timestampMissing    = "timestamp_missing"
	timestampMalformed  = "timestamp_malformed"
	timestampTooOld     = "timestamp_too_old"
	timestampTooNew     = "timestamp_too_new"
	urlMismatch         = "url_mismatch"
	bodyMalformed       = "body_malformed"
	senderUnknown       = "sender_unknown"
	certificateRefused  = "certificate_refused"
	keyUnavailable      = "key_unavailable"
	tokenMissing        = "token_missing"
	tokenDuplicated     = "token_duplicated"
	tokenMalformed      = "token_malformed"
	tokenMismatch       = "token_mismatch"
	handshakeRefused    = "handshake_refused"
	deliveryInFlight    = "delivery_in_flight"
	deliveryDuplicate   = "delivery_duplicate"
	replayUnavailable   = "replay_unavailable"
	auditUnavailable    = "audit_unavailable"

	// handshakeAnswered is the one outcome beside these that is no refusal.
	// Nothing is forwarded.
	handshakeAnswered = "handshake_answered"
)

// These say that a step succeeded. They pass nothing.
const (
	admitted   = "admitted"
	bodyRead   = "body_read"
	proofsRead = "proofs_read"
	textsReady = "texts_ready"
	keysReady  = "keys_ready"
	tokenRead  = "token_read"
	notOne     = "not_a_handshake"
)

// statuses are the answers to refusals; what is not listed is 401. A gate that
// can't decide says 503, so that senders try again: GitHub never does, but a
// 4xx would make others give up as well.
var statuses = map[string]int{
	configInvalid:    http.StatusServiceUnavailable,
	internalError:    http.StatusServiceUnavailable,
	methodNotAllowed: http.StatusMethodNotAllowed,
	bodyTooLarge:     http.StatusRequestEntityTooLarge,
	bodyTimeout:      http.StatusRequestTimeout,
	bodyIncomplete:   http.StatusBadRequest,
	keyUnavailable:   http.StatusServiceUnavailable,
	listUnavailable:  http.StatusServiceUnavailable,

	sourceBanned:      http.StatusTooManyRequests,
	rateLimited:       http.StatusTooManyRequests,
	deliveryInFlight:  http.StatusConflict,
	deliveryDuplicate: http.StatusConflict, // or 200, as replay.onDuplicate says
	replayUnavailable: http.StatusServiceUnavailable,
	auditUnavailable:  http.StatusServiceUnavailable,
	handshakeRefused:  http.StatusForbidden,
}

// acknowledges says whether the answer to a refused request tells the sender that
// all is well: the delivery has been handed on before.
func acknowledges(d *decision) bool {
	return d.reason == deliveryDuplicate && d.policy.replay.onDuplicate == "acknowledge"
}

// retryAfter is what a 503 asks of the sender, in seconds.
const retryAfter = "30"

// refuse answers a request that is not forwarded.
func refuse(rw http.ResponseWriter, r *http.Request, d *decision) {
	if d.answer != nil {
		writeAnswer(rw, d)
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
		header["Allow"] = []string{d.policy.allow}
	}
	if (d.stalled || d.reason == bodyTimeout) && r.ProtoMajor == 1 && hangUp(rw, status) {
		return
	}
	if !d.bodyWhole && !d.drained && r.ProtoMajor == 1 && r.ContentLength != 0 {
		// Else the server would first read on, for the sake of the connection.
		header["Connection"] = []string{"close"}
	}
	http.Error(rw, http.StatusText(status), status)
}
