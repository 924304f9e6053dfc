package hookward

import (
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/cluster"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/gates"
	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/verdict"
)

// fixedServer answers whatever it is asked with the same text. What the real
// server answers is for the end-to-end tests.
func fixedServer(t *testing.T, answer string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go answerAll(listener, answer)
	return listener.Addr().String()
}

func answerAll(listener net.Listener, answer string) {
	defer func() { _ = recover() }()
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		go answerOne(conn, answer)
	}
}

func answerOne(conn net.Conn, answer string) {
	defer func() { _ = conn.Close() }()
	b := make([]byte, 4096)
	for {
		n, err := conn.Read(b)
		if err != nil || n == 0 {
			return
		}
		text := answer
		if strings.HasPrefix(text, ":") {
			// A number, as our scripts answer with it: behind the question's last word.
			words := strings.Fields(string(b[:n]))
			text = "+" + words[len(words)-1] + " " + text[1:]
		}
		_, err = io.WriteString(conn, text)
		if err != nil {
			return
		}
	}
}

// sharingGate returns a gate that has a server, until the test ends.
func sharingGate(t *testing.T, name string, raw map[string]any) *gates.Gate {
	g := newTestGate(name, raw, hooktest.TestTime)
	t.Cleanup(func() { cluster.Close(g.Fixed.State.Cluster) })
	return g
}

// Whatever is wrong with the server, it is this Traefik's own memory that decides:
// nothing is refused for it, and nothing is let through that would not be without
// it, unless the operator wants 503 then.
func TestRedisThatIsNotWell(t *testing.T) {
	_, reports := capture(t)
	for name, endpoint := range map[string]string{
		"nobody": "127.0.0.1:1", "silence": fixedServer(t, ""), "rubbish": fixedServer(t, "hello\r\n"), "read-only": fixedServer(t, "-READONLY x\r\n"),
		"full": fixedServer(t, "-OOM x\r\n"), "loading": fixedServer(t, "-LOADING x\r\n"), "moved": fixedServer(t, "-MOVED 1 x\r\n"),
		"a number": fixedServer(t, ":9223372036854775807\r\n"), "another type": fixedServer(t, "$2\r\n-1\r\n"), "a list": fixedServer(t, "*1\r\n:0\r\n"), "nothing": fixedServer(t, "$-1\r\n"), "wrong password": fixedServer(t, "-NOAUTH x\r\n"),
	} {
		redis := map[string]any{"endpoints": endpoint, "readTimeout": "20ms", "writeTimeout": "20ms", "dialTimeout": "50ms"}
		raw := limited(map[string]any{"average": "3", "period": "1h"})
		raw["replay"] = "true"
		raw["redis"] = redis
		g := sharingGate(t, t.Name()+name, raw)
		for i, want := range []string{verdict.Verified, verdict.DeliveryDuplicate, verdict.DeliveryDuplicate, verdict.RateLimited, verdict.RateLimited} {
			x := visitAt(t, g, "192.0.2.1:1", hooktest.TestTime)
			x.Status, x.completed = 200, true
			settle(x, hooktest.TestTime)
			if x.reason != want {
				t.Errorf("%s, request %d: %s, want %s", name, i, x.reason, want)
			}
		}
		raw = onlyOnce(map[string]any{"required": "true"})
		raw["redis"] = redis
		g = sharingGate(t, t.Name()+name+"required", raw)
		for i := 0; i < 3; i++ {
			if x := visitAt(t, g, "192.0.2.1:1", hooktest.TestTime); x.reason != verdict.ReplayUnavailable || x.claim != "" {
				t.Errorf("%s, required: %s", name, x.reason)
			}
		}
	}
	if text := reports.String(); strings.Count(text, "meanwhile") < 11 || !strings.Contains(text, "redis: it answers READONLY; limits and replays are this Traefik's alone meanwhile") {
		t.Error(text)
	}
}

// What the server says counts, and not what is remembered here.
func TestRedisDecides(t *testing.T) {
	capture(t)
	for _, c := range []struct {
		answer string
		want   string
	}{{":0\r\n", verdict.Verified}, {":1\r\n", verdict.DeliveryInFlight}, {":2\r\n", verdict.DeliveryDuplicate}} {
		raw := onlyOnce(map[string]any{})
		raw["redis"] = map[string]any{"endpoints": fixedServer(t, c.answer)}
		g := sharingGate(t, t.Name()+c.answer, raw)
		for i := 0; i < 2; i++ {
			x := visitAt(t, g, "192.0.2.1:1", hooktest.TestTime)
			if x.reason != c.want {
				t.Errorf("%q: %s, want %s", c.answer, x.reason, c.want)
			}
			x.Status = 503
			settle(x, hooktest.TestTime)
		}
	}
	raw := limited(map[string]any{"average": "1", "period": "1h"})
	raw["redis"] = map[string]any{"endpoints": fixedServer(t, ":-2500000\r\n")}
	x := visitAt(t, sharingGate(t, t.Name()+"limit", raw), "192.0.2.1:1", hooktest.TestTime)
	if x.reason != verdict.RateLimited || x.wait != int64(2500*time.Millisecond) {
		t.Errorf("%s %d", x.reason, x.wait)
	}
	raw = hooktest.GithubOptions()
	raw["ban"] = "true"
	raw["redis"] = map[string]any{"endpoints": fixedServer(t, ":5000\r\n")}
	g := sharingGate(t, t.Name()+"ban", raw)
	guess(g, "192.0.2.1:1", hooktest.TestTime) // the first here, and one too many elsewhere
	if x := visitAt(t, g, "192.0.2.1:1", hooktest.TestTime); x.reason != verdict.SourceBanned || x.wait != int64(5*time.Second) {
		t.Errorf("%s %d", x.reason, x.wait)
	}
}

