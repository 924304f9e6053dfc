package delivery

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/store"
)

// outputs are two places for dead letters, and what a test knows of them.
type outputs struct {
	w       *world
	got     map[string][]string // ids by mark, in the order in which they came
	answers map[string]Handed   // by mark
	refuse  map[string]bool     // ids
	before  func(mark, id string)
	records []string
}

const (
	first  = "0000000a"
	second = "0000000b"
)

func newOutputs(t *testing.T, marks ...string) *outputs {
	o := &outputs{w: newWorld(t), got: map[string][]string{}, answers: map[string]Handed{}, refuse: map[string]bool{}, before: func(_, _ string) {}}
	for _, mark := range marks {
		o.w.options.Outputs = append(o.w.options.Outputs, Output{Mark: mark, Name: "output " + mark})
		o.answers[mark] = Handed{Taken: true}
	}
	o.restart()
	return o
}

func (o *outputs) restart() {
	o.w.restart()
	o.w.e.owned = true
	changed := o.w.e.hooks.Changed
	o.w.e.hooks.Changed = func(c *Change) {
		if c.To == HandedOver {
			o.records = append(o.records, strings.TrimSpace(c.ID+" "+c.Output+" "+c.Reason))
		}
		changed(c)
	}
	o.w.e.hooks.Hand = func(mark string, d *store.Delivery, e *store.Entry) Handed {
		if string(d.Body) != d.ID+"\x00body" || e.ID != d.ID || e.State != store.Dead {
			o.w.t.Errorf("%+v %+v", d, e)
		}
		o.before(mark, d.ID)
		if o.refuse[d.ID] {
			return Handed{Refused: true, Problem: "it is refused"}
		}
		if o.answers[mark].Taken {
			o.got[mark] = append(o.got[mark], d.ID)
		}
		return o.answers[mark]
	}
}

// dies has a delivery die, some milliseconds after the one before.
func (o *outputs) dies() string {
	id := o.w.dies()
	o.w.ended[id] = Dead
	return id
}

// pass lets time pass, second by second, with all outputs served.
func (o *outputs) pass(d time.Duration) {
	for end := o.w.now + d.Milliseconds(); o.w.now < end; {
		for _, one := range o.w.e.outlets {
			serves := len(one.waiting) > 0 && o.w.now >= one.until
			for serves && handOne(o.w.e, one) {
			}
		}
		if o.w.now-o.w.e.refilled > askAgain {
			askAll(o.w.e)
		}
		o.w.pass(time.Second)
	}
}

func (o *outputs) expect(mark string, ids ...string) {
	o.w.t.Helper()
	if !reflect.DeepEqual(append([]string{}, o.got[mark]...), append([]string{}, ids...)) {
		o.w.t.Fatalf("%s has %v, want %v", mark, o.got[mark], ids)
	}
}

// Each output gets each dead delivery once, in the order of the deaths, also across a
// restart; and again where the process ends before that is written down.
func TestHandOver(t *testing.T) {
	o := newOutputs(t, first, second)
	a, b := o.dies(), o.dies()
	o.pass(2 * time.Second)
	o.restart()
	c := o.dies()
	o.pass(2 * time.Second)
	o.expect(first, a, b, c)
	o.expect(second, a, b, c)
	want := []string{a + " output 0000000a rejected", b + " output 0000000a rejected", a + " output 0000000b rejected", b + " output 0000000b rejected"}
	if !reflect.DeepEqual(o.records[:4], want) || len(o.records) != 6 {
		t.Errorf("%q", o.records)
	}
	d := o.dies()
	func() {
		defer func() { _ = recover() }()
		o.before = func(mark, id string) {
			o.got[mark] = append(o.got[mark], id)
			panic("the process ends")
		}
		handOne(o.w.e, o.w.e.outlets[0])
	}()
	o.before = func(_, _ string) {}
	o.restart()
	o.pass(2 * time.Second)
	o.expect(first, a, b, c, d, d)
	o.expect(second, a, b, c, d)
	if n := Count(o.w.e); n.Dead != 4 || n.Outputs[0].Waiting != 0 || n.Outputs[0].Taken != 1 || !n.Outputs[0].Up {
		t.Errorf("%+v", n)
	}
	o.w.check("at the end")
}

