package delivery

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// BenchmarkStart measures what it takes to find out what an earlier process has left, with
// 10,000 deliveries or as many as HOOKWARD_WAITING says, and the memory for each.
//
//	TMPDIR=/dev/shm HOOKWARD_WAITING=1000000 go test ./internal/delivery -run '^$' -bench Start -benchtime 1x
func BenchmarkStart(b *testing.B) {
	n := 10_000
	if more, err := strconv.Atoi(os.Getenv("HOOKWARD_WAITING")); err == nil {
		n = more
	}
	directory := b.TempDir()
	s := store.New(directory, "m", nil)
	if err := store.Create(s); err != nil {
		b.Fatal(err)
	}
	fill(b, s, n)
	for i := 0; i < b.N; i++ {
		before := heap()
		since := time.Now()
		e := New(store.New(directory, "m", nil), Options{Concurrency: 1, MaxBytes: 1 << 40, MaxDeliveries: n}, Hooks{
			Serves: func(string) bool { return true }, Claim: func(string) {}, Release: func(string) {}, Tell: func(string, string) {}, Changed: func(*Change) {},
		})
		if err := count(e); err != nil {
			b.Fatal(err)
		}
		counted := time.Since(since)
		load(e, time.Now())
		b.ReportMetric(counted.Seconds(), "s-until-stored")
		b.ReportMetric(time.Since(since).Seconds(), "s-until-tried")
		b.ReportMetric(float64(heap()-before)/float64(n), "B/delivery")
		if got := Count(e); got.Waiting != n || got.Held != 0 {
			b.Fatalf("%+v", got)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	m := runtime.MemStats{}
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// fill has deliveries wait.
func fill(b *testing.B, s *store.Store, n int) {
	for i := 0; i < n; i++ {
		d := &store.Delivery{ID: store.NewID(), Received: time.Now(), Middleware: "m", Router: "r", Claim: fmt.Sprintf("a claim of 32 bytes %012d", i), Method: "POST", RequestURI: "/", URL: "/", Host: "h", Headers: map[string][]string{}, Body: []byte("body")}
		err := store.Put(s, d, &store.Entry{Attempts: 1, Step: 1, When: 1})
		if err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkArrivals measures what it takes to keep a delivery of 1 KiB that has arrived, behind
// its answer, and the memory for each that is kept.
//
//	TMPDIR=/dev/shm go test ./internal/delivery -run '^$' -bench Arrivals -benchtime 20000x
func BenchmarkArrivals(b *testing.B) {
	s := store.New(b.TempDir(), "m", nil)
	if err := store.Create(s); err != nil {
		b.Fatal(err)
	}
	e := New(s, Options{MaxBytes: 1 << 40, MaxDeliveries: b.N, KeepDelivered: time.Hour}, Hooks{Tell: func(string, string) {}})
	before := heap()
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		KeepArrived(e, &store.Delivery{ID: store.NewID(), Received: time.Now(), Middleware: "m", Router: "r", Method: "POST", RequestURI: "/", URL: "/", Host: "h", Headers: map[string][]string{"User-Agent": {"GitHub-Hookshot/1"}}, Body: make([]byte, 1024)})
		tendArrivals(e)
	}
	b.StopTimer()
	b.ReportMetric(float64(heap()-before)/float64(b.N), "B/delivery")
	if n := Count(e); n.Delivered != b.N {
		b.Fatalf("%+v", n)
	}
}
