package hookward

import "net/http"

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

// bodyGivenUp says that the request was answered while its body was being read.
const bodyGivenUp = "body_given_up"

// These say that a step succeeded. They pass nothing.
const (
	candidatesRead = "candidates_read"
	textsReady     = "texts_ready"
	keysReady      = "keys_ready"
	tokenRead      = "token_read"
)

// verdict is what there is to know of a reason.
type verdict struct {
	reason string
	status int    // of the answer; lists and handshakes may say another
	check  string // whose it is; empty for the signature's or the token's, and where there is none
	fault  bool   // the caller has shown that it does not know the key, or how it is used
	depth  int    // how far a signature came: of several forms, the deepest was meant
}

// verdicts has every reason but those that pass. A gate that can't decide says 503, so
// that senders try again: GitHub never does, but a 4xx would make others give up as well.
// A delivery that is merely late was signed with the key, so it is no fault.
var verdicts = []verdict{
	{configInvalid, http.StatusServiceUnavailable, "", false, 0},
	{internalError, http.StatusServiceUnavailable, "", false, 0},
	{methodNotAllowed, http.StatusMethodNotAllowed, "method", false, 0},
	{clientUndetermined, http.StatusForbidden, "client", false, 0},
	{clientDenied, http.StatusForbidden, "client", false, 0},
	{clientNotAllowed, http.StatusForbidden, "client", false, 0},
	{listUnavailable, http.StatusServiceUnavailable, "client", false, 0},
	{sourceBanned, http.StatusTooManyRequests, "", false, 0},
	{rateLimited, http.StatusTooManyRequests, "", false, 0},
	{bodyTooLarge, http.StatusRequestEntityTooLarge, "body", false, 0},
	{bodyTimeout, http.StatusRequestTimeout, "body", false, 0},
	{bodyIncomplete, http.StatusBadRequest, "body", false, 0},
	{handshakeRefused, http.StatusForbidden, "handshake", true, 0},
	{signatureMissing, http.StatusUnauthorized, "", true, 0},
	{signatureDuplicated, http.StatusUnauthorized, "", true, 1},
	{signatureMalformed, http.StatusUnauthorized, "", true, 1},
	{bodyMalformed, http.StatusUnauthorized, "", true, 1},
	{signedFieldMissing, http.StatusUnauthorized, "", true, 2},
	{signedTextAmbiguous, http.StatusUnauthorized, "", true, 2},
	{urlMismatch, http.StatusUnauthorized, "", true, 2},
	{timestampMissing, http.StatusUnauthorized, "", true, 2},
	{signatureMismatch, http.StatusUnauthorized, "", true, 3},
	{certificateRefused, http.StatusUnauthorized, "", true, 3},
	{senderUnknown, http.StatusUnauthorized, "", true, 4},
	{timestampMalformed, http.StatusUnauthorized, "timestamp", true, 5},
	{timestampTooOld, http.StatusUnauthorized, "timestamp", false, 5},
	{timestampTooNew, http.StatusUnauthorized, "timestamp", false, 5},
	{keyUnavailable, http.StatusServiceUnavailable, "", false, 6},
	{tokenMissing, http.StatusUnauthorized, "token", true, 0},
	{tokenDuplicated, http.StatusUnauthorized, "token", true, 0},
	{tokenMalformed, http.StatusUnauthorized, "token", true, 0},
	{tokenMismatch, http.StatusUnauthorized, "token", true, 0},
	{deliveryInFlight, http.StatusConflict, "", false, 0},
	{deliveryDuplicate, http.StatusConflict, "", false, 0},
	{replayUnavailable, http.StatusServiceUnavailable, "", false, 0},
	{auditUnavailable, http.StatusServiceUnavailable, "", false, 0},
	{handshakeAnswered, http.StatusServiceUnavailable, "handshake", false, 0}, // it has an answer of its own
}

// What each check needs of the verdicts, by reason.
var (
	statuses = map[string]int{}
	checkOf  = map[string]string{}
	failures = map[string]bool{}
	depths   = map[string]int{}
)

func init() {
	for i := range verdicts {
		v := &verdicts[i]
		statuses[v.reason] = v.status
		checkOf[v.reason] = v.check
		failures[v.reason] = v.fault
		depths[v.reason] = v.depth
	}
}

// howFar says how far the form came that was tried last. One whose own condition,
// {PLACE==TEXT}, does not hold was not meant, and comes behind all others.
func howFar(m *message, reason string) int {
	if m.notMeant {
		return -1
	}
	return depths[reason]
}
