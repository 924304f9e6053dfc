package policy

import (
	"fmt"

	"github.com/hookward/hookward/internal/config"
)

// checkHabits says what of a sender's habits the options do not fit.
func checkHabits(n *config.Notes, p *Policy, row *config.Provider) {
	retries := row.Habits.RetriesFor
	for _, s := range p.Schemes {
		if s.Timestamped && retries > s.Tolerance {
			wide := retries + config.DefaultTolerance
			config.AddWarning(n, "tolerance", config.KindLostRetries, fmt.Sprintf("is %s, but the provider repeats a failed delivery for %s with its first timestamp, and attempts that are older are refused; with replay (window: at least %s) the default is %s, and a tolerance of your own ends this warning",
				s.Tolerance, retries, 2*wide+config.ReplayMargin, wide))
		}
	}
	r := p.Replay
	if row.Habits.Alike && r != nil && !r.ByDelivery && r.OnDuplicate != "forward" {
		config.AddProblem(n, "replay", config.KindContradiction, "would lose deliveries of this provider, because different events are equal to the byte; take replay out, or write onDuplicate: forward, which passes on all of them")
	}
}
