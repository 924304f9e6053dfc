package sqs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Front stands before an emulator, checks signatures as AWS does, by AWS' own signer, and
// fails as it is told to, queue by queue.
type Front struct {
	SessionToken string // that requests must have
	proxy        http.Handler

	mu    sync.Mutex
	modes map[string]Mode // by the queue's name
	asked map[string]int
}

// Mode is how a queue answers: with an error of SQS, with none at all (Hang), or once the
// message is taken, but without an answer (Lose).
type Mode struct {
	Status int
	Code   string
	Date   time.Time // of the answer, if it is not now
	Hang   bool
	Lose   bool
}

// NewFront returns a front before an emulator.
func NewFront(s *Server) (*Front, error) {
	target, err := url.Parse(s.URL)
	if err != nil {
		return nil, err
	}
	return &Front{proxy: httputil.NewSingleHostReverseProxy(target), modes: map[string]Mode{}, asked: map[string]int{}}, nil
}

// Set has a queue answer in a mode from now on; the zero Mode is well.
func (f *Front) Set(queue string, m Mode) {
	f.mu.Lock()
	f.modes[queue] = m
	f.mu.Unlock()
}

// Asked returns how many messages there were for a queue.
func (f *Front) Asked(queue string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[queue]
}

func (f *Front) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	message := struct{ QueueUrl string }{}
	_ = json.Unmarshal(body, &message)
	queue := message.QueueUrl[strings.LastIndexByte(message.QueueUrl, '/')+1:]
	f.mu.Lock()
	f.asked[queue]++
	m := f.modes[queue]
	f.mu.Unlock()
	if r.Header.Get("X-Amz-Target") == "AmazonSQS.SendMessage" && m == (Mode{}) && !f.verifies(r, body) {
		m = Mode{Status: http.StatusForbidden, Code: "SignatureDoesNotMatch"}
	}
	switch {
	case m.Hang:
		<-r.Context().Done()
	case m.Lose:
		f.proxy.ServeHTTP(nobody{http.Header{}}, r)
		<-r.Context().Done()
	case m.Status > 0:
		if !m.Date.IsZero() {
			rw.Header().Set("Date", m.Date.UTC().Format(http.TimeFormat))
		}
		rw.Header().Set("Content-Type", "application/x-amz-json-1.0")
		rw.WriteHeader(m.Status)
		text, _ := json.Marshal(map[string]string{"__type": "com.amazonaws.sqs#" + m.Code, "message": "what was sent: " + string(body)})
		_, _ = rw.Write(text)
	default:
		f.proxy.ServeHTTP(rw, r)
	}
}

// verifies signs a request anew, and compares.
func (f *Front) verifies(r *http.Request, body []byte) bool {
	given := r.Header.Get("Authorization")
	_, names, _ := strings.Cut(given, "SignedHeaders=")
	names, _, _ = strings.Cut(names, ",")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || time.Since(at).Abs() > 5*time.Minute || r.Header.Get("X-Amz-Security-Token") != f.SessionToken {
		return false
	}
	again, err := http.NewRequest(r.Method, "http://"+r.Host+r.URL.String(), nil)
	if err != nil {
		return false
	}
	for _, name := range strings.Split(names, ";") {
		if value := r.Header.Get(name); value != "" && !strings.HasPrefix(name, "x-amz-date") && name != "x-amz-security-token" {
			again.Header.Set(name, value)
		}
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: AccessKeyID, SecretAccessKey: SecretAccessKey, SessionToken: f.SessionToken}
	err = v4.NewSigner().SignHTTP(context.Background(), credentials, again, hex.EncodeToString(sum[:]), "sqs", Region, at)
	return err == nil && again.Header.Get("Authorization") == given
}

// nobody takes an answer that is lost.
type nobody struct{ header http.Header }

func (n nobody) Header() http.Header         { return n.header }
func (n nobody) Write(b []byte) (int, error) { return len(b), nil }
func (n nobody) WriteHeader(int)             {}
