package hookward

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/vectorfile"
	"github.com/hookward/hookward/internal/verdict"
)

func TestVectors(t *testing.T) {
	for _, v := range hooktest.ReadVectors(t) {
		if got := reasonFor(t, v.Options, hooktest.RequestOf(v), v.Now); got != v.Expect {
			t.Errorf("%s: got %s, want %s", v.Name, got, v.Expect)
		}
	}
}

// reasonFor returns what a gate with these options says of a request.
func reasonFor(t *testing.T, options map[string]any, r *http.Request, now time.Time) string {
	t.Helper()
	capture(t)
	g := newTestGate("vector", options, now)
	if g.Fixed.Policy == nil {
		t.Fatalf("configuration %v: %v", options, policy.Compile(options).Problems)
	}
	return decide(g, r, now).reason
}

// amount is the object of an Adyen item that has two signed values.
var amount = regexp.MustCompile(`"amount":\s*\{([^}]*)\}`)

// TestAdyenBatches puts published items into batches, as Adyen sends them: every
// item must be signed.
func TestAdyenBatches(t *testing.T) {
	tested := 0
	for _, v := range hooktest.ReadVectors(t) {
		if strings.HasPrefix(v.Name, "adyen/") && v.Expect == verdict.Verified {
			testAdyenBatch(t, v)
			tested++
		}
	}
	if tested < 3 {
		t.Errorf("only %d items", tested)
	}
}

func testAdyenBatch(t *testing.T, v vectorfile.Vector) {
	t.Helper()
	options := map[string]any{"provider": "adyen", "secrets": v.Options["secrets"]}
	item := `{"NotificationRequestItem":` + v.Body + `}`
	forged := strings.Replace(item, `"value": 1000`, `"value": 9000`, 1)
	// Yaegi once took the fields of the object around for those of what is none.
	hoisted := amount.ReplaceAllString(item, `"amount": 9000, $1`)
	for body, want := range map[string]string{
		`{"live":"false","notificationItems":[` + item + `]}`:                                               verdict.Verified,
		`{"notificationItems":[` + item + `,` + item + `]}`:                                                 verdict.Verified,
		`{"notificationItems":[` + item + `,` + forged + `]}`:                                               verdict.SignatureMismatch,
		`{"notificationItems":[` + hoisted + `]}`:                                                           verdict.SignedFieldMissing,
		`{"notificationItems":[` + strings.Replace(item, "{\n", `{"originalReference":["EVIL"],`, 1) + `]}`: verdict.SignedFieldMissing,
		`{"notificationItems":[` + strings.Replace(item, "{\n", `{"originalreference":"EVIL",`, 1) + `]}`:   verdict.BodyMalformed,
		`{"notificationItems":[` + item + `,5]}`:                                                            verdict.SignatureMissing,
		`{"notificationItems":[` + item + `,[` + item + `]]}`:                                               verdict.SignatureMissing,
		`{"notificationItems":[` + item + `,{}]}`:                                                           verdict.SignatureMissing,
		`{"notificationItems":[` + item + `,null]}`:                                                         verdict.SignatureMissing,
		`{"notificationItems":[]}`:                                                                          verdict.SignatureMissing,
		`{"notificationItems":[` + item + `],"notificationItems":[]}`:                                       verdict.SignatureMissing,
		`{"notificationItems":[` + item + `],"NotificationItems":[{}]}`:                                     verdict.BodyMalformed,
		`{"notificationItems":[` + item + `]} {}`:                                                           verdict.BodyMalformed,
		v.Body: verdict.SignatureMissing,
	} {
		reason := reasonFor(t, options, hooktest.NewPost(body), v.Now)
		if reason != want {
			t.Errorf("%s in a batch %.60s...: %s, want %s", v.Name, body, reason, want)
		}
	}
}

// TestHandshakeVectors holds what a caller is sent against the published answers.
func TestHandshakeVectors(t *testing.T) {
	tested := 0
	for _, v := range hooktest.ReadVectors(t) {
		want := map[string]int{verdict.HandshakeAnswered: http.StatusOK, verdict.HandshakeRefused: http.StatusForbidden}[v.Expect]
		if want == 0 {
			continue
		}
		tested++
		capture(t)
		rw := asked(t, v.Options, hooktest.RequestOf(v))
		if rw.Code != want || want == http.StatusOK && rw.Body.String() != v.Answer {
			t.Errorf("%s: %d %q, want %d %q", v.Name, rw.Code, rw.Body, want, v.Answer)
		}
	}
	if tested < 4 {
		t.Errorf("only %d handshakes", tested)
	}
}
