// Package verdict has the words that the checks may end with, and what follows from
// each. It must not know how a check comes to its word.
package verdict

import "net/http"

// A reason is the short, stable word for the outcome of the checks: for the
// audit record and for tests. What a stranger sees is the status text alone.
// The first two pass, and no zero value does.
const (
	Verified       = "verified"
	AddressAllowed = "address_allowed" // where the operator asked for no more

	ConfigInvalid       = "config_invalid"
	InternalError       = "internal_error"
	MethodNotAllowed    = "method_not_allowed"
	ClientUndetermined  = "client_undetermined"
	ClientDenied        = "client_denied"
	ClientNotAllowed    = "client_not_allowed"
	ListUnavailable     = "list_unavailable"
	SourceBanned        = "source_banned"
	RateLimited         = "rate_limited"
	BodyTooLarge        = "body_too_large"
	BodyTimeout         = "body_timeout"
	BodyIncomplete      = "body_incomplete"
	MemoryUnavailable   = "memory_unavailable"
	SignatureMissing    = "signature_missing"
	SignatureDuplicated = "signature_duplicated"
	SignatureMalformed  = "signature_malformed"
	SignatureMismatch   = "signature_mismatch"
	SignedFieldMissing  = "signed_field_missing"
	SignedTextAmbiguous = "signed_text_ambiguous"
	TimestampMissing    = "timestamp_missing"
	TimestampMalformed  = "timestamp_malformed"
	TimestampTooOld     = "timestamp_too_old"
	TimestampTooNew     = "timestamp_too_new"
	URLMismatch         = "url_mismatch"
	BodyMalformed       = "body_malformed"
	SenderUnknown       = "sender_unknown"
	CertificateRefused  = "certificate_refused"
	KeyUnavailable      = "key_unavailable"
	ParameterMissing    = "parameter_missing"
	TagMismatch         = "tag_mismatch"
	ComponentMissing    = "component_missing"
	KeyRefused          = "key_refused"
	DigestMissing       = "digest_missing"
	DigestMismatch      = "digest_mismatch"
	NonceMalformed      = "nonce_malformed"
	TokenMissing        = "token_missing"
	TokenDuplicated     = "token_duplicated"
	TokenMalformed      = "token_malformed"
	TokenMismatch       = "token_mismatch"
	AlgorithmRefused    = "algorithm_refused"
	KeyUnknown          = "key_unknown"
	TypeMismatch        = "type_mismatch"
	IssuerMismatch      = "issuer_mismatch"
	AudienceMismatch    = "audience_mismatch"
	ClaimMismatch       = "claim_mismatch"
	BodyMismatch        = "body_mismatch"
	TokenExpired        = "token_expired"
	TokenNotYetValid    = "token_not_yet_valid"
	TokenInactive       = "token_inactive"
	ScopeMissing        = "scope_missing"

	ClientCertificateMissing = "client_certificate_missing"
	ClientCertificateRefused = "client_certificate_refused"
	TokenLifetimeTooLong     = "token_lifetime_too_long"
	IntrospectionUnavailable = "introspection_unavailable"

	HandshakeRefused  = "handshake_refused"
	DeliveryInFlight  = "delivery_in_flight"
	DeliveryDuplicate = "delivery_duplicate"
	ReplayUnavailable = "replay_unavailable"
	DeliveryStored    = "delivery_stored"
	StoreUnavailable  = "store_unavailable"
	AuditUnavailable  = "audit_unavailable"

	// HandshakeAnswered is the one outcome beside these that is no refusal.
	// Nothing is forwarded.
	HandshakeAnswered = "handshake_answered"
)

// BodyGivenUp says that the request was answered while its body was being read.
const BodyGivenUp = "body_given_up"

// These say that a step succeeded. They pass nothing.
const (
	CandidatesRead = "candidates_read"
	TextsReady     = "texts_ready"
	KeysReady      = "keys_ready"
	TokenRead      = "token_read"
)

// verdict is what there is to know of a reason.
type verdict struct {
	reason string
	status int    // of the answer; lists and handshakes may say another
	check  string // whose it is, for numbers: some are the signature's as well as the token's
	fault  bool   // the caller has shown that it does not know the key, or how it is used
	depth  int    // how far a signature came: of several schemes, the deepest was meant
}

