package hookward

import (
	"fmt"
	"io"
	"math/rand"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/bucket"
	"github.com/hookward/hookward/internal/claim"
)

// What is written out in the loops decides as the function does that it stands for,
// and leaves the table as that would: here are two tables with the same history, at
// random times that also go back, and with gaps in which generations end.

func TestLimitAsTake(t *testing.T) {
	capture(t)
	random := rand.New(rand.NewSource(7))
	for round := 0; round < 20; round++ {
		g := newTestGate(fmt.Sprint(t.Name(), round), limited(map[string]any{"average": "20", "period": "1s", "burst": fmt.Sprint(1 + random.Intn(30))}), compile, testTime)
		l := g.policy.limit
		model := bucket.New(l.average, l.period, l.burst, maxSources)
		at := started.Add(time.Second)
		for i := 0; i < 400; i++ {
			switch random.Intn(40) {
			case 0:
				at = at.Add(time.Duration(random.Intn(5000)) * time.Millisecond)
			case 1:
				at = at.Add(-time.Minute) // the clock was set back
			case 2, 3, 4, 5:
				at = at.Add(-time.Duration(random.Intn(50)) * time.Millisecond) // a request that comes late
			default:
				at = at.Add(time.Duration(random.Intn(30)) * time.Millisecond)
			}
			host := byte(1 + random.Intn(3))
			d := visitAt(t, g, fmt.Sprintf("192.0.2.%d:%d", host, 1000+i), at)
			room := bucket.Take(model, "4"+string([]byte{192, 0, 2, host})+"\x00", sinceStart(at))
			want := verified
			if room < 0 {
				want = rateLimited
			}
			if d.reason != want || room < 0 && d.wait != -room {
				t.Fatalf("round %d, %d: %s, wait %d; Take says %d", round, i, d.reason, d.wait, room)
			}
			if l.table.Now != model.Now || l.table.Until != model.Until || fmt.Sprint(l.table.Current) != fmt.Sprint(model.Current) {
				t.Fatalf("round %d, %d: now %d until %d %v; Take leaves %d %d %v", round, i, l.table.Now, l.table.Until, l.table.Current, model.Now, model.Until, model.Current)
			}
		}
	}
}

func TestReplayAsClaim(t *testing.T) {
	capture(t)
	random := rand.New(rand.NewSource(8))
	bodies := make([]string, 30)
	signed := make([]string, len(bodies))
	for i := range bodies {
		bodies[i] = fmt.Sprint("delivery ", i)
		signed[i] = "X-Hub-Signature-256: sha256=" + hexMACOf("hmac-sha256", docsSecret, bodies[i])
	}
	for round := 0; round < 20; round++ {
		g := newTestGate(fmt.Sprint(t.Name(), round), onlyOnce(map[string]any{"window": "1h", "required": fmt.Sprint(round%2 == 0)}), compile, testTime)
		most := 4 + random.Intn(40)
		told, modelTold := 0, 0
		table := claim.New(time.Hour, most, func(_ string) { told++ })
		model := claim.New(time.Hour, most, func(_ string) { modelTold++ })
		g.policy.replay.table = table
		at := testTime
		flying := []*decision{}
		for i := 0; i < 300; i++ {
			at = at.Add(time.Duration(random.Intn(int(4 * time.Minute))))
			if random.Intn(60) == 0 {
				at = at.Add(-10 * time.Minute)
			}
			if len(flying) > 0 && random.Intn(2) == 0 { // one of them is settled, by the recorder
				n := random.Intn(len(flying))
				d := flying[n]
				flying = append(flying[:n], flying[n+1:]...)
				d.status = []int{200, 500}[random.Intn(2)]
				key := d.claim
				finish(d)
				if d.status == 200 {
					// The recorder has looked at the clock itself.
					if table.Current[key] < testTime.UnixNano() || d.claim != "" {
						t.Fatalf("round %d, %d: it is not kept", round, i)
					}
					table.Current[key] = at.UnixNano()
					claim.Commit(model, key, at.UnixNano())
				} else {
					claim.Release(model, key)
				}
				continue
			}
			n := random.Intn(len(bodies))
			d := decide(g, newPost(bodies[n], signed[n]), at)
			answer := claim.Claim(model, deliveryKey(g.policy.replay, d), at.UnixNano(), g.policy.replay.required)
			want := map[int]string{claim.Granted: verified, claim.InFlight: deliveryInFlight, claim.Duplicate: deliveryDuplicate, claim.Full: replayUnavailable}[answer]
			if d.reason != want || (answer == claim.Granted) != (d.claim != "") {
				t.Fatalf("round %d, %d: %s, claim %x; Claim says %d", round, i, d.reason, d.claim, answer)
			}
			if d.claim != "" {
				flying = append(flying, d)
			}
			if fmt.Sprint(table.Flying) != fmt.Sprint(model.Flying) || fmt.Sprint(table.Current) != fmt.Sprint(model.Current) || fmt.Sprint(table.Previous) != fmt.Sprint(model.Previous) || told != modelTold {
				t.Fatalf("round %d, %d: the tables differ", round, i)
			}
		}
		if claim.Evicted(table) != claim.Evicted(model) {
			t.Errorf("round %d: %d forgotten early; Claim forgets %d", round, claim.Evicted(table), claim.Evicted(model))
		}
	}
}

// What is kept by the recorder is in the journal, too.
func TestReplayIsJournaled(t *testing.T) {
	capture(t)
	raw := onlyOnce(map[string]any{})
	raw["stateDirectory"] = t.TempDir()
	g := newTestGate(t.Name(), raw, compile, testTime)
	serve(handler(g, http.HandlerFunc(accepts)), github())
	files, _ := filepath.Glob(filepath.Join(raw["stateDirectory"].(string), "replay-*"))
	if len(files) == 0 {
		t.Fatal("there is no journal")
	}
	if text, _ := os.ReadFile(files[0]); strings.Count(string(text), "\n") != 1 {
		t.Errorf("%q", text)
	}
}

// A line that came while somebody else wrote is written after that one's, also where
// both went the short way.
func TestOutputThatIsBusy(t *testing.T) {
	records, _ := capture(t)
	h := handler(newTestGate(t.Name(), githubOptions(), compile, testTime), http.HandlerFunc(accepts))
	serve(h, github("X-GitHub-Delivery: opens"))
	_, before := isIdle(onStdout()[0])
	slow := &slowOutput{to: records, begun: make(chan bool), release: make(chan bool)}
	recordOutput = slow
	done := make(chan bool)
	go func() {
		defer func() { _ = recover() }()
		serve(h, github("X-GitHub-Delivery: slow"))
		done <- true
	}()
	<-slow.begun
	serve(h, github("X-GitHub-Delivery: waits"))
	close(slow.release)
	<-done
	settleOutputs(t)
	text := records.String()
	if strings.Count(text, "\n") != 3 || strings.Index(text, `"waits"`) < strings.Index(text, `"slow"`) {
		t.Errorf("%s", text)
	}
	if _, uses := isIdle(onStdout()[0]); uses != before+2 {
		t.Errorf("%d uses, %d before", uses, before)
	}
}

// slowOutput waits in its first write.
type slowOutput struct {
	to      io.Writer
	begun   chan bool
	release chan bool
	again   bool
}

func (o *slowOutput) Write(p []byte) (int, error) {
	if !o.again {
		o.again = true
		close(o.begun)
		<-o.release
	}
	return o.to.Write(p)
}
