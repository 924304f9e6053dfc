package console

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/words"
)

// policyText is the Content-Security-Policy of the page: nothing but its own files, and
// no code or style in the page itself.
const policyText = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// lowerHost returns the host of a request as the option hosts names it.
func lowerHost(r *http.Request) string { return strings.ToLower(r.Host) }

// Serve answers a request for the page of a middleware, one of its files, or its API.
func Serve(middleware string, s *policy.Console, look func(now time.Time) *Source, rw http.ResponseWriter, r *http.Request) {
	now := time.Now()
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
	if !strings.HasPrefix(rest, "api/") {
		serveFile(rw, r, rest)
		return
	}
	if !isOwn(r) {
		noteForeign(s, look, r, strings.TrimPrefix(rest, "api/"), now)
		answerStatus(rw, http.StatusForbidden)
		return
	}
	serveAPI(middleware, s, look, rw, r, strings.TrimPrefix(rest, "api/"), now)
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

// serveAPI answers a request of the API. Who has not said who he is learns nothing, not
// even which names there are.
func serveAPI(middleware string, s *policy.Console, look func(now time.Time) *Source, rw http.ResponseWriter, r *http.Request, name string, now time.Time) {
	if name == "login" {
		login(s, look, rw, r, now)
		return
	}
	v := visitorOf(s, r, now)
	if v == nil {
		refuseVisitor(look, rw, r, now)
		return
	}
	if name == "logout" {
		if r.Method != http.MethodPost {
			answerMethod(rw, http.MethodPost)
			return
		}
		http.SetCookie(rw, endSession(r))
		answerJSON(rw, struct{}{})
		return
	}
	if words.Contains(actions, name) {
		serveAction(look(now), rw, r, v, name, now)
		return
	}
	if r.Method != http.MethodGet {
		answerMethod(rw, http.MethodGet)
		return
	}
	q, ok := readQuery(r.URL.RawQuery)
	if !ok {
		answerStatus(rw, http.StatusBadRequest)
		return
	}
	if (q.payload || strings.HasPrefix(name, "payload/")) && v.Role == policy.Viewer {
		refuse(look(now), rw, r, v, "payload", http.StatusForbidden, "that takes the role reader, and you are a viewer", now)
		return
	}
	switch {
	case name == "kept":
		serveKept(look(now), rw, v, q)
	case name == "orders":
		serveOrders(look(now), rw, q)
	case strings.HasPrefix(name, "kept/"):
		serveKeptOne(s, look(now), rw, v, strings.TrimPrefix(name, "kept/"), q)
	case name == "overview":
		serveOverview(look(now), rw, v, q)
	case name == "series":
		serveSeries(rw, q)
	case name == "deliveries":
		serveDeliveries(rw, q)
	case name == "stream":
		serveStream(middleware, s, rw, r, q)
	case name == "export":
		serveExport(s, rw, v, q)
	case strings.HasPrefix(name, "payload/"):
		servePayload(s, rw, v, strings.TrimPrefix(name, "payload/"))
	case strings.HasPrefix(name, "deliveries/"):
		serveDelivery(s, rw, v, strings.TrimPrefix(name, "deliveries/"), q)
	default:
		answerStatus(rw, http.StatusNotFound)
	}
}

// refuseVisitor refuses somebody unknown. A wrong token counts as a failed login.
func refuseVisitor(look func(now time.Time) *Source, rw http.ResponseWriter, r *http.Request, now time.Time) {
	if showsToken(r) {
		if isBanned(rw, peerOf(r), now) {
			return
		}
		noteLogin(look(now), r, nil, now)
		if !mayTry(rw, r, now) {
			return
		}
	}
	rw.Header()["Www-Authenticate"] = []string{`Bearer realm="hookward"`}
	answerStatus(rw, http.StatusUnauthorized)
}

// mayTry counts a failure of an address, and answers 429 if it has failed too often.
func mayTry(rw http.ResponseWriter, r *http.Request, now time.Time) bool {
	peer := peerOf(r)
	bans.AddFailure(failures, peer, now.UnixNano())
	return !isBanned(rw, peer, now)
}

// isBanned says whether an address has failed too often, and answers if so.
func isBanned(rw http.ResponseWriter, peer string, now time.Time) bool {
	wait := bans.Remaining(failures, peer, now.UnixNano())
	if wait <= 0 {
		return false
	}
	rw.Header()["Retry-After"] = []string{strconv.FormatInt(words.Seconds(wait), 10)}
	answerStatus(rw, http.StatusTooManyRequests)
	return true
}

// maxLogin bounds what is read of a login, in bytes.
const maxLogin = 4096

// login begins a session for somebody who has a token.
func login(s *policy.Console, look func(now time.Time) *Source, rw http.ResponseWriter, r *http.Request, now time.Time) {
	if r.Method != http.MethodPost {
		answerMethod(rw, http.MethodPost)
		return
	}
	if isBanned(rw, peerOf(r), now) {
		return
	}
	shown := struct {
		Token string `json:"token"`
	}{}
	decoder := json.NewDecoder(http.MaxBytesReader(rw, r.Body, maxLogin))
	decoder.DisallowUnknownFields()
	if decoder.Decode(&shown) != nil || decoder.More() {
		answerStatus(rw, http.StatusBadRequest)
		return
	}
	digest := policy.ConsoleDigest(shown.Token)
	v := visitorWith(s, digest)
	noteLogin(look(now), r, v, now)
	if v == nil {
		if mayTry(rw, r, now) {
			answerStatus(rw, http.StatusUnauthorized)
		}
		return
	}
	http.SetCookie(rw, beginSession(r, digest, now))
	answerJSON(rw, v)
}

func answerMethod(rw http.ResponseWriter, allowed string) {
	rw.Header()["Allow"] = []string{allowed}
	answerStatus(rw, http.StatusMethodNotAllowed)
}

// answerStatus answers with a status and its text.
func answerStatus(rw http.ResponseWriter, status int) {
	rw.Header()["Content-Type"] = []string{"text/plain; charset=utf-8"}
	rw.WriteHeader(status)
	_, _ = rw.Write([]byte(http.StatusText(status) + "\n"))
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