// An output that fails for two days holds nobody else up, is asked ever more rarely, and
// loses nothing, although the time to keep the dead is over. It gets all in order.
func TestHandOverOutage(t *testing.T) {
	o := newOutputs(t, first, second)
	o.answers[first] = Handed{Problem: "it is down"}
	asked := 0
	o.before = func(mark, _ string) {
		if mark == first {
			asked++
		}
	}
	a, b := o.dies(), o.dies()
	o.pass(2 * time.Hour)
	o.expect(first)
	o.expect(second, a, b)
	if asked < 100 || asked > 150 {
		t.Errorf("asked %d times in two hours", asked)
	}
	text := strings.Join(o.w.told, "\n")
	if !strings.Contains(text, "dead letters can't be handed over to output 0000000a since 2025-11-30T") || !strings.Contains(text, ": 2 wait, and stay in the store; it is down") {
		t.Errorf("%s", text)
	}
	if n := Count(o.w.e); n.Dead != 2 || n.Outputs[0].Waiting != 2 || n.Outputs[0].Up || n.Outputs[0].Failures != int64(asked) {
		t.Errorf("%+v", n)
	}
	o.answers[first] = Handed{Problem: "it wants to be left alone", Wait: time.Hour}
	o.pass(2 * time.Minute)
	asked = 0
	o.pass(50 * time.Minute)
	if asked > 0 {
		t.Errorf("asked %d times within the time that it wants to be left alone", asked)
	}
	o.answers[first] = Handed{Taken: true}
	o.pass(20 * time.Minute)
	o.expect(first, a, b)
	if n := Count(o.w.e); n.Dead != 0 {
		t.Errorf("%+v: all have it, and its time is over", n)
	}
}

// What an output does not want is set aside, offered again after an hour and after a reload,
// and kept.
func TestHandOverRefused(t *testing.T) {
	o := newOutputs(t, first)
	a := o.dies()
	o.refuse[a] = true
	b := o.dies()
	o.pass(3 * time.Second)
	o.expect(first, b)
	if n := Count(o.w.e).Outputs[0]; n.Waiting != 1 || n.Refused != 1 || n.Failures != 1 || !n.Up {
		t.Errorf("%+v", n)
	}
	asked := 0
	o.before = func(_, id string) {
		if id == a {
			asked++
		}
	}
	o.pass(150 * time.Minute)
	if asked != 2 || !strings.Contains(strings.Join(o.w.told, "\n"), "1 dead letters are not taken by output 0000000a, and stay in the store: it is refused") {
		t.Errorf("asked %d times; %q", asked, o.w.told)
	}
	ChangeOptions(o.w.e, o.w.options)
	delete(o.refuse, a)
	o.pass(2 * time.Second)
	o.expect(first, b, a)
}

// With keep 0, a delivery is gone once all outputs have it, and not before; but it stays
// where an output has only been told of it.
func TestHandOverKeepNothing(t *testing.T) {
	o := newOutputs(t, first, second)
	o.w.e.options.Keep = 0
	o.answers[second] = Handed{}
	a := o.dies()
	o.pass(2 * time.Minute)
	if o.w.ended[a] != Dead {
		t.Fatalf("it is %s", o.w.ended[a])
	}
	o.answers[second] = Handed{Taken: true}
	o.pass(2 * time.Minute)
	o.expect(second, a)
	if o.w.ended[a] != Expired || len(o.w.files(store.Dead)) != 0 {
		t.Fatalf("it is %s", o.w.ended[a])
	}
	o.answers[second] = Handed{Taken: true, Pointer: true}
	b := o.dies()
	o.pass(2 * time.Hour)
	o.expect(second, a, b)
	if o.w.ended[b] != Dead || o.records[len(o.records)-1] != b+" output 0000000b too_large" {
		t.Fatalf("it is %s; %q", o.w.ended[b], o.records)
	}
	o.restart()
	o.w.e.options.Keep = 0
	o.pass(2 * time.Hour)
	o.expect(second, a, b)
	if o.w.ended[b] != Dead {
		t.Fatalf("it is %s", o.w.ended[b])
	}
	o.w.now += (721 * time.Hour).Milliseconds()
	o.pass(time.Second)
	if o.w.ended[b] != Expired {
		t.Fatalf("it is %s", o.w.ended[b])
	}
}
