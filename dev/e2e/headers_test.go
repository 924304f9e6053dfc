package e2e

import (
	"net/http"
	"reflect"
	"strings"
	"testing"

	"github.com/hookward/hookward/dev/gateway"
)

// cgiName is a header's name as WSGI, PHP and CGI know it, so that different
// spellings of one name are seen as the backend would see them.
func cgiName(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, strings.ToUpper(name))
}

// asCGI returns all values that a CGI program may see under a name.
func asCGI(h http.Header, name string) []string {
	values := []string{}
	for n, v := range h {
		if cgiName(n) == cgiName(name) {
			values = append(values, v...)
		}
	}
	return values
}

// onlyOurs checks that a request speaks in the gate's name with the gate's
// words only.
func onlyOurs(t *testing.T, a *arrival) {
	t.Helper()
	if got := asCGI(a.Header, "X-Hookward-Provider"); !reflect.DeepEqual(got, []string{"github"}) || a.Header.Get("X-Hookward-Provider") != "github" {
		t.Errorf("X-Hookward-Provider reached the backend as %q: %v", got, a.Header)
	}
	for _, headers := range []http.Header{a.Header, a.Trailer} {
		for name := range headers {
			if strings.HasPrefix(cgiName(name), "X_HOOKWARD_") && name != "X-Hookward-Provider" {
				t.Errorf("%s reached the backend: %v", name, headers)
			}
		}
	}
	if len(asCGI(a.Trailer, "X-Hookward-Provider")) > 0 {
		t.Errorf("X-Hookward-Provider reached the backend as a trailer: %v", a.Trailer)
	}
}

