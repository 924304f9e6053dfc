package console

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/words"
)

// policyText is the Content-Security-Policy of the page: nothing but its own files, and
// no code or style in the page itself.
const policyText = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// lowerHost returns the host of a request as the option hosts names it.
func lowerHost(r *http.Request) string { return strings.ToLower(r.Host) }

// call is a request of the API, with what its answer depends on.
type call struct {
	console *policy.Console
	rw      http.ResponseWriter
	r       *http.Request
	now     time.Time
	visitor *visitor // nil until he is known
	query   *query   // of what is only read
}

// Serve answers a request for the page of a middleware, one of its files, or its API.
func Serve(middleware string, s *policy.Console, look func(now time.Time) *Source, rw http.ResponseWriter, r *http.Request) {
	header := rw.Header()
	header["Cache-Control"] = []string{"no-store"}
	header["X-Content-Type-Options"] = []string{"nosniff"}
	header["Content-Security-Policy"] = []string{policyText}
	header["Cross-Origin-Opener-Policy"] = []string{"same-origin"}
	header["Cross-Origin-Resource-Policy"] = []string{"same-origin"}
	header["Referrer-Policy"] = []string{"no-referrer"}
	header["Permissions-Policy"] = []string{"camera=(), geolocation=(), microphone=()"}
	if !s.Hosts[lowerHost(r)] {
		answerStatus(rw, http.StatusMisdirectedRequest)
		return
	}
	if r.URL.RawPath != "" { // an escape that need not be one: nothing here has any
		answerStatus(rw, http.StatusNotFound)
		return
	}
	if r.URL.Path == s.Path {
		// Relative, so that it is right behind a prefix that Traefik takes away.
		header["Location"] = []string{s.Path[strings.LastIndexByte(s.Path, '/')+1:] + "/"}
		answerStatus(rw, http.StatusFound)
		return
	}
	rest := strings.TrimPrefix(r.URL.Path, s.Path+"/")
	if len(rest) == len(r.URL.Path) {
		answerStatus(rw, http.StatusNotFound)
		return
	}
	name := strings.TrimPrefix(rest, "api/")
	if len(name) == len(rest) {
		serveFile(rw, r, rest)
		return
	}
	c := &call{console: s, rw: rw, r: r, now: time.Now()}
	if !isOwn(r) {
		noteForeign(look, c, name)
		answerStatus(rw, http.StatusForbidden)
		return
	}
	serveAPI(middleware, look, c, name)
}

// isOwn says whether a request may come from the page itself, or from no browser at all.
// A browser says so; one that is too old has Origin with what is not a plain read.
func isOwn(r *http.Request) bool {
	site := r.Header.Get("Sec-Fetch-Site")
	if site != "" && site != "same-origin" {
		return false
	}
	origin := r.Header.Get("Origin")
	if origin != "" && origin != "https://"+lowerHost(r) && origin != "http://"+lowerHost(r) {
		return false
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return true
	}
	return r.Header.Get("Content-Type") == "application/json"
}

// serveAPI answers a request of the API. A stranger learns nothing, not even which
// names there are.
func serveAPI(middleware string, look func(now time.Time) *Source, c *call, name string) {
	if name == "login" {
		login(look, c)
		return
	}
	c.visitor = visitorOf(c.console, c.r, c.now)
	if c.visitor == nil {
		refuseVisitor(look, c)
		return
	}
	if name == "logout" {
		if isMethod(c, http.MethodPost) {
			http.SetCookie(c.rw, endSession(c.r))
			answerJSON(c.rw, struct{}{})
		}
		return
	}
	if words.Contains(actions, name) {
		serveAction(look(c.now), c, name)
		return
	}
	if !isMethod(c, http.MethodGet) {
		return
	}
	q, ok := readQuery(c.r.URL.RawQuery)
	if !ok {
		answerStatus(c.rw, http.StatusBadRequest)
		return
	}
	c.query = q
	list, id, one := strings.Cut(name, "/")
	if one {
		list += "/"
	}
	if (q.payload || list == "payload/") && c.visitor.Role == policy.Viewer {
		refuse(look(c.now), c, &audit.ConsoleRecord{Action: "payload"}, http.StatusForbidden, "that takes the role reader, and you are a viewer")
		return
	}
	switch list {
	case "kept":
		serveKept(look(c.now), c)
	case "kept/":
		serveKeptOne(look(c.now), c, id)
	case "orders":
		serveOrders(look(c.now), c)
	case "overview":
		serveOverview(look(c.now), c)
	case "series":
		serveSeries(c)
	case "deliveries":
		serveDeliveries(c)
	case "deliveries/":
		serveDelivery(c, id)
	case "payload/":
		servePayload(c, id)
	case "stream":
		serveStream(middleware, c)
	case "export":
		serveExport(c)
	default:
		answerStatus(c.rw, http.StatusNotFound)
	}
}

