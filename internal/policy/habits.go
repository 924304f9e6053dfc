package policy

import (
	"fmt"
	"net/http"

	"github.com/hookward/hookward/internal/config"
)

// checkHabits says what of a sender's habits the options do not fit.
func checkHabits(n *config.Notes, p *Policy, options config.Options, row *config.Provider) {
	retries := row.Habits.RetriesFor
	for _, s := range p.Schemes {
		if s.Timestamped && retries > s.Tolerance {
			wide := retries + config.DefaultTolerance
			config.AddWarning(n, "tolerance", config.KindLostRetries, fmt.Sprintf("is %s, but the provider repeats a failed delivery for %s with its first timestamp, and attempts that are older are refused; with replay (window: at least %s) the default is %s, and a tolerance of your own ends this warning",
				s.Tolerance, retries, 2*wide+config.ReplayMargin, wide))
		}
	}
	compileStaleStatus(n, p, options.StaleStatusCode, row)
	r := p.Replay
	if row.Habits.Alike && r != nil && !r.ByDelivery && r.OnDuplicate != "forward" {
		config.AddProblem(n, "replay", config.KindContradiction, "would lose deliveries of this provider, because different events are equal to the byte; take replay out, or write onDuplicate: forward, which passes on all of them")
	}
}

// compileStaleStatus checks the option staleStatusCode. A row's own is no mistake where a
// user's scheme signs no timestamp.
func compileStaleStatus(n *config.Notes, p *Policy, status int64, row *config.Provider) {
	if status != 0 && (status < 400 || status > 499 || http.StatusText(int(status)) == "") {
		config.AddProblem(n, "staleStatusCode", config.KindInvalid, fmt.Sprintf("%d is not a status from 400 to 499, such as 406", status))
	}
	timestamped := p.MessageSignature != nil
	for _, s := range p.Schemes {
		timestamped = timestamped || s.Timestamped
	}
	if status != 0 && status != row.Options.StaleStatusCode && !timestamped && len(n.Problems) == 0 {
		config.AddProblem(n, "staleStatusCode", config.KindNoEffect, "has no effect, because the scheme signs no timestamp")
	}
	p.StaleStatus = int(status)
}
