package console

import (
	"testing"
)

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