// isMethod says whether a request has the method that it must have, and answers if not.
func isMethod(c *call, method string) bool {
	if c.r.Method != method {
		answerMethod(c.rw, method)
	}
	return c.r.Method == method
}

// refuseVisitor refuses somebody unknown. A wrong token counts as a failed login.
func refuseVisitor(look func(now time.Time) *Source, c *call) {
	if showsToken(c.r) {
		if isBanned(c) {
			return
		}
		noteLogin(look(c.now), c)
		if !mayTry(c) {
			return
		}
	}
	c.rw.Header()["Www-Authenticate"] = []string{`Bearer realm="hookward"`}
	answerStatus(c.rw, http.StatusUnauthorized)
}

// mayTry counts a failure of an address, and answers 429 if it has failed too often.
func mayTry(c *call) bool {
	bans.AddFailure(failures, peerOf(c.r), c.now.UnixNano())
	return !isBanned(c)
}

// isBanned says whether an address has failed too often, and answers if so.
func isBanned(c *call) bool {
	wait := bans.Remaining(failures, peerOf(c.r), c.now.UnixNano())
	if wait <= 0 {
		return false
	}
	c.rw.Header()["Retry-After"] = []string{strconv.FormatInt(words.Seconds(wait), 10)}
	answerStatus(c.rw, http.StatusTooManyRequests)
	return true
}

// maxLogin bounds what is read of a login, in bytes.
const maxLogin = 4096

// login begins a session for somebody who has a token.
func login(look func(now time.Time) *Source, c *call) {
	if !isMethod(c, http.MethodPost) || isBanned(c) {
		return
	}
	shown := struct {
		Token string `json:"token"`
	}{}
	decoder := json.NewDecoder(http.MaxBytesReader(c.rw, c.r.Body, maxLogin))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&shown) != nil || decoder.More() {
		answerStatus(c.rw, http.StatusBadRequest)
		return
	}
	digest := policy.ConsoleDigest(shown.Token)
	c.visitor = visitorWith(c.console, digest)
	noteLogin(look(c.now), c)
	if c.visitor == nil {
		if mayTry(c) {
			answerStatus(c.rw, http.StatusUnauthorized)
		}
		return
	}
	http.SetCookie(c.rw, beginSession(c.r, digest, c.now))
	answerJSON(c.rw, c.visitor)
}

func answerMethod(rw http.ResponseWriter, allowed string) {
	rw.Header()["Allow"] = []string{allowed}
	answerStatus(rw, http.StatusMethodNotAllowed)
}

// answerStatus answers with a status and its text.
func answerStatus(rw http.ResponseWriter, status int) {
	answerText(rw, status, http.StatusText(status))
}

// answerText answers with a status and a sentence for an operator.
func answerText(rw http.ResponseWriter, status int, text string) {
	rw.Header()["Content-Type"] = []string{"text/plain; charset=utf-8"}
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte(text + "\n"))
}

// answerJSON answers with a value.
func answerJSON(rw http.ResponseWriter, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		answerStatus(rw, http.StatusInternalServerError)
		return
	}
	rw.Header()["Content-Type"] = []string{"application/json; charset=utf-8"}
	_, _ = rw.Write(text)
}
