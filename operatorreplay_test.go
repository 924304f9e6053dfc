package hookward

import (
	"net/http"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/await"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/store"
)

// What its sender sends again is at the backend, and an operator has the dead one replayed at
// this moment: the backend gets one of them.
func TestReplayWhileSentAgain(t *testing.T) {
	k := keptGate(t, nil, statuses(503, 404))
	post(k, "body")
	numbers(k, 0, 1)
	arrived := make(chan bool)
	goOn := make(chan bool)
	setAnswer(k.backend, func(rw http.ResponseWriter, _ *http.Request, _ int) {
		arrived <- true
		<-goOn
		rw.WriteHeader(http.StatusOK)
	})
	answered := make(chan int)
	go func() { answered <- post(k, "body").Code }()
	<-arrived
	e := engineOf(k)
	picked := delivery.Pick(e, &delivery.Filter{State: store.Dead})
	if _, problem := delivery.Give(e, delivery.Order{Action: store.Replay, Actor: "ada", Reason: "mended"}, picked.IDs); problem != "" {
		t.Fatal(problem)
	}
	await.Until(t, "the order does not end", func() bool { return !delivery.Orders(e)[0].Ended.IsZero() })
	if p := delivery.Orders(e)[0]; p.Done != 0 || p.Left != 1 || !strings.Contains(p.Reasons[0].Why, "at this moment") {
		t.Errorf("%+v", p)
	}
	close(goOn)
	if status := <-answered; status != http.StatusOK {
		t.Errorf("the sender gets %d", status)
	}
	numbers(k, 0, 0)
	if n := len(arrivals(k.backend)); n != 3 {
		t.Errorf("%d arrivals", n)
	}
}
