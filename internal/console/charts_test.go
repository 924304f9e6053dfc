package console

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/metrics"
)

// counted is what a gate has counted, with a share of it refused.
func counted(requests, refused int64) metrics.Totals {
	took := make([]int64, len(metrics.Times)+1)
	took[1] = requests
	return metrics.Totals{Gate: "a", Requests: requests, Refused: refused, Good: requests - refused, GateTime: took, BackendTime: took, Bodies: requests, BodyBytes: 10 * requests}
}

// noteMany notes a gate n times, with ten more requests each time, one of them refused.
func noteMany(n int, now time.Time) {
	for i := 0; i < n; i++ {
		noteAll([]metrics.Totals{counted(int64(10*i), int64(i))}, now.Add(time.Duration(i)*fineStep))
	}
}

func lines(t *testing.T, window string) *series {
	t.Helper()
	s := &series{}
	answer := ask(page(t), "GET", "/hookward/api/series?gate=a&window="+window, "", bearer(viewerToken)...)
	if err := json.Unmarshal(answer.Body.Bytes(), s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestSeries(t *testing.T) {
	forgetNotes()
	defer forgetNotes()
	now := time.Unix(1_800_000_000, 0)
	noteMany(14, now)
	s := lines(t, "1h")
	if len(s.Times) != 13 || s.Times[12] != now.Add(13*fineStep).Unix() || *s.Requests[0] != 60 || *s.Refused[12] != 6 || *s.Success[0] != 90 || *s.Bytes[0] != 10 {
		t.Errorf("of 14 notes: %+v", s)
	}
	forgetNotes()
	noteMany(74, now)
	if s = lines(t, "1h"); len(s.Times) != 12 || s.Times[11] != now.Add(73*fineStep).Unix() || *s.Requests[0] != 60 {
		t.Errorf("of 74 notes: %+v", s)
	}
	noteMany(10*fineNotes, now.Add(time.Hour)) // begins with 0 again: a gate of the same name
	if s = lines(t, "1h"); len(s.Times) != 60 || *s.Requests[0] != 60 {
		t.Errorf("a full hour: %d steps", len(s.Times))
	}
	if s = lines(t, "48h"); len(s.Times) == 0 || *s.Requests[0] != 60 {
		t.Errorf("two days: %d steps", len(s.Times))
	}
	noteAll(nil, now)
	if s = lines(t, "1h"); len(s.Times) != 0 {
		t.Error("a gate that is gone has lines")
	}
}

func TestSummary(t *testing.T) {
	forgetNotes()
	defer forgetNotes()
	now := time.Unix(1_800_000_000, 0)
	noteMany(fineNotes-1, now)
	c := counted(5000, 500)
	if s := summaryOf(&c, "1h"); s.Requests != 5000 || s.Since != 0 {
		t.Errorf("before an hour is over: %+v", s)
	}
	noteMany(fineNotes+6, now)
	if s := summaryOf(&c, "1h"); s.Requests != 4940 || s.Refused != 494 || s.Succeeded != 4446 || s.Gate.Count != 4940 || s.Since != now.Add(6*fineStep).Unix() {
		t.Errorf("of the last hour: %+v", s)
	}
	if s := summaryOf(&c, "48h"); s.Requests != 5000 || s.Since != 0 {
		t.Errorf("before two days are over: %+v", s)
	}
}

func TestNotesAreBounded(t *testing.T) {
	forgetNotes()
	defer forgetNotes()
	noteMany(coarseEvery*(coarseNotes+2), time.Unix(1_800_000_000, 0))
	if h := histories["a"]; len(h.fine) != fineNotes || len(h.coarse) != coarseNotes {
		t.Errorf("%d and %d notes", len(h.fine), len(h.coarse))
	}
}

func TestQuantile(t *testing.T) {
	buckets := make([]int64, 15)
	if quantile(buckets, 0.5) != nil {
		t.Error("of nothing")
	}
	buckets[1] = 10 // from 1 to 2.5 ms
	if q := *quantile(buckets, 0.5); q != 1.75e6 {
		t.Errorf("half of them: %v", q)
	}
	buckets[14] = 90
	if q := *quantile(buckets, 0.95); q != 1e10 {
		t.Errorf("above the last bound: %v", q)
	}
}
