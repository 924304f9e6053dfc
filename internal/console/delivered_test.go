package console

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	engine "github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/store"
)

// What was delivered is listed and shown, and replayed by force alone.
func TestDelivered(t *testing.T) {
	k := newKeeper(t, 1)
	look := k.source()
	engine.ChangeOptions(k.e, keeping(time.Hour))
	id := store.NewID()
	engine.KeepArrived(k.e, &store.Delivery{ID: id, Received: time.Now(), Middleware: "hooks@file", Router: "r", EventType: "push", Method: "POST", RequestURI: "/in", URL: "/in", Host: "h", Body: []byte("the payload")})
	await(t, "it is kept", func() bool { return engine.Count(k.e).Delivered == 1 })
	found := struct{ Deliveries []keptRow }{}
	text := k.do(look, "GET", "kept?state=delivered", viewerToken, "").Body.Bytes()
	if json.Unmarshal(text, &found) != nil || len(found.Deliveries) != 1 || found.Deliveries[0].ID != id || found.Deliveries[0].Arrived == "" || found.Deliveries[0].Due+found.Deliveries[0].Died != "" {
		t.Errorf("%s", text)
	}
	if one := k.do(look, "GET", "kept/"+id+"?payload=1", operatorToken, "").Body.String(); !strings.Contains(one, `"state":"delivered"`) || !strings.Contains(one, "the payload") {
		t.Error(one)
	}
	replay := func(force, which string) string {
		answer := k.do(look, "POST", "replay", operatorToken, `{"gate":"hooks@file","reason":"it was lost","force":`+force+`,`+which+`}`)
		await(t, "it is done", func() bool {
			orders := k.do(look, "GET", "orders", viewerToken, "").Body.String()
			return strings.Count(orders, `"number":`) == strings.Count(orders, `"ended":`)
		})
		return answer.Body.String() + k.do(look, "GET", "orders", viewerToken, "").Body.String()
	}
	if said := replay("false", `"ids":["`+id+`"]`); !strings.Contains(said, "force sends it all the same") || engine.Count(k.e).Delivered != 1 {
		t.Error(said)
	}
	if said := replay("true", `"filter":{"state":"delivered"}`); !strings.Contains(said, `"done":1`) || engine.Count(k.e).Waiting != 2 {
		t.Error(said)
	}
}
