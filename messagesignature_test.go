package hookward

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/vectorfile"
	"github.com/hookward/hookward/internal/verdict"
)

// adcpErrors are what AdCP's own files say of its vectors. Of 011 they say header_malformed.
var adcpErrors = map[string]string{
	"adcp/neg-001-wrong-tag":                   "webhook_signature_tag_invalid",
	"adcp/neg-002-expired-signature":           "webhook_signature_window_invalid",
	"adcp/neg-003-window-too-long":             "webhook_signature_window_invalid",
	"adcp/neg-004-alg-not-allowed":             "webhook_signature_alg_not_allowed",
	"adcp/neg-005-missing-authority-component": "webhook_signature_components_incomplete",
	"adcp/neg-006-missing-content-digest":      "webhook_signature_components_incomplete",
	"adcp/neg-007-unknown-keyid":               "webhook_signature_key_unknown",
	"adcp/neg-008-wrong-adcp-use":              "webhook_signature_key_purpose_invalid",
	"adcp/neg-009-content-digest-mismatch":     "webhook_signature_digest_mismatch",
	"adcp/neg-010-malformed-signature-input":   "webhook_signature_header_malformed",
	"adcp/neg-011-signature-without-input":     "webhook_signature_header_malformed",
	"adcp/neg-012-missing-expires-param":       "webhook_signature_params_incomplete",
	"adcp/neg-013-expires-le-created":          "webhook_signature_window_invalid",
	"adcp/neg-014-missing-nonce-param":         "webhook_signature_params_incomplete",
	"adcp/neg-015-signature-invalid":           "webhook_signature_invalid",
	"adcp/neg-021-base64-alphabet-mixing":      "webhook_signature_header_malformed",
}

// AdCP's senders stop retrying at these words alone.
func TestAdCPErrors(t *testing.T) {
	capture(t)
	tested := 0
	for _, v := range hooktest.ReadVectors(t) {
		want := adcpErrors[v.Name]
		if want == "" {
			continue
		}
		tested++
		rw := answerAt(t, v, v.Now)
		if got := rw.Header().Get("Www-Authenticate"); rw.Code != http.StatusUnauthorized || got != `Signature error="`+want+`"` {
			t.Errorf("%s: %d %q, want %s", v.Name, rw.Code, got, want)
		}
	}
	if tested != len(adcpErrors) {
		t.Errorf("%d of %d vectors", tested, len(adcpErrors))
	}
}

// answerAt returns what the sender of a vector is answered at a moment.
func answerAt(t *testing.T, v vectorfile.Vector, now time.Time) *httptest.ResponseRecorder {
	t.Helper()
	g := newTestGate("vector", v.Options, now)
	r := hooktest.RequestOf(v)
	x := decide(g, r, now)
	rw := httptest.NewRecorder()
	refuse(rw, r, x)
	return rw
}

// AdCP's 016: a nonce passes once for each key, whatever else is signed.
func TestReplayByNonce(t *testing.T) {
	capture(t)
	found := map[string]vectorfile.Vector{}
	for _, v := range hooktest.ReadVectors(t) {
		found[v.Name] = v
	}
	one, curve, other := found["adcp/pos-001-basic-post"], found["adcp/pos-002-es256-post"], found["adcp/pos-007-body-without-idempotency-key"]
	options := one.Options
	options["replay"] = map[string]any{"onDuplicate": "reject"}
	options["publicKeys"] = []any{options["publicKeys"], curve.Options["publicKeys"]}
	g := newTestGate("nonce", options, one.Now)
	for _, c := range []struct {
		v    vectorfile.Vector
		want string
	}{{one, verdict.Verified}, {one, verdict.DeliveryDuplicate}, {other, verdict.DeliveryDuplicate}, {curve, verdict.Verified}, {curve, verdict.DeliveryDuplicate}} {
		x := decide(g, hooktest.RequestOf(c.v), one.Now)
		if x.reason != c.want {
			t.Errorf("%s: %s, want %s", c.v.Name, x.reason, c.want)
		}
		x.Status = http.StatusOK
		settle(x, one.Now)
	}
}

// What replay needs of a message signature.
func TestReplayFitsMessageSignatures(t *testing.T) {
	for want, more := range map[string]map[string]any{
		"replay.window: must be at least 8m0s":                  {"replay": map[string]any{"window": "7m"}},
		"replay.by: can't be delivery, because nothing demands": {"replay": map[string]any{"by": "delivery"}, "messageSignature": map[string]any{"idHeader": "Webhook-Id"}},
		"": {"replay": map[string]any{"by": "delivery"}, "messageSignature": map[string]any{"idHeader": "Webhook-Id", "coverIfPresent": "webhook-id"}},
		"messageSignature: contradicts signature and token": {"token": map[string]any{"bearer": "true"}},
	} {
		raw := map[string]any{"publicKeys": hooktest.TestEdwardsKey, "messageSignature": "true"}
		for name, value := range more {
			raw[name] = value
		}
		c := policy.Compile(raw)
		got := ""
		if len(c.Problems) > 0 {
			got = c.Problems[0].Path + ": " + c.Problems[0].Text
		}
		if want == "" && got != "" || !strings.HasPrefix(got, want) {
			t.Errorf("%v: %s, want %s", more, got, want)
		}
	}
}
