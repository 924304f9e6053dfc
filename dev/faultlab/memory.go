package main

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/hookward/hookward/dev/testkit"
)

// Senders that stall with a body meet a Traefik in a container, of whose memory none of its
// options says anything.
var memoryCases = []faultCase{
	{"memory: 12 of 25 MiB stall", func(t *trial) { stalled(t, 12, 25<<20) }},
	{"memory: 40 of 25 MiB stall", func(t *trial) { stalled(t, 40, 25<<20) }},
	{"memory: 800 of 1 MiB stall", func(t *trial) { stalled(t, 800, 1<<20) }},
	{"memory: 2000 of 1 MiB stall", func(t *trial) { stalled(t, 2000, 1<<20) }},
}

var container = 512 // MiB

// stalled has a crowd stall, and delivers from elsewhere meanwhile.
func stalled(t *trial, senders, size int) {
	group, l := testkit.NewControlGroup(t, container<<20), newLedger()
	s := start(t, l, map[string]string{"gh": fmt.Sprintf(github, "")}, group)
	before := s.memory("VmRSS")
	crowd := testkit.Stall(t, s.URL, "127.0.0.2", senders, size, func() string { return s.path("gh") })
	t.Cleanup(crowd.Leave)
	if crowd.Other.Load() > 0 {
		t.Errorf("%d of the crowd got another answer than 503", crowd.Other.Load())
	}
	during := 0
	elsewhere := clientFrom("127.0.0.3")
	for n := range 20 {
		body := fmt.Sprint(n, strings.Repeat("y", []int{10, 300_000, 2 << 20}[n%3]))
		if status := s.deliverBy(elsewhere, "gh", body); status == http.StatusOK {
			during++
		}
	}
	if during < 20 {
		t.Errorf("of 20 deliveries from elsewhere, %d pass meanwhile", during)
	}
	most := s.memory("VmHWM")
	t.figure("%d of %d refused; Traefik has %d MiB before, %d at most, the container %d of %d", crowd.Refused.Load(), senders, before, most, group.Peak(), container)
	crowd.Leave()
	if s.Exited() {
		return // which the end reports
	}
	testkit.Await(t, "who has stalled is served again", func() bool {
		return s.deliverBy(clientFrom("127.0.0.2"), "gh", fmt.Sprint(serial.Add(1), strings.Repeat("z", 1<<20))) == http.StatusOK
	})
	l.sum(t.lines("", s)).check(t, promise{})
}
