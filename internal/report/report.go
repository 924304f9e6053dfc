// Package report knows how the operator is told of something, on stderr, and not too
// often. It must not know of what.
package report

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// ECSVersion is that of the Elastic Common Schema, whose names records and reports have.
const ECSVersion = "8.17.0"

// TimeLayout is how their times are written, in UTC.
const TimeLayout = "2006-01-02T15:04:05.000000Z"

// reportLine is a line for the operator. The names are those of the Elastic
// Common Schema.
type reportLine struct {
	Time       string `json:"@timestamp"`
	Level      string `json:"log.level"`
	ECSVersion string `json:"ecs.version"`
	Logger     string `json:"log.logger"`
	Middleware string `json:"hookward.middleware,omitempty"`
	Message    string `json:"message"`
}

// Traefik builds a gate for every router at every reload, so the same cause is
// reported once in a while only.
const (
	errorInterval   = 30 * time.Second
	warningInterval = time.Hour
	maxCauses       = 1024
)

var (
	reportMu sync.Mutex
	reported = map[string]time.Time{}
	// configured are digests of what the middlewares say, and unwell those of which a
	// mistake has been reported.
	configured = map[string]string{}
	unwell     = map[string]bool{}
	// reportOutput is the process's stderr itself, whatever Traefik's log level.
	reportOutput io.Writer = os.Stderr
)

// Redirect has what is reported go somewhere else, as if nothing had been said before.
// It is for tests.
func Redirect(w io.Writer) {
	reportMu.Lock()
	reportOutput = w
	reported = map[string]time.Time{}
	configured = map[string]string{}
	unwell = map[string]bool{}
	reportMu.Unlock()
}

// Write tells the operator of a middleware's state, at level error, warn or info. It
// must never be given a secret, or anything that depends on one.
func Write(level, middleware, message string, now time.Time) {
	interval := errorInterval
	if level == "warn" {
		interval = warningInterval
	}
	cause := level + "\x00" + middleware + "\x00" + message
	reportMu.Lock()
	last, known := reported[cause]
	if known && now.Sub(last) < interval && now.Sub(last) >= 0 {
		reportMu.Unlock()
		return
	}
	if len(reported) >= maxCauses {
		reported = map[string]time.Time{}
	}
	reported[cause] = now
	reportMu.Unlock()
	Say(level, middleware, message, now)
}

// Say is report for what is said each time.
func Say(level, middleware, message string, now time.Time) {
	reportMu.Lock()
	output := reportOutput
	reportMu.Unlock()
	line, err := json.Marshal(&reportLine{
		Time:       now.UTC().Format(TimeLayout),
		Level:      level,
		ECSVersion: ECSVersion,
		Logger:     "hookward",
		Middleware: middleware,
		Message:    message,
	})
	if err == nil {
		_, _ = output.Write(append(line, '\n'))
	}
}

// NoteConfiguration has everything said anew where a middleware's configuration is
// another than before: the same words are about another mistake then.
func NoteConfiguration(middleware string, raw map[string]any) {
	sum := sha256.Sum256([]byte(fmt.Sprint(raw)))
	digest := string(sum[:])
	reportMu.Lock()
	defer reportMu.Unlock()
	if configured[middleware] == digest {
		return
	}
	if len(configured) >= maxCauses {
		configured = map[string]string{}
	}
	configured[middleware] = digest
	for cause := range reported {
		if strings.Contains(cause, "\x00"+middleware+"\x00") {
			delete(reported, cause)
		}
	}
}

// NoteHealth says once that a middleware is well again.
func NoteHealth(middleware string, isUnwell bool, now time.Time) {
	reportMu.Lock()
	was := unwell[middleware]
	delete(unwell, middleware)
	if isUnwell && len(unwell) < maxCauses {
		unwell[middleware] = true
	}
	reportMu.Unlock()
	if was && !isUnwell {
		Say("info", middleware, "is well again: its configuration and all of its secrets are in force", now)
	}
}
