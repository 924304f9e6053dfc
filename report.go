package hookward

import (
	"encoding/json"
	"io"
	"os"
	"sync"
	"time"
)

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
	// reportOutput is the process's stderr itself, whatever Traefik's log level.
	reportOutput io.Writer = os.Stderr
)

// redirect has what is reported go somewhere else, as if nothing had been said before.
// It is for tests.
func redirect(w io.Writer) {
	reportMu.Lock()
	reportOutput = w
	reported = map[string]time.Time{}
	reportMu.Unlock()
}

// report tells the operator of a middleware's state, at level error, warn or info. It
// must never be given a secret, or anything that depends on one.
func report(level, middleware, message string, now time.Time) {
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
	output := reportOutput
	reportMu.Unlock()

	line, err := json.Marshal(&reportLine{
		Time:       now.UTC().Format(timeLayout),
		Level:      level,
		ECSVersion: ecsVersion,
		Logger:     "hookward",
		Middleware: middleware,
		Message:    message,
	})
	if err == nil {
		_, _ = output.Write(append(line, '\n'))
	}
}