// What changes how the server is reached is another client.
func TestRedisClients(t *testing.T) {
	capture(t)
	clients := map[*cluster.Cluster]bool{}
	for _, redis := range []map[string]any{
		{}, {"tls": "true"}, {"tls": map[string]any{"insecureSkipVerify": "true"}}, {"db": "1"}, {"endpoints": "127.0.0.1:2"}, {"password": "a password, of 32 bytes and more"}, {"readTimeout": "1s"},
	} {
		raw := onlyOnce(map[string]any{})
		raw["redis"] = redis
		if len(redis) == 0 {
			raw["redis"] = "true"
		}
		for i := 0; i < 2; i++ {
			g := sharingGate(t, t.Name(), raw)
			clients[g.Fixed.State.Cluster] = true
		}
	}
	if len(clients) != 7 {
		t.Errorf("%d clients for 7 ways to reach a server", len(clients))
	}
}

// A claim of which the answer never came is given back as one that was granted.
func TestRedisClaimsThatTimeOut(t *testing.T) {
	capture(t)
	raw := onlyOnce(map[string]any{})
	raw["redis"] = map[string]any{"endpoints": fixedServer(t, ""), "readTimeout": "20ms"}
	x := visitAt(t, sharingGate(t, t.Name(), raw), "192.0.2.1:1", hooktest.TestTime)
	if x.reason != verdict.Verified || x.lease == 0 {
		t.Errorf("%s, lease %d", x.reason, x.lease)
	}
	x.Status = 503
	settle(x, hooktest.TestTime)
	if x.claim != "" || x.lease != 0 {
		t.Error("is not given back")
	}
}

func TestRedisMistakes(t *testing.T) {
	for _, c := range []struct {
		options map[string]any
		says    string
	}{
		{map[string]any{"endpoints": "redis"}, `redis.endpoints[0]: "redis" is not HOST:PORT`},
		{map[string]any{"endpoints": "redis:0"}, `redis.endpoints[0]: "redis:0" is not HOST:PORT`},
		{map[string]any{"endpoints": "redis:6379,redis://b:6379"}, `redis.endpoints[1]: "redis://b:6379" is not HOST:PORT`},
		{map[string]any{"endpoints": []any{}}, "redis.endpoints: is an empty list"},
		{map[string]any{"readTimeout": "11s"}, "redis: timeouts must be at most 10s"},
		{map[string]any{"poolSize": "1001"}, "redis.poolSize: must be at most 1000"},
		{map[string]any{"db": "-1"}, `redis.db: "-1" is not a positive`},
		{map[string]any{"password": "env:NO_SUCH_PASSWORD"}, "redis.password: environment variable NO_SUCH_PASSWORD is not set"},
		{map[string]any{"password": "${REDIS_PASSWORD}"}, "redis.password: is a reference that nothing has resolved"},
		{map[string]any{"tls": map[string]any{"ca": "/no/such/file"}}, "redis.tls.ca: file /no/such/file can't be found"},
		{map[string]any{"tls": map[string]any{"ca": "no PEM at all"}}, "redis.tls.ca: has no certificate in PEM"},
		{map[string]any{"tls": map[string]any{"cert": "/no/such/file"}}, "redis.tls.key: belongs to cert"},
		{map[string]any{"tls": map[string]any{"cert": "x", "key": "y"}}, "redis.tls.cert: is not a certificate in PEM with its key"},
		{map[string]any{"minIdleConns": "1"}, "redis.minIdleConns: is not an option"},
	} {
		raw := onlyOnce(map[string]any{})
		raw["redis"] = c.options
		got := strings.Join(config.Sentences(policy.Compile(raw).Problems), "\n")
		if !strings.HasPrefix(got, c.says) {
			t.Errorf("%v: %q, want %q", c.options, got, c.says)
		}
	}
	raw := hooktest.GithubOptions()
	raw["redis"] = "true"
	raw["ban"] = "true"
	m := mustCompile(t, raw).Shared
	if m.Options.Endpoints[0] != "127.0.0.1:6379" || m.Options.ReadTimeout != 50*time.Millisecond || m.Options.PoolSize != 32 {
		t.Errorf("%+v", m.Options)
	}
}
