package resp

import (
	"bufio"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestReadReply(t *testing.T) {
	for text, want := range map[string]string{
		"+OK\r\n": "+ OK", "+\r\n": "+ ", "-NOSCRIPT No matching script\r\n": "- NOSCRIPT No matching script", "+a1 -12\r\n": "+ a1 -12",
	} {
		r := bufio.NewReaderSize(strings.NewReader(text), maxLine+2)
		read, err := readReply(r)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got := fmt.Sprintf("%c %s", read.kind, read.text); got != want || r.Buffered() != 0 {
			t.Errorf("%q: %q, want %q, %d left", text, got, want, r.Buffered())
		}
	}
	for _, text := range []string{
		"", "\r\n", "\n", "+OK", "+OK\n", "+OK\r", "OK\r\n", "HTTP/1.1 400 Bad Request\r\n", ":\r\n", ":1\r\n", ":1.5\r\n",
		"$-1\r\n", "$2\r\nabc\r\n", "$2\r\na\r\n", "$1x\r\na\r\n", "$300000000\r\n", "*1\r\n:1\r\n", "*-1\r\n", "*2\r\n$1\r\na\r\n", "*1\r\n*1\r\n$1\r\na\r\n", "*10001\r\n", "+" + strings.Repeat("x", maxLine+1) + "\r\n", "_\r\n", "%1\r\n:1\r\n:2\r\n", "\x00\x00\x00\x00",
	} {
		read, err := readReply(bufio.NewReaderSize(strings.NewReader(text), maxLine+2))
		if err == nil {
			t.Errorf("%.40q is taken for %+v", text, read)
		}
	}
}

// Whatever a server sends: no panic, and a reply that is taken is the line that
// was sent.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{"+OK\r\n", "-ERR x\r\n", ":1\r\n", "$3\r\nabc\r\n", "$-1\r\n", "*2\r\n:1\r\n:2\r\n", ":-0\r\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := readReply(bufio.NewReaderSize(strings.NewReader(text), maxLine+2))
		if err != nil {
			return
		}
		if read.kind == '*' {
			all := 0
			for _, one := range read.texts {
				all += len(one)
			}
			if all > len(text) {
				t.Errorf("%q: %+v", text, read)
			}
			return
		}
		if !strings.HasPrefix(text, string(read.kind)+read.text+"\r\n") || strings.Contains(read.text, "\n") || len(read.text) > maxLine {
			t.Errorf("%q: %+v", text, read)
		}
	})
}

func TestRequest(t *testing.T) {
	got := string(request([]string{"EVALSHA", "", "a\r\n*1\r\n$8\r\nFLUSHALL\r\n", "é"}))
	want := "*4\r\n$7\r\nEVALSHA\r\n$0\r\n\r\n$21\r\na\r\n*1\r\n$8\r\nFLUSHALL\r\n\r\n$2\r\né\r\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

var testScript = NewScript("return 1")

func one(_ []string) string { return ":1\r\n" }

func TestRun(t *testing.T) {
	p, address := pretend(t, one)
	c, _ := newTestClient(address)
	for i := 0; i < 10; i++ {
		number, err := Run(c, testScript, "key", []string{"a", "b"})
		if err != nil || number != 1 {
			t.Fatal(number, err)
		}
	}
	if n := atomic.LoadInt64(&p.accepted); n != 1 || spoken(p) != strings.TrimSpace(strings.Repeat("EVALSHA ", 10)) {
		t.Errorf("%d connections, %s", n, spoken(p))
	}
	// A server that does not know the script is told it, once.
	setAnswer(p, func(command []string) string {
		if command[0] == "EVALSHA" {
			return "-NOSCRIPT No matching script.\r\n"
		}
		if command[1] != testScript.text || command[2] != "1" || command[3] != "key" || command[4] != "a" {
			return "-ERR\r\n"
		}
		return ":2\r\n"
	})
	number, err := Run(c, testScript, "key", []string{"a"})
	if err != nil || number != 2 || spoken(p) != "EVALSHA EVAL" {
		t.Error(number, err, spoken(p))
	}
}

func TestGreetings(t *testing.T) {
	p, address := pretend(t, func(command []string) string {
		if command[0] == "EVALSHA" {
			return ":1\r\n"
		}
		return "+OK\r\n"
	})
	c, _ := newTestClient(address)
	c.options.Username, c.options.Password, c.options.DB = "user", "canary-password", 3
	if _, err := Run(c, testScript, "key", nil); err != nil || spoken(p) != "AUTH SELECT EVALSHA" {
		t.Error(err, spoken(p))
	}
	setAnswer(p, func(_ []string) string { return "-WRONGPASS invalid canary-password\r\n" })
	c, said := newTestClient(address)
	c.options.Password = "canary-password"
	_, err := Run(c, testScript, "key", nil)
	if err == nil || !strings.Contains(err.Error(), "WRONGPASS to AUTH") || strings.Contains(strings.Join(*said, ""), "canary") {
		t.Error(err, *said)
	}
}

// After anything that is no whole, lone reply in time, the connection is never
// used again.
func TestNeverOutOfStep(t *testing.T) {
	for name, c := range map[string]struct {
		answer string
		says   string
	}{
		"rubbish":         {"HTTP/1.1 400 Bad Request\r\n\r\n", "none that was asked for"},
		"two replies":     {":1\r\n:2\r\n", "none that was asked for"},
		"no number":       {"+OK\r\n", "none that was asked for"},
		"a text":          {"$2\r\n-1\r\n", "none that was asked for"},
		"half a reply":    {":10", "no answer in time"},
		"silence":         {"", "no answer in time"},
		"hang up":         {"hang up", "EOF"},
		"an error":        {"-READONLY You can't write against a read only replica.\r\n", "it answers READONLY"},
		"out of memory":   {"-OOM command not allowed\r\n", "it answers OOM"},
		"loading":         {"-LOADING Redis is loading\r\n", "it answers LOADING"},
		"moved":           {"-MOVED 1 127.0.0.1:1\r\n", "it answers MOVED"},
		"a forged error":  {"-\x1b[31m<script> x\r\n", "it answers an error"},
		"nested":          {"*1\r\n*1\r\n:1\r\n", "none that was asked for"},
		"an endless line": {"+" + strings.Repeat("x", 100_000), "none that was asked for"},
	} {
		answer := c.answer
		p, address := pretend(t, func(_ []string) string { return answer })
		client, _ := newTestClient(address)
		if c.says == "no answer in time" {
			impatient(client)
		}
		_, err := Run(client, testScript, "key", nil)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %s", name, err, c.says)
		}
		client.options.ReadTimeout = patience
		setAnswer(p, one)
		number, err := Run(client, testScript, "key", nil)
		if err != nil || number != 1 {
			t.Errorf("%s, and then: %v %v", name, number, err)
		}
		if n := atomic.LoadInt64(&p.accepted); n != 2 {
			t.Errorf("%s: %d connections", name, n)
		}
	}
}

