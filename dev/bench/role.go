package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
)

// roleVariable names the environment variable that makes a process of this
// binary one of the benchmark's parts.
const roleVariable = "HOOKWARD_BENCH_ROLE"

// RunRole makes this process the backend, the verifier or the load generator,
// where it was started as one, and does not return then. The command and the
// test call it first.
func RunRole() {
	var err error
	switch role := os.Getenv(roleVariable); role {
	case "":
		return
	case "backend":
		b := &backend{}
		err = serve(b)
	case "verifier":
		err = serve(http.HandlerFunc(verify))
	case "load":
		err = generate(os.Stdin, os.Stdout)
	default:
		err = fmt.Errorf("there is no role %q", role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve listens on loopback and says where, on stdout.
func serve(handler http.Handler) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(listener.Addr())
	return http.Serve(listener, handler)
}

// counts is what has reached the backend.
type counts struct {
	Requests int64 `json:"requests"`
	Bytes    int64 `json:"bytes"` // of bodies
}

// backend reads each body to its end and answers with a few bytes.
type backend struct {
	requests, bytes atomic.Int64
}

func (b *backend) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/counts" {
		_ = json.NewEncoder(rw).Encode(counts{b.requests.Load(), b.bytes.Load()})
		return
	}
	n, err := io.Copy(io.Discard, r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	b.requests.Add(1)
	b.bytes.Add(n)
	rw.Header()["Content-Length"] = []string{"3"}
	_, _ = io.WriteString(rw, "ok\n")
}

// verify is what somebody would write who lets Traefik's forwardAuth ask a
// service: the whole body, GitHub's signature, 200 or 401.
func verify(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(rw, err.Error(), http.StatusBadRequest)
		return
	}
	given, ok := strings.CutPrefix(r.Header.Get("X-Hub-Signature-256"), "sha256=")
	signature, err := hex.DecodeString(given)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	if !ok || err != nil || !hmac.Equal(signature, mac.Sum(nil)) {
		rw.WriteHeader(http.StatusUnauthorized)
	}
}

// generate does the job that it reads, and writes what came of it.
func generate(in io.Reader, out io.Writer) error {
	j := &job{}
	if err := json.NewDecoder(in).Decode(j); err != nil {
		return err
	}
	l, err := j.run()
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(l)
}