// all has every reason but those that pass. A gate that can't decide says 503, so
// that senders try again: GitHub never does, but a 4xx would make others give up as well.
// A delivery that is merely late was signed with the key, so it is no fault.
var all = []verdict{
	{ConfigInvalid, http.StatusServiceUnavailable, "configuration", false, 0},
	{InternalError, http.StatusServiceUnavailable, "configuration", false, 0},
	{MethodNotAllowed, http.StatusMethodNotAllowed, "method", false, 0},
	{ClientUndetermined, http.StatusForbidden, "client", false, 0},
	{ClientDenied, http.StatusForbidden, "client", false, 0},
	{ClientNotAllowed, http.StatusForbidden, "client", false, 0},
	{ListUnavailable, http.StatusServiceUnavailable, "client", false, 0},
	{SourceBanned, http.StatusTooManyRequests, "ban", false, 0},
	{RateLimited, http.StatusTooManyRequests, "rate", false, 0},
	{ClientCertificateMissing, http.StatusUnauthorized, "certificate", true, 0},
	{ClientCertificateRefused, http.StatusUnauthorized, "certificate", true, 0},
	{BodyTooLarge, http.StatusRequestEntityTooLarge, "body", false, 0},
	{BodyTimeout, http.StatusRequestTimeout, "body", false, 0},
	{BodyIncomplete, http.StatusBadRequest, "body", false, 0},
	{MemoryUnavailable, http.StatusServiceUnavailable, "body", false, 0},
	{HandshakeRefused, http.StatusForbidden, "handshake", true, 0},
	{SignatureMissing, http.StatusUnauthorized, "signature", true, 0},
	{SignatureDuplicated, http.StatusUnauthorized, "signature", true, 1},
	{SignatureMalformed, http.StatusUnauthorized, "signature", true, 1},
	{BodyMalformed, http.StatusUnauthorized, "signature", true, 1},
	{SignedFieldMissing, http.StatusUnauthorized, "signature", true, 2},
	{SignedTextAmbiguous, http.StatusUnauthorized, "signature", true, 2},
	{URLMismatch, http.StatusUnauthorized, "signature", true, 2},
	{TimestampMissing, http.StatusUnauthorized, "signature", true, 2},
	{SignatureMismatch, http.StatusUnauthorized, "signature", true, 3},
	{CertificateRefused, http.StatusUnauthorized, "signature", true, 3},
	{SenderUnknown, http.StatusUnauthorized, "signature", true, 4},
	{TimestampMalformed, http.StatusUnauthorized, "timestamp", true, 5},
	{TimestampTooOld, http.StatusUnauthorized, "timestamp", false, 5},
	{TimestampTooNew, http.StatusUnauthorized, "timestamp", false, 5},
	{KeyUnavailable, http.StatusServiceUnavailable, "signature", false, 6},
	{ParameterMissing, http.StatusUnauthorized, "signature", true, 2},
	{NonceMalformed, http.StatusUnauthorized, "signature", true, 2},
	{TagMismatch, http.StatusUnauthorized, "signature", true, 2},
	{AlgorithmRefused, http.StatusUnauthorized, "signature", true, 2},
	{ComponentMissing, http.StatusUnauthorized, "signature", true, 2},
	{KeyUnknown, http.StatusUnauthorized, "signature", true, 3},
	{KeyRefused, http.StatusUnauthorized, "signature", true, 3},
	{DigestMissing, http.StatusUnauthorized, "signature", true, 3},
	{DigestMismatch, http.StatusUnauthorized, "signature", true, 3},
	{TokenMissing, http.StatusUnauthorized, "token", true, 0},
	{TokenDuplicated, http.StatusUnauthorized, "token", true, 0},
	{TokenMalformed, http.StatusUnauthorized, "token", true, 0},
	{TokenMismatch, http.StatusUnauthorized, "token", true, 0},
	{TypeMismatch, http.StatusUnauthorized, "token", true, 0},
	{IssuerMismatch, http.StatusUnauthorized, "token", true, 0},
	{AudienceMismatch, http.StatusUnauthorized, "token", true, 0},
	{ClaimMismatch, http.StatusUnauthorized, "token", true, 0},
	{BodyMismatch, http.StatusUnauthorized, "token", true, 0},
	{TokenExpired, http.StatusUnauthorized, "token", false, 0},
	{TokenNotYetValid, http.StatusUnauthorized, "token", false, 0},
	{TokenLifetimeTooLong, http.StatusUnauthorized, "token", false, 0},
	{TokenInactive, http.StatusUnauthorized, "token", true, 0},
	{IntrospectionUnavailable, http.StatusServiceUnavailable, "token", false, 0},
	{ScopeMissing, http.StatusForbidden, "token", false, 0},
	{DeliveryInFlight, http.StatusConflict, "replay", false, 0},
	{DeliveryDuplicate, http.StatusConflict, "replay", false, 0},
	{ReplayUnavailable, http.StatusServiceUnavailable, "replay", false, 0},
	{DeliveryStored, http.StatusAccepted, "delivery", false, 0}, // it waits, and needs no other attempt of the sender's
	{StoreUnavailable, http.StatusServiceUnavailable, "delivery", false, 0},
	{AuditUnavailable, http.StatusServiceUnavailable, "audit", false, 0},
	{HandshakeAnswered, http.StatusServiceUnavailable, "handshake", false, 0}, // it has an answer of its own
}

// What each check needs of the verdicts, by reason.
var (
	Statuses = map[string]int{}
	checks   = map[string]string{}
	Failures = map[string]bool{}
	Depths   = map[string]int{}
)

func init() {
	for i := range all {
		v := &all[i]
		Statuses[v.reason] = v.status
		checks[v.reason] = v.check
		Failures[v.reason] = v.fault
		Depths[v.reason] = v.depth
	}
}

// Check names the check that a request stops at with a reason: none where it passes.
func Check(reason string) string {
	if checks[reason] == "" {
		return "none"
	}
	return checks[reason]
}
