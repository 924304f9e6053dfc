package console

import (
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/hookward/hookward/internal/bans"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/words"
)

const (
	sessionTime = 12 * time.Hour
	// maxSessions bounds the sessions of the process: the oldest ends first.
	maxSessions = 1000
	// maxFailures is how many wrong tokens an address may try in a minute.
	maxFailures = 5
)

// session is somebody who has shown a token. It ends with the token, with its time, and
// with the process.
type session struct {
	token string // its digest
	ends  time.Time
}

var (
	sessionsMu sync.Mutex
	sessions   = map[string]session{} // by the digest of the cookie
	failures   = bans.New(maxFailures, time.Minute, time.Minute)
)

// visitor is who asks.
type visitor struct {
	Name string `json:"name"` // as the middleware in front says; or the role
	Role string `json:"role"`
}

// visitorOf says who asks, or returns nil. A token in the query is never looked at.
func visitorOf(s *policy.Console, r *http.Request, now time.Time) *visitor {
	user := userOf(s, r)
	if user != "" {
		return &visitor{Name: user, Role: s.UserRole}
	}
	if showsToken(r) {
		bearer := r.Header["Authorization"]
		if len(bearer) > 1 || bans.Remaining(failures, peerOf(r), now.UnixNano()) > 0 {
			return nil
		}
		return visitorWith(s, policy.ConsoleDigest(bearer[0][len("Bearer "):]))
	}
	token := sessionToken(r, now)
	if token == "" {
		return nil
	}
	return visitorWith(s, token)
}

// userOf returns whom the middleware in front has let in, or nothing.
func userOf(s *policy.Console, r *http.Request) string {
	if s.UserHeader == "" {
		return ""
	}
	names := r.Header[s.UserHeader]
	if len(names) != 1 || hasTwin(r.Header, s.UserHeader) {
		return ""
	}
	return names[0]
}

// whoIs names a visitor for counting: the user, or the digest of the token.
func whoIs(s *policy.Console, r *http.Request, now time.Time) string {
	user := userOf(s, r)
	if user != "" {
		return "user " + user // whatever else he shows, which may be another thing each time
	}
	if showsToken(r) {
		return policy.ConsoleDigest(r.Header["Authorization"][0][len("Bearer "):])
	}
	return sessionToken(r, now)
}

// showsToken says whether a request shows a token itself. Credentials of another kind are
// meant for a middleware in front, such as basicAuth.
func showsToken(r *http.Request) bool {
	return strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ")
}

// visitorWith returns who has a token of this digest, or nil. Digests of guesses tell
// nothing of the tokens, so they may be compared in any way.
func visitorWith(s *policy.Console, digest string) *visitor {
	role := s.Roles[digest]
	if role == "" {
		return nil
	}
	return &visitor{Name: role, Role: role}
}

// hasTwin says whether there is a header whose name becomes the same where dashes and
// underscores are one.
func hasTwin(h http.Header, name string) bool {
	plain := strings.ReplaceAll(strings.ToLower(name), "_", "-")
	for other := range h {
		if other != name && strings.ReplaceAll(strings.ToLower(other), "_", "-") == plain {
			return true
		}
	}
	return false
}

// cookieName returns the name of the cookie: with __Host- a browser takes it from this
// host alone, and over TLS, which a page on loopback does not have. There the port is in the
// name, as all ports of a host share their cookies.
func cookieName(r *http.Request) string {
	if !isLoopback(r) {
		return "__Host-hookward"
	}
	_, port, err := net.SplitHostPort(r.Host)
	if err != nil {
		return "hookward"
	}
	return "hookward-" + port
}

// isLoopback says whether the page is called by a name of this machine.
func isLoopback(r *http.Request) bool {
	host, _, err := net.SplitHostPort(r.Host)
	if err != nil {
		host = strings.Trim(r.Host, "[]")
	}
	return host == "localhost" || host == "127.0.0.1" || host == "::1"
}

// sessionToken returns the digest of the token that a session was begun with, or nothing.
func sessionToken(r *http.Request, now time.Time) string {
	cookie, err := r.Cookie(cookieName(r))
	if err != nil {
		return ""
	}
	digest := policy.ConsoleDigest(cookie.Value)
	sessionsMu.Lock()
	defer sessionsMu.Unlock()
	found := sessions[digest]
	if found.token == "" {
		return ""
	}
	if !now.Before(found.ends) {
		delete(sessions, digest)
		return ""
	}
	return found.token
}

// beginSession returns the cookie of a new session.
func beginSession(r *http.Request, token string, now time.Time) *http.Cookie {
	value := words.RandomHex(32)
	sessionsMu.Lock()
	if len(sessions) >= maxSessions {
		endOldest()
	}
	sessions[policy.ConsoleDigest(value)] = session{token: token, ends: now.Add(sessionTime)}
	sessionsMu.Unlock()
	return cookieFor(r, value, int(sessionTime/time.Second))
}

// endOldest ends one session, with the lock held.
func endOldest() {
	oldest := ""
	for digest := range sessions {
		if oldest == "" || sessions[digest].ends.Before(sessions[oldest].ends) {
			oldest = digest
		}
	}
	delete(sessions, oldest)
}

// endSession ends a session and returns the cookie that forgets it.
func endSession(r *http.Request) *http.Cookie {
	cookie, err := r.Cookie(cookieName(r))
	if err == nil {
		sessionsMu.Lock()
		delete(sessions, policy.ConsoleDigest(cookie.Value))
		sessionsMu.Unlock()
	}
	return cookieFor(r, "", -1)
}

func cookieFor(r *http.Request, value string, maxAge int) *http.Cookie {
	return &http.Cookie{Name: cookieName(r), Value: value, Path: "/", MaxAge: maxAge, HttpOnly: true, Secure: !isLoopback(r), SameSite: http.SameSiteStrictMode}
}

// peerOf returns what login attempts are counted by.
func peerOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
