package e2e

import (
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/dev/gateway"
	"github.com/hookward/hookward/dev/testkit"
)

// labels returns those of a container that stands behind a gate of its name.
// What describes the gate comes without the plugin's key.
func labels(name string, options ...string) map[string]string {
	all := map[string]string{
		"traefik.http.routers." + name + ".rule":        "PathPrefix(`/" + name + "/`)",
		"traefik.http.routers." + name + ".middlewares": name,
	}
	for _, option := range options {
		key, value, _ := strings.Cut(option, "=")
		all["traefik.http.middlewares."+name+".plugin.hookward."+key] = value
	}
	return all
}

// TestLabels configures router, service and gate by nothing but the labels of
// containers, as Traefik itself decodes them. The site's catch-all router leads
// to the same backend: a gate whose router has vanished would let all through.
func TestLabels(t *testing.T) {
	// Docker's own variables would send Traefik to a real Docker.
	for _, name := range []string{"DOCKER_HOST", "DOCKER_API_VERSION", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY"} {
		t.Setenv(name, "")
	}
	listen := func() net.Listener {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = listener.Close() })
		return listener
	}
	serve := func(listener net.Listener, handler http.Handler) {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: testkit.Patience}
		t.Cleanup(func() { _ = server.Close() })
		go func() { _ = server.Serve(listener) }()
	}
	const inClear = "a literal, with commas, 58ae02"
	api, container := listen(), listen()
	d := &gateway.Docker{Port: container.Addr().(*net.TCPAddr).Port, Containers: map[string]map[string]string{
		"gh":      labels("gh", "provider=github", "secrets[0]=env:GH_SECRET"),
		"single":  labels("single", "provider=github", "secrets=env:GH_SECRET"),
		"clear":   labels("clear", "provider=github", "secrets="+inClear),
		"two":     labels("two", "provider=github", "secrets[0]=env:GH_NEXT", "secrets[1]=env:GH_SECRET"),
		"methods": labels("methods", "provider=github", "secrets[0]=env:GH_SECRET", "methods=POST,PUT"),
		"lower":   labels("lower", "provider=github", "secrets[0]=env:GH_SECRET", "maxbodybytes=13"),
		"watch":   labels("watch", "provider=github", "secrets[0]=env:GH_SECRET", "observeOnly=true"),
		"own": labels("own", "secrets[0]=env:GH_SECRET", "tolerance=90s", "signature.header=Stripe-Signature",
			"signature.format=t={timestamp},v1={hex},...", "signature.signs={timestamp}.{body}"),

		"typo":      labels("typo", "provider=github", "secrets[0]=env:GH_SECRET", "sekrets=x"),
		"section":   labels("section", "provider=github", "secrets[0]=env:GH_SECRET", "signature.signature=x"),
		"keyless":   labels("keyless", "provider=github"),
		"commas":    labels("commas", "provider=github", "secrets=env:GH_SECRET,env:GH_NEXT"),
		"patient":   labels("patient", "provider=github", "secrets[0]=env:GH_SECRET", "bodyTimeout=10"),
		"two-trees": labels("two-trees", "provider=github", "secrets[0]=env:GH_SECRET", "methods.post=true"),

		// Its router tells that Traefik has applied all labels.
		"applied": {
			"traefik.http.routers.applied.rule":                                      "Path(`/applied`)",
			"traefik.http.routers.applied.middlewares":                               "applied",
			"traefik.http.middlewares.applied.headers.customresponseheaders.X-Label": "applied",
		},
	}}
	serve(api, d)
	const next = "GitHub's next secret, 9b1d44"
	s := start(t, nil, nil, gateway.Settings{
		Providers: []string{fmt.Sprintf(`docker: {endpoint: "tcp://%s", exposedByDefault: true}`, api.Addr())},
		Env:       []string{"GH_SECRET=" + secret, "GH_NEXT=" + next},
	})
	serve(container, s.backend)
	eventually(t, "Traefik applies the labels", func() bool {
		response, err := s.client.Get(s.URL + "/applied")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.Header.Get("X-Label") == "applied"
	})

	for _, name := range []string{"gh", "single", "two", "methods", "lower"} {
		t.Run(name, func(t *testing.T) {
			arrived, r := s.passed(t, s.post(t, name, hello, helloSignature))
			unchanged(t, arrived, hello)
			if r.Middleware != name+"@docker" || r.Provider != "github" {
				t.Errorf("the record is of another gate: %+v", r)
			}
			s.refused(t, s.post(t, name, hello), http.StatusUnauthorized, "signature_missing")
			s.refused(t, s.post(t, name, hello, signed("x", hello)), http.StatusUnauthorized, "signature_mismatch")
		})
	}
	t.Run("clear", func(t *testing.T) {
		s.passed(t, s.post(t, "clear", hello, signed(inClear, hello)))
		for _, part := range strings.Split(inClear, ", ") {
			s.refused(t, s.post(t, "clear", hello, signed(part, hello)), http.StatusUnauthorized, "signature_mismatch")
		}
		s.notPrinted(t, inClear)
	})
	t.Run("order of secrets", func(t *testing.T) {
		for i, key := range []string{next, secret} {
			if _, r := s.passed(t, s.post(t, "two", hello, signed(key, hello))); r.Secret != i+1 {
				t.Errorf("the record says that secret %d matched, not %d", r.Secret, i+1)
			}
		}
	})
	t.Run("other methods", func(t *testing.T) {
		send := func(name, method string, lines ...string) *answer {
			request := s.request(name, hello, lines...)
			request.Method = method
			return exchange(t, s.client, request)
		}
		s.passed(t, send("methods", http.MethodPut, helloSignature))
		s.refused(t, send("methods", http.MethodPut), http.StatusUnauthorized, "signature_missing")
		for name, allow := range map[string]string{"methods": "POST, PUT", "gh": "POST"} {
			a := send(name, http.MethodDelete, helloSignature)
			s.refused(t, a, http.StatusMethodNotAllowed, "method_not_allowed")
			if a.Header.Get("Allow") != allow {
				t.Errorf("Allow is %q, want %q", a.Header.Get("Allow"), allow)
			}
		}
	})
	t.Run("numbers and booleans", func(t *testing.T) {
		s.refused(t, s.post(t, "lower", hello+"!", signed(secret, hello+"!")), http.StatusRequestEntityTooLarge, "body_too_large")
		a := s.post(t, "watch", hello)
		r := s.record(t, a.path)
		if a.StatusCode != http.StatusOK || r.Reason != "signature_missing" || !r.Observed || len(s.backend.at(a.path)) != 1 {
			t.Errorf("observeOnly=true: the answer is %d, and the record says %+v", a.StatusCode, r)
		}
	})
	t.Run("a scheme of one's own", func(t *testing.T) {
		for age, reason := range map[time.Duration]string{0: "", time.Minute: "", 2 * time.Minute: "timestamp_too_old", -2 * time.Minute: "timestamp_too_new"} {
			at := fmt.Sprint(time.Now().Add(-age).Unix())
			a := s.post(t, "own", hello, fmt.Sprintf("Stripe-Signature: t=%s,v1=%x", at, testkit.HMAC(secret, at+"."+hello)))
			if reason == "" {
				s.passed(t, a)
			} else {
				s.refused(t, a, http.StatusUnauthorized, reason)
			}
		}
		s.refused(t, s.post(t, "own", hello, helloSignature), http.StatusUnauthorized, "signature_missing")
	})

	for name, mistake := range map[string]string{
		"typo": "sekrets: is not an option, did you mean secrets?", "section": "signature: must be a section", "keyless": "secrets: is required",
		"commas": "secrets[0]: env: must be followed by the name of one", "patient": "bodyTimeout: ", "two-trees": "methods: must be a list",
	} {
		t.Run(name, func(t *testing.T) {
			for _, lines := range [][]string{nil, {helloSignature}} {
				s.refused(t, s.post(t, name, hello, lines...), http.StatusServiceUnavailable, "config_invalid")
			}
			told := strings.Join(s.Stderr.Lines(`"hookward.middleware":"`+name+`@docker"`), "\n")
			if !strings.Contains(told, `"log.level":"error"`) || !strings.Contains(told, mistake) {
				t.Errorf("the operator is told %q, want %q", told, mistake)
			}
		})
	}
}
