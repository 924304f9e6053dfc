package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/testkit"
)

// Of a delivery that is kept the numbers say where it is, and what becomes of it.
func TestNumbersOfDeliveries(t *testing.T) {
	s := startScraped(t, script(), []gate{
		{name: "kept", options: `{provider: github, secrets: ["env:GH"], replay: true, stateDirectory: ` + t.TempDir() + `, delivery: {retry: {schedule: [1h]}}}`},
		{name: "dead", options: kept(t, `, deadLetter: {outputs: [{type: stdout}, {type: http, url: "http://127.0.0.1:1/secret"}]}`)},
		{name: "delivered", options: kept(t, `, store: {keepDelivered: 1h}`)},
	})
	s.stored(t, s.post(t, "kept", hello, helloSignature, "X-Answers: 503"))
	id := s.stored(t, s.post(t, "dead", hello, helloSignature, "X-Answers: 503 404"))
	s.ends(t, id, "dead")
	s.post(t, "delivered", hello, helloSignature, "X-Answers: 200")
	for sample, want := range map[string]float64{
		`hookward_deliveries{gate="kept",state="waiting"}`:                1,
		`hookward_deliveries{gate="kept",state="dead"}`:                   0,
		`hookward_deliveries{gate="dead",state="dead"}`:                   1,
		`hookward_deliveries{gate="dead",state="delivered"}`:              0,
		`hookward_deliveries{gate="delivered",state="delivered"}`:         1,
		`hookward_deliveries_not_kept_total{gate="delivered"}`:            0,
		`hookward_store_bytes{gate="delivered"}`:                          0,
		`hookward_delivery_oldest_overdue_seconds{gate="kept"}`:           0,
		`hookward_delivery_changes_total{gate="kept",action="stored"}`:    1,
		`hookward_delivery_changes_total{gate="kept",action="delivered"}`: 0,
		`hookward_delivery_changes_total{gate="dead",action="dead"}`:      1,
		`hookward_dead_letters_total{gate="dead",reason="rejected"}`:      1,
		`hookward_dead_letters_total{gate="kept",reason="rejected"}`:      0,

		`hookward_dead_letters_waiting{gate="dead",output="stdout"}`:                                 0,
		`hookward_dead_letters_waiting{gate="dead",output="http http://127.0.0.1:1"}`:                1,
		`hookward_dead_letters_handed_over_total{gate="dead",output="stdout"}`:                       1,
		`hookward_dead_letters_handed_over_total{gate="dead",output="http http://127.0.0.1:1"}`:      0,
		`hookward_dependency_up{dependency="dead_letters",name="dead@file stdout"}`:                  1,
		`hookward_dependency_up{dependency="dead_letters",name="dead@file http http://127.0.0.1:1"}`: 0,
		`hookward_delivery_changes_total{gate="dead",action="handed_over"}`:                          1,
		`hookward_requests_total{gate="kept",decision="pass",reason="verified",check="none"}`:        1,
	} {
		testkit.Await(t, fmt.Sprintf("%s is %v", sample, want), func() bool {
			got, known := s.numbers(t)[sample]
			return known && got == want
		})
	}
	if numbers := s.numbers(t); numbers[`hookward_store_bytes{gate="kept"}`] <= 0 || numbers[`hookward_store_limit_bytes{gate="kept"}`] != 1<<30 {
		t.Errorf("the store has %v of %v bytes", numbers[`hookward_store_bytes{gate="kept"}`], numbers[`hookward_store_limit_bytes{gate="kept"}`])
	}
	s.watch(t)
	_, page := s.console(t, "overview")
	if !strings.Contains(page, `"kept":{"waiting":1,"dead":0,"overdue":0,"reading":false}`) || !strings.Contains(page, `"kept":{"waiting":0,"dead":1,"overdue":0,"reading":false}`) {
		t.Errorf("the console says %s", page)
	}
}