func TestHeaders(t *testing.T) {
	s := start(t, nil, []gate{{name: "gh", options: github}}, gateway.Settings{})

	spoofs := []string{
		"X-Hookward-Provider", "x-hookward-provider", "X-HOOKWARD-PROVIDER",
		"X_Hookward_Provider", "X-Hookward_Provider", "X_Hookward-Provider", "x_hookward_provider",
		"X_hookward-anything", "X-Hookward-Other", "X-Hookward-", "X.Hookward.Provider", "X~Hookward!Provider",
	}
	t.Run("refused with a spoof", func(t *testing.T) {
		for _, name := range spoofs {
			s.refused(t, s.post(t, "gh", hello, name+": stripe"), http.StatusUnauthorized, "signature_missing")
		}
	})
	t.Run("spoof beside a good signature", func(t *testing.T) {
		for _, name := range spoofs {
			arrived, _ := s.passed(t, s.post(t, "gh", hello, helloSignature, name+": stripe", name+": slack"))
			onlyOurs(t, arrived)
		}
	})
	t.Run("spoof in a trailer", func(t *testing.T) {
		for _, name := range spoofs {
			// By hand: Go's client would not send all of these names.
			w := s.dial(t, "gh", "HTTP/1.1", helloSignature, "Transfer-Encoding: chunked", "Trailer: "+name)
			w.send(t, "\r\nd\r\n"+hello+"\r\n0\r\n"+name+": stripe\r\n\r\n")
			arrived, _ := s.passed(t, w.receive(t))
			onlyOurs(t, arrived)
		}
	})
	t.Run("spoof in an unannounced trailer", func(t *testing.T) {
		w := s.dial(t, "gh", "HTTP/1.1", helloSignature, "Transfer-Encoding: chunked")
		w.send(t, "\r\nd\r\n"+hello+"\r\n0\r\nX-Hookward-Provider: stripe\r\n\r\n")
		arrived, _ := s.passed(t, w.receive(t))
		onlyOurs(t, arrived)
	})
	t.Run("removal by Connection", func(t *testing.T) {
		for _, names := range []string{"X-Hookward-Provider", "x-hookward-provider", "close, X-Hookward-Provider", "keep-alive,X-HOOKWARD-PROVIDER , close"} {
			w := s.dial(t, "gh", "HTTP/1.1", helloSignature, "Content-Length: 13", "Connection: "+names)
			w.send(t, "\r\n"+hello)
			arrived, _ := s.passed(t, w.receive(t))
			onlyOurs(t, arrived)
		}
	})
	t.Run("signature removed by Connection", func(t *testing.T) {
		// Traefik takes it away before the gate looks, so there is none.
		w := s.dial(t, "gh", "HTTP/1.1", helloSignature, "Content-Length: 13", "Connection: X-Hub-Signature-256")
		w.send(t, "\r\n"+hello)
		s.refused(t, w.receive(t), http.StatusUnauthorized, "signature_missing")
	})

	t.Run("aliases of the scheme's headers", func(t *testing.T) {
		real := map[string]string{
			"X-Hub-Signature-256": value(helloSignature), "X-GitHub-Event": "push", "X-GitHub-Delivery": "72d3162e",
		}
		for name, good := range real {
			for _, alias := range []string{strings.ReplaceAll(name, "-", "_"), strings.Replace(name, "-", "_", 1), strings.ToLower(strings.ReplaceAll(name, "-", "_"))} {
				lines := []string{alias + ": forged"}
				for n, v := range real {
					lines = append(lines, n+": "+v)
				}
				arrived, r := s.passed(t, s.post(t, "gh", hello, lines...))
				if got := asCGI(arrived.Header, name); !reflect.DeepEqual(got, []string{good}) {
					t.Errorf("beside %s, %s reached the backend as %q", alias, name, got)
				}
				if r.EventType != "push" || r.DeliveryID != "72d3162e" {
					t.Errorf("beside %s, the record says %+v", alias, r)
				}
			}
			// Where only the alias is sent, nothing may arrive in its place.
			if name != "X-Hub-Signature-256" {
				arrived, _ := s.passed(t, s.post(t, "gh", hello, helloSignature, strings.ReplaceAll(name, "-", "_")+": forged"))
				if got := asCGI(arrived.Header, name); len(got) > 0 {
					t.Errorf("%s reached the backend as %q", name, got)
				}
			}
			for _, trailer := range []string{name, strings.ReplaceAll(name, "-", "_")} {
				w := s.dial(t, "gh", "HTTP/1.1", helloSignature, "Transfer-Encoding: chunked", "Trailer: "+trailer)
				w.send(t, "\r\nd\r\n"+hello+"\r\n0\r\n"+trailer+": forged\r\n\r\n")
				arrived, _ := s.passed(t, w.receive(t))
				if got := asCGI(arrived.Trailer, name); len(got) > 0 {
					t.Errorf("%s reached the backend as a trailer: %q", name, got)
				}
			}
		}
	})

	t.Run("upgrade", func(t *testing.T) {
		for _, protocol := range []string{"websocket", "h2c", "hookward/1"} {
			w := s.dial(t, "gh", "HTTP/1.1", helloSignature, "Content-Length: 13", "Connection: Upgrade", "Upgrade: "+protocol,
				"Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
			w.send(t, "\r\n"+hello)
			arrived, _ := s.passed(t, w.receive(t))
			if arrived.Header.Get("Upgrade") != "" || arrived.Header.Get("Connection") != "" || string(arrived.body) != hello {
				t.Errorf("Upgrade: %s reached the backend: %q, %v", protocol, arrived.body, arrived.Header)
			}
		}
	})

	t.Run("everything else is untouched", func(t *testing.T) {
		sent := http.Header{
			"Content-Type": {"application/json; charset=utf-8"}, "Accept": {"*/*", "text/plain;q=0.1"}, "User-Agent": {"GitHub-Hookshot/044aadd"},
			"X-Github-Event": {"push"}, "X-Github-Delivery": {"72d3162e"}, "X-Hub-Signature-256": {value(helloSignature)},
			"X-Hub-Signature": {"sha1=01dc10d0c83e72ed246219cdd91669667fe2ca59"}, "Authorization": {"Bearer abc"}, "Cookie": {"a=b; c=d"},
			"X-Empty": {""}, "X_under_score": {"kept"}, "X-Hook": {"kept"}, "X-Hookwar-D": {"kept"}, "Traceparent": {"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
			"X-Many": {"one", "two", "", "ä\xff"}, "Date": {"Tue, 15 Nov 1994 08:12:31 GMT"},
		}
		request := s.request("gh", hello)
		request.Header = sent.Clone()
		arrived, _ := s.passed(t, exchange(t, s.client, request))
		for name, values := range sent {
			if !reflect.DeepEqual(arrived.Header[name], values) {
				t.Errorf("%s: %q became %q", name, values, arrived.Header[name])
			}
		}
		for name, want := range map[string]string{"Provider": "github", "Event": "push", "Delivery": "72d3162e"} {
			if got := arrived.Header["X-Hookward-"+name]; len(got) != 1 || got[0] != want {
				t.Errorf("X-Hookward-%s is %q, want %q", name, got, want)
			}
		}
		for name := range arrived.Header {
			if sent[name] == nil && !strings.HasPrefix(name, "X-Hookward-") && !strings.HasPrefix(name, "X-Forwarded-") &&
				name != "X-Real-Ip" && name != "Accept-Encoding" && name != "Content-Length" {
				t.Errorf("%s was added: %q", name, arrived.Header[name])
			}
		}
	})
}
