package audit

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/report"
	"github.com/hookward/hookward/internal/ship"
)

var testTime = time.Date(2023, 11, 14, 22, 13, 20, 0, time.UTC)

// Of two middlewares that configure one output differently, the first counts as
// long as it is there; a change of its own is taken over.
func TestOneOutputTwoConfigurations(t *testing.T) {
	reports := &bytes.Buffer{}
	report.Redirect(reports)
	defer report.Redirect(os.Stderr)
	path := filepath.Join(t.TempDir(), "hooks.log")
	spec := func(keep int) Spec {
		return Spec{Kind: "file", Name: "output file", Key: path, File: logfile.Options{Path: path, Keep: keep}, Digest: strings.Repeat("x", keep)}
	}
	ctx, cancel := context.WithCancel(context.Background())
	o := NewOutput("first", spec(3))
	UseOutput(ctx, o, "first", spec(3), testTime)
	UseOutput(context.Background(), o, "second", spec(5), testTime)
	if o.digest != spec(3).Digest || !strings.Contains(reports.String(), `middleware \"first\" has another configuration of it`) {
		t.Errorf("reports %s", reports)
	}
	UseOutput(ctx, o, "first", spec(4), testTime)
	if o.digest != spec(4).Digest || o.next.File.Keep != 4 {
		t.Error("its own change is not taken over")
	}
	cancel()
	UseOutput(context.Background(), o, "second", spec(5), testTime)
	if o.digest != spec(5).Digest {
		t.Error("it is bound to one that is gone")
	}
}

// A reload waits for no disk and no network.
func TestReloadDoesNotWait(t *testing.T) {
	block := make(chan bool)
	defer close(block)
	s := Spec{Kind: "http", Name: "output http", Target: ship.Target{URL: "http://127.0.0.1:1/in"}, Queue: outbox.Options{Interval: time.Millisecond, BatchBytes: 100, MemoryBytes: 1000}}
	o := NewOutput("m", s)
	stuck := make(chan bool, 1)
	o.queue = outbox.NewQueue("stuck", s.Queue, recordFormat, func(records [][]byte) outbox.Outcome {
		stuck <- true
		<-block
		return outbox.Outcome{}
	}, func(_, _ string, _ time.Time) {})
	outbox.Add(o.queue, []byte("{}\n"))
	<-stuck
	s.Digest = "another"
	s.Target.Timeout = 7 * time.Second
	done := make(chan bool, 1)
	go func() {
		UseOutput(context.Background(), o, "m", s, testTime)
		done <- true
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatal("it waits")
	}
	if o.next.Target.Timeout != 7*time.Second {
		t.Errorf("%+v", o.next.Target)
	}
}
