package deadletter

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/ship"
	"github.com/hookward/hookward/internal/sqs"
)

const mark = "0000000a"

func use(t *testing.T, all *Outputs, s audit.Spec, digest string) {
	t.Helper()
	s.Digest = digest
	if s.Kind != "file" && s.Kind != "stdout" {
		target, problems, _ := ship.Complete(s.Target)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		s.Target = target
	}
	Use(all, []audit.Spec{s}, []delivery.Output{{Mark: mark}}, private)
}

func TestSendToFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "letters.log")
	options, problems := logfile.Complete(logfile.Options{Path: path})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	all := New()
	d, e := sample("body")
	if h := Send(all, mark, d, e); !h.NotTried {
		t.Errorf("%+v: there is no output", h)
	}
	use(t, all, audit.Spec{Kind: "file", File: options}, "1")
	if h := Send(all, mark, d, e); !h.Taken {
		t.Errorf("%+v", h)
	}
	options.Path = filepath.Join(path, "no", "directory")
	use(t, all, audit.Spec{Kind: "file", File: options}, "2")
	if h := Send(all, mark, d, e); h.Taken || h.Refused || h.Problem == "" {
		t.Errorf("%+v", h)
	}
	options.Path = path
	use(t, all, audit.Spec{Kind: "file", File: options}, "3")
	Send(all, mark, d, e)
	line, _ := lineOf(d, e, private)
	if text, err := os.ReadFile(path); string(text) != string(line)+string(line) || err != nil {
		t.Errorf("%s %v", text, err)
	}
	out := &bytes.Buffer{}
	audit.Redirect(out)
	defer audit.Redirect(os.Stdout)
	use(t, all, audit.Spec{Kind: "stdout"}, "4")
	if h := Send(all, mark, d, e); !h.Taken || out.String() != string(line) {
		t.Errorf("%+v %s", h, out)
	}
}

// What a server answers to one letter says whether it is to come again, or is not wanted.
func TestSendToServer(t *testing.T) {
	status := http.StatusOK
	got := ""
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = string(body)
		rw.Header().Set("Retry-After", "7")
		rw.WriteHeader(status)
	}))
	defer server.Close()
	all := New()
	use(t, all, audit.Spec{Kind: "http", Target: ship.Target{Type: "http", URL: server.URL}}, "1")
	d, e := sample("body")
	line, _ := lineOf(d, e, private)
	for _, c := range []struct {
		status  int
		taken   bool
		refused bool
	}{{200, true, false}, {204, true, false}, {400, false, true}, {413, false, true}, {401, false, false}, {403, false, false}, {404, false, false}, {429, false, false}, {500, false, false}, {302, false, false}} {
		status = c.status
		h := Send(all, mark, d, e)
		if h.Taken != c.taken || h.Refused != c.refused || (h.Problem == "") != c.taken || got != string(line) || !c.taken && !c.refused && h.Wait.Seconds() != 7 {
			t.Errorf("%d: %+v %s", c.status, h, got)
		}
	}
	Use(all, nil, nil, nil)
	if h := Send(all, mark, d, e); !h.NotTried {
		t.Errorf("%+v", h)
	}
}

// What is refused as text is sent in base64; what is too large is told of.
func TestSendToQueue(t *testing.T) {
	answers := []string{}
	got := []string{}
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, string(body))
		answer := answers[0]
		answers = answers[1:]
		rw.WriteHeader(http.StatusBadRequest)
		_, _ = io.WriteString(rw, answer)
	}))
	defer server.Close()
	all := New()
	queue := "https://sqs.eu-central-1.amazonaws.com/123456789012/dlq"
	use(t, all, audit.Spec{Kind: "sqs", Target: ship.Target{Type: "sqs", URL: queue, Endpoint: server.URL, Keys: sqs.Credentials{AccessKeyID: "AKIDEXAMPLEEXAMPLE", SecretAccessKey: "s"}}}, "1")
	contents := `{"__type":"com.amazonaws.sqs#InvalidMessageContents"}`
	large := `{"__type":"InvalidParameterValue","message":"Message must be shorter than 1024 bytes."}`
	for _, c := range []struct {
		name, body string
		answers    []string
		sent       []string // what is in each message
		want       delivery.Handed
	}{
		{"text", "body", []string{contents, contents}, []string{`"MessageBody":"body"`, `"MessageBody":"Ym9keQ=="`}, delivery.Handed{Refused: true}},
		{"bytes", "\x00", []string{contents}, []string{`"MessageBody":"AA=="`}, delivery.Handed{Refused: true}},
		{"large", "body", []string{large, contents}, []string{`"MessageBody":"body"`, `"MessageBody":"{\"id\":\"01a22d106330f350f57d10000001\",\"middleware\":\"hooks@file\",\"bytes\":4,`}, delivery.Handed{Refused: true, Pointer: true}},
		{"larger", strings.Repeat("x", 1<<20), []string{`{"__type":"OverLimit"}`}, []string{`\"bytes\":1048576,`}, delivery.Handed{Pointer: true}},
		{"nonsense", "body", []string{"<html>"}, []string{`"body"`}, delivery.Handed{}},
	} {
		answers = c.answers
		got = nil
		d, e := sample(c.body)
		h := Send(all, mark, d, e)
		if h.Taken || h.Refused != c.want.Refused || h.Pointer != c.want.Pointer || h.Problem == "" || len(got) != len(c.sent) {
			t.Errorf("%s: %+v, %d messages", c.name, h, len(got))
			continue
		}
		for i, text := range c.sent {
			if !strings.Contains(got[i], text) {
				t.Errorf("%s: %.500s", c.name, got[i])
			}
		}
	}
}

// A reload that takes an output away while something is sent there ends that, and no more is
// sent.
func TestUseWhileSending(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done()
	}))
	defer server.Close()
	all := New()
	target, problems, _ := ship.Complete(ship.Target{Type: "http", URL: server.URL, Timeout: time.Minute})
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	d, e := sample("body")
	for i := 0; i < 100; i++ {
		use(t, all, audit.Spec{Kind: "http", Target: target}, "1")
		sent := make(chan delivery.Handed, 1)
		go func() { sent <- Send(all, mark, d, e) }()
		time.Sleep(time.Duration(i) * 5 * time.Microsecond) // with the race detector, all orders count
		Use(all, nil, nil, private)
		if h := <-sent; h.Taken || h.Refused {
			t.Errorf("%+v", h)
		}
	}
}
