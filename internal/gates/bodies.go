package gates

import (
	"fmt"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/budget"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/policy"
	"github.com/hookward/hookward/internal/report"
)

// Bodies is the memory for the bodies of all gates. It has no limit until a gate is built.
var Bodies = budget.New()

// defaultBodyMemory is what budget.Default has said; guarded by registryMu.
var defaultBodyMemory int64

// keepBodyMemory sets the limit for all bodies, with the middleware's lock held.
func keepBodyMemory(m *middleware, name string, p *policy.Policy, now time.Time) {
	registryMu.Lock()
	_, limit := budget.Used(Bodies)
	if m.bodyMemory != p.MaxBodyMemory || defaultBodyMemory == 0 {
		m.bodyMemory = p.MaxBodyMemory
		limit = limitBodies()
	}
	registryMu.Unlock()
	told := []string{}
	if p.MaxBodyMemory > limit {
		told = append(told, fmt.Sprintf("maxBodyMemoryBytes: another middleware names %d, and the smallest counts for all", limit))
	}
	if largest := budget.Largest(limit); p.MaxBodyBytes > largest {
		told = append(told, fmt.Sprintf("maxBodyBytes: %d is more than the %d bytes that one source can count on, of %d for all bodies (maxBodyMemoryBytes); larger bodies may get 503", p.MaxBodyBytes, largest, limit))
	}
	text := strings.Join(told, "; ")
	if text != "" && text != m.bodyMemoryTold {
		report.Write("warn", name, text, now)
	}
	m.bodyMemoryTold = text
}

// limitBodies sets the limit for all bodies to the smallest that a middleware names, with
// registryMu held, and returns it.
func limitBodies() int64 {
	if defaultBodyMemory == 0 {
		defaultBodyMemory = budget.Default()
	}
	limit := int64(0)
	for _, m := range middlewares {
		if m.bodyMemory > 0 && (limit == 0 || m.bodyMemory < limit) {
			limit = m.bodyMemory
		}
	}
	if limit == 0 {
		limit = defaultBodyMemory
	}
	budget.SetLimit(Bodies, limit)
	delivery.SetAttemptMemory(limit / 2) // beside those of requests
	return limit
}
