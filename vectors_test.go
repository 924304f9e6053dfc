package hookward

import (
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/vectorfile"
)

// readVectors returns the vectors of testdata/vectors, each with a present.
func readVectors(t *testing.T) []vectorfile.Vector {
	t.Helper()
	root := "."
	if _, err := os.Stat("testdata/vectors"); err != nil {
		root = ".." // a package beside the gate's
	}
	all, err := vectorfile.ReadAll(root)
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if all[i].Now.IsZero() {
			all[i].Now = testTime
		}
	}
	return all
}

// requestOf returns the request of a vector.
func requestOf(v vectorfile.Vector) *http.Request {
	return newRequest(v.Method, v.URL, v.Body, v.Headers...)
}

func TestVectors(t *testing.T) {
	for _, v := range readVectors(t) {
		if got := reasonFor(t, v.Options, requestOf(v), v.Now); got != v.Expect {
			t.Errorf("%s: got %s, want %s", v.Name, got, v.Expect)
		}
	}
}

// reasonFor returns what a gate with these options says of a request.
func reasonFor(t *testing.T, options map[string]any, r *http.Request, now time.Time) string {
	t.Helper()
	capture(t)
	g := newTestGate("vector", options, compile, now)
	if g.policy == nil {
		t.Fatalf("configuration %v: %v", options, compile(options).problems)
	}
	return decide(g, r, now).reason
}

// amount is the object of an Adyen item that has two signed values.
var amount = regexp.MustCompile(`"amount":\s*\{([^}]*)\}`)

// TestAdyenBatches puts published items into batches, as Adyen sends them: every
// item must be signed.
func TestAdyenBatches(t *testing.T) {
	tested := 0
	for _, v := range readVectors(t) {
		if strings.HasPrefix(v.Name, "adyen/") && v.Expect == verified {
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
		`{"live":"false","notificationItems":[` + item + `]}`:                                               verified,
		`{"notificationItems":[` + item + `,` + item + `]}`:                                                 verified,
		`{"notificationItems":[` + item + `,` + forged + `]}`:                                               signatureMismatch,
		`{"notificationItems":[` + hoisted + `]}`:                                                           signedFieldMissing,
		`{"notificationItems":[` + strings.Replace(item, "{\n", `{"originalReference":["EVIL"],`, 1) + `]}`: signedFieldMissing,
		`{"notificationItems":[` + strings.Replace(item, "{\n", `{"originalreference":"EVIL",`, 1) + `]}`:   bodyMalformed,
		`{"notificationItems":[` + item + `,5]}`:                                                            signatureMissing,
		`{"notificationItems":[` + item + `,[` + item + `]]}`:                                               signatureMissing,
		`{"notificationItems":[` + item + `,{}]}`:                                                           signatureMissing,
		`{"notificationItems":[` + item + `,null]}`:                                                         signatureMissing,
		`{"notificationItems":[]}`:                                                                          signatureMissing,
		`{"notificationItems":[` + item + `],"notificationItems":[]}`:                                       signatureMissing,
		`{"notificationItems":[` + item + `],"NotificationItems":[{}]}`:                                     bodyMalformed,
		`{"notificationItems":[` + item + `]} {}`:                                                           bodyMalformed,
		v.Body: signatureMissing,
	} {
		reason := reasonFor(t, options, newPost(body), v.Now)
		if reason != want {
			t.Errorf("%s in a batch %.60s...: %s, want %s", v.Name, body, reason, want)
		}
	}
}

// TestHandshakeVectors holds what a caller is sent against the published answers.
func TestHandshakeVectors(t *testing.T) {
	tested := 0
	for _, v := range readVectors(t) {
		want := map[string]int{handshakeAnswered: http.StatusOK, handshakeRefused: http.StatusForbidden}[v.Expect]
		if want == 0 {
			continue
		}
		tested++
		capture(t)
		rw := asked(t, v.Options, requestOf(v))
		if rw.Code != want || want == http.StatusOK && rw.Body.String() != v.Answer {
			t.Errorf("%s: %d %q, want %d %q", v.Name, rw.Code, rw.Body, want, v.Answer)
		}
	}
	if tested < 4 {
		t.Errorf("only %d handshakes", tested)
	}
}
