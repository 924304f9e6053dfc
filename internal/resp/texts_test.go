package resp

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// texts writes a list of texts as a server does.
func texts(all ...string) string {
	b := &strings.Builder{}
	b.WriteString("*" + strconv.Itoa(len(all)) + "\r\n")
	for _, text := range all {
		b.WriteString("$" + strconv.Itoa(len(text)) + "\r\n" + text + "\r\n")
	}
	return b.String()
}

var textScript = NewTexts("return {'a'}")

// A list of texts is taken as it is, whatever is in them, and only as the answer to this
// very question.
func TestRunTexts(t *testing.T) {
	large := strings.Repeat("\r\n*1\x00", 100_000)
	p, address := pretend(t, func(command []string) string { return texts(command[len(command)-1], "", "a\r\nb", large) })
	c, _ := newTestClient(address)
	for i := 0; i < 2; i++ {
		got, err := RunTexts(c, textScript, "key", []string{"x"})
		if err != nil || !reflect.DeepEqual(got, []string{"", "a\r\nb", large}) {
			t.Fatal(len(got), err)
		}
	}
	for _, wrong := range []string{texts("another", "a"), texts(), "$1\r\na\r\n", "+OK\r\n", texts("x") + "+OK\r\n"} {
		setAnswer(p, func(_ []string) string { return wrong })
		c, _ = newTestClient(address)
		if got, err := RunTexts(c, textScript, "key", nil); err == nil {
			t.Errorf("%q is taken for %q", wrong, got)
		}
	}
}

// What no script may ask is asked by a command alone, and a refusal is no failure.
func TestAsk(t *testing.T) {
	p, address := pretend(t, func(command []string) string {
		if command[0] == "CONFIG" {
			return "-NOPERM this user has no permissions\r\n"
		}
		return "$9\r\nrole:x\r\ny\r\n"
	})
	c, _ := newTestClient(address)
	got, err := Ask(c, "INFO", "replication")
	if err != nil || !reflect.DeepEqual(got, []string{"role:x\r\ny"}) {
		t.Errorf("%q %v", got, err)
	}
	if _, err = Ask(c, "CONFIG", "GET", "x"); err != ErrRefused {
		t.Error(err)
	}
	if well, _ := Health(c); !well {
		t.Error("a server that refuses is taken to be down")
	}
	setAnswer(p, func(_ []string) string { return "hang up" })
	if _, err = Ask(c, "INFO"); err == nil {
		t.Error("no answer is taken for one")
	}
	if well, _ := Health(c); well {
		t.Error("a server that does not answer is well")
	}
	if c.waiting != 0 || len(c.slots) != 0 {
		t.Errorf("%d wait, %d slots are taken", c.waiting, len(c.slots))
	}
}

// A node of a Redis Cluster is refused before it is asked anything, whatever it would say to
// a key; and what only a node answers says why, too.
func TestCluster(t *testing.T) {
	text := "# Cluster\r\ncluster_enabled:1\r\n"
	script := NewTexts("return {}")
	for name, c := range map[string]struct {
		cluster, answer string
		asked           int
	}{
		"by its settings": {cluster: fmt.Sprintf("$%d\r\n%s\r\n", len(text), text)},
		"moved":           {answer: "-MOVED 3999 127.0.0.1:6381\r\n", asked: 1},
		"two slots":       {answer: "-CROSSSLOT Keys in request don't hash to the same slot\r\n", asked: 1},
		"down":            {cluster: "$19\r\ncluster_enabled:0\r\n\r\n", answer: "-CLUSTERDOWN The cluster is down\r\n", asked: 1},
	} {
		p, address := pretend(t, func(_ []string) string { return c.answer })
		p.cluster = c.cluster
		client := NewClient(Options{Endpoints: []string{address}, DialTimeout: time.Minute, ReadTimeout: time.Minute, WriteTimeout: time.Minute, PoolSize: 1}, func(_, _ string, _ time.Time) {})
		_, err := RunTexts(client, script, "key", nil)
		p.mu.Lock()
		asked := len(p.commands)
		p.mu.Unlock()
		if !errors.Is(err, errCluster) || asked != c.asked {
			t.Errorf("%s: %v, and %d questions", name, err, asked)
		}
	}
}