// An answer that nobody has asked for is not taken for that to the next question, nor
// are those behind it, whatever it looks like.
func TestUnsolicitedAnswers(t *testing.T) {
	for _, stray := range []string{":2\r\n", "+OK\r\n", "+1 2\r\n", "-NOSCRIPT\r\n", "+", "last"} {
		serials := make(chan string, 9)
		p, address := pretend(t, func(command []string) string {
			serials <- command[len(command)-1]
			return ":" + command[4] + "\r\n"
		})
		c, said := newTestClient(address)
		for i := 0; i < 3; i++ {
			want := strconv.Itoa(10 + i)
			number, err := Run(c, testScript, "key", []string{want})
			if err != nil || strconv.FormatInt(number, 10) != want {
				t.Errorf("after %q: %d %v, want %s", stray, number, err, want)
			}
			if i == 0 {
				text := stray
				if stray == "last" {
					text = "+" + <-serials + " 7\r\n" // that to the question before, once more
				}
				p.mu.Lock()
				_, _ = io.WriteString(p.conns[0], text)
				p.mu.Unlock()
				time.Sleep(10 * time.Millisecond)
			}
		}
		if n := atomic.LoadInt64(&p.accepted); n != 2 || c.failures != 0 || !strings.Contains(strings.Join(*said, ""), "out of turn") {
			t.Errorf("after %q: %d connections, %d failures, %q", stray, n, c.failures, *said)
		}
	}
}

// A connection that the server has closed while nobody used it is no failure.
func TestClosedWhileIdle(t *testing.T) {
	p, address := pretend(t, one)
	c, said := newTestClient(address)
	for i := 0; i < 3; i++ {
		if number, err := Run(c, testScript, "key", nil); err != nil || number != 1 {
			t.Fatal(number, err)
		}
		// The next command on this connection finds it closed.
		setAnswer(p, func(_ []string) string {
			setAnswer(p, one)
			return "hang up"
		})
	}
	if len(*said) != 0 || c.failures != 0 {
		t.Errorf("%d failures, %q", c.failures, *said)
	}
}

func TestConcurrentRuns(t *testing.T) {
	p, address := pretend(t, func(command []string) string {
		time.Sleep(time.Millisecond)
		return ":" + command[4] + "\r\n"
	})
	c, _ := newTestClient(address)
	problems := make(chan string, 1000)
	var wg sync.WaitGroup
	for w := 0; w < 10; w++ {
		wg.Add(1)
		go askMany(c, w, problems, &wg)
	}
	wg.Wait()
	close(problems)
	for problem := range problems {
		t.Error(problem)
	}
	if n := atomic.LoadInt64(&p.accepted); n > 4 {
		t.Errorf("%d connections, at most 4", n)
	}
}

func askMany(c *Client, w int, problems chan string, wg *sync.WaitGroup) {
	defer wg.Done()
	for i := 0; i < 50; i++ {
		want := int64(w*1000 + i)
		number, err := Run(c, testScript, "key", []string{fmt.Sprint(want)})
		if err != nil || number != want {
			problems <- fmt.Sprintf("%d: %v %v", want, number, err)
		}
	}
}
