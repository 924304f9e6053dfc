package e2e

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// TestAltered sends genuine deliveries whose provider signs less than all of a
// request, and what somebody who has seen them could make of them.
func TestAltered(t *testing.T) {
	s := start(t, nil, []gate{
		{name: "mercado", options: `{provider: mercado-pago, secrets: ["env:GH"]}`},
		{name: "gitea", options: `{provider: gitea, secrets: ["env:GH"]}`},
		{name: "cdp", options: `{provider: coinbase-cdp, secrets: ["env:GH"]}`},
		{name: "pin", options: `{provider: square, secrets: ["env:GH"], publicURL: "https://hooks.example.com/hooks/square"}`},
		{name: "own", options: `{secrets: ["env:GH"], signature: {header: X-Sig, signs: "[a={header:X-A};b={header:X-B};]c={body}"}}`},
		{name: "joined", options: `{secrets: ["env:GH"], signature: {header: X-Sig, signs: "{id}{timestamp}{body}", idHeader: X-Id, timestampHeader: X-Ts}}`},
		{name: "svix", options: `{provider: svix, secrets: ["env:SVIX"]}`},
	}, gateway.Settings{Env: []string{"SVIX=whsec_" + base64.StdEncoding.EncodeToString([]byte(secret))}})

	const form = "Content-Type: application/x-www-form-urlencoded"
	stamp := fmt.Sprint(time.Now().Unix())
	hexOf := func(text string) string { return hex.EncodeToString(testkit.HMAC(secret, text)) }
	mercado := []string{"X-Request-Id: r1", "X-Signature: ts=" + stamp + ",v1=" + hexOf("id:5;request-id:r1;ts:"+stamp+";")}
	commit := `{"message":"x&payload=%7B%22evil%22%3A1%7D&"}`
	field := "payload=%7B%22a%22%3A1%7D"
	ofField, ofCommit := "X-Gitea-Signature: "+hexOf(`{"a":1}`), "X-Gitea-Signature: "+hexOf(commit)
	cdp := []string{"Content-Type: application/json", "X-Event-Id: evt1", "X-Hook0-Signature: t=" + stamp + ",h=content-type x-event-id x-event-type,v1=" +
		hexOf(stamp+`.content-type x-event-id x-event-type.application/json.evt1.onchain.activity.{"a":1}`)}

	for _, c := range []struct {
		gate, query, body string
		lines             []string
		want              int
	}{
		{"mercado", "data.id=5", "{}", mercado, http.StatusOK},
		{"mercado", "data.id=5&data_id=6", "{}", mercado, http.StatusUnauthorized},
		{"mercado", "data.id=5&+data.id=6", "{}", mercado, http.StatusUnauthorized},
		{"mercado", "data.id=5&data%5Bid=6", "{}", mercado, http.StatusUnauthorized},
		{"mercado", "data.id=5&Data.Id=6", "{}", mercado, http.StatusUnauthorized},
		{"mercado", "data.id=5&data[id]=6", "{}", mercado, http.StatusUnauthorized},
		{"mercado", "data.id=5&data[id][]=6", "{}", mercado, http.StatusUnauthorized},
		{"mercado", "data.id=5&data%5Bid%5D=6", "{}", mercado, http.StatusUnauthorized},
		{"mercado", "data.id=5&data[x]=6", "{}", mercado, http.StatusOK},
		{"gitea", "", field, []string{form, ofField}, http.StatusOK},
		{"gitea", "Payload=6", field, []string{form, ofField}, http.StatusUnauthorized},
		{"gitea", "payload%5B%5D=6", field, []string{form, ofField}, http.StatusUnauthorized},
		{"gitea", "", commit, []string{"Content-Type: application/json", ofCommit}, http.StatusOK},
		{"gitea", "", commit, []string{form, ofCommit}, http.StatusUnauthorized},
		{"cdp", "", `{"a":1}`, append(cdp, "X-Event-Type: onchain.activity"), http.StatusOK},
		{"own", "", "{}", []string{"X-Sig: " + hexOf("c={}")}, http.StatusOK},
		{"own", "", "{}", []string{"X-Sig: " + hexOf("c={}"), "X-A: EVIL"}, http.StatusUnauthorized},
		{"joined", "", "{}", []string{"X-Id: a", "X-Ts: " + stamp, "X-Sig: " + hexOf("a"+stamp+"{}")}, http.StatusOK},
		{"joined", "", "EVIL", []string{"X-Id: a1772000000", "X-Ts: " + stamp, "X-Sig: " + hexOf("a1772000000"+stamp+"EVIL")}, http.StatusUnauthorized},
		{"cdp", "", `activity.{"a":1}`, append(cdp, "X-Event-Type: onchain"), http.StatusUnauthorized},
	} {
		r := s.request(c.gate, c.body, c.lines...)
		r.URL.RawQuery = c.query
		got := exchange(t, s.client, r)
		arrivals := len(s.backend.at(got.path))
		if got.StatusCode != c.want || (arrivals == 1) != (c.want == http.StatusOK) {
			t.Errorf("%s ?%s %s %v: status %d, and the backend has seen it %d times; want %d", c.gate, c.query, c.body, c.lines, got.StatusCode, arrivals, c.want)
		}
	}

	// A path that ends as the signed one does, and is another.
	for path, want := range map[string]int{"/pin/hooks/square": http.StatusOK, "/pin/x.php/hooks/square": http.StatusUnauthorized, "/pin/x;y/hooks/square": http.StatusUnauthorized, "/pin/other": http.StatusUnauthorized} {
		r, err := http.NewRequest(http.MethodPost, s.URL+path, strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("X-Square-Hmacsha256-Signature", base64.StdEncoding.EncodeToString(testkit.HMAC(secret, "https://hooks.example.com/hooks/square{}")))
		if got := exchange(t, s.client, r); got.StatusCode != want {
			t.Errorf("%s: status %d, want %d", path, got.StatusCode, want)
		}
	}

	// Svix sends each header by two names. The backend gets both, and a forged one
	// never.
	signature := "v1," + base64.StdEncoding.EncodeToString(testkit.HMAC(secret, "msg_1."+stamp+".{}"))
	for other, want := range map[string]string{"msg_1": "msg_1", "msg_2": ""} {
		got := s.post(t, "svix", "{}", "Svix-Id: msg_1", "Svix-Timestamp: "+stamp, "Svix-Signature: "+signature,
			"Webhook-Id: "+other, "Webhook-Timestamp: "+stamp, "Webhook-Signature: "+signature)
		arrivals := s.backend.at(got.path)
		if got.StatusCode != http.StatusOK || len(arrivals) != 1 || arrivals[0].Header.Get("Webhook-Id") != want || arrivals[0].Header.Get("Webhook-Signature") != signature {
			t.Errorf("Webhook-Id %s: status %d, the backend got %+v", other, got.StatusCode, arrivals)
		}
	}
}
