package e2e

import (
	"context"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
)

// A sender that publishes its keys: before they are there, with them, after a rotation
// while signatures of the new key arrive, and after the old one was withdrawn.
func TestPublishedKeys(t *testing.T) {
	old, next := newSender(t), newSender(t)
	set := func(keys map[string]sender) string {
		text := ""
		for id, k := range keys {
			if text != "" {
				text += ","
			}
			text += fmt.Sprintf(`{"kty":"OKP","crv":"Ed25519","use":"sig","kid":%q,"x":%q}`, id, base64.RawURLEncoding.EncodeToString(k.edwards.Public().(ed25519.PublicKey)))
		}
		return `{"keys":[` + text + `]}`
	}
	var published atomic.Pointer[string]
	var asked atomic.Int64
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	url, err := gateway.Serve(ctx, "127.0.0.1:0", http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		text := published.Load()
		if text == nil {
			http.Error(rw, "not yet", http.StatusInternalServerError)
			return
		}
		_, _ = io.WriteString(rw, *text)
	}))
	if err != nil {
		t.Fatal(err)
	}
	s := start(t, nil, []gate{{name: "keys", options: fmt.Sprintf(`{messageSignature: {parameters: [created, keyid], jwks: {url: %q, plainHTTP: true, refresh: 2s, minRefresh: 1s}}}`, url+"/keys")}}, gateway.Settings{})
	body := `{"id":"a"}`
	send := func(k sender, id string) *answer {
		return exchange(t, s.client, s.signedMessage(k, "keys", body, coveredUsually+createdAt(time.Now())+fmt.Sprintf(`;keyid=%q`, id)))
	}
	s.refused(t, send(old, "old"), http.StatusServiceUnavailable, "key_unavailable")

	publish := func(keys map[string]sender) {
		text := set(keys)
		published.Store(&text)
	}
	publish(map[string]sender{"old": old})
	eventually(t, "the keys are there", func() bool { return send(old, "old").StatusCode == http.StatusOK })
	s.refused(t, send(next, "old"), http.StatusUnauthorized, "signature_mismatch")
	publish(map[string]sender{"old": old, "new": next})
	eventually(t, "the new key is there", func() bool { return send(next, "new").StatusCode == http.StatusOK })
	s.passed(t, send(old, "old"))
	publish(map[string]sender{"new": next})
	eventually(t, "the old key is withdrawn", func() bool { return send(old, "old").StatusCode == http.StatusUnauthorized })
	s.passed(t, send(next, "new"))

	// Whoever makes names up makes nobody fetch for each.
	before, begun := asked.Load(), time.Now()
	for i := range 50 {
		if status := send(old, fmt.Sprintf("made up %d", i)).StatusCode; status != http.StatusUnauthorized && status != http.StatusServiceUnavailable {
			t.Errorf("a name that was made up: %d", status)
		}
	}
	if fetched, most := asked.Load()-before, int64(time.Since(begun)/time.Second)+3; fetched > most {
		t.Errorf("50 names that were made up: fetched %d times, want at most %d", fetched, most)
	}
}
