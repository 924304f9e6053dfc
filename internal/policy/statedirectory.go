package policy

import (
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/keyset"
)

// checkStateDirectory checks the option stateDirectory.
func checkStateDirectory(n *config.Notes, p *Policy, directory string) {
	if directory == "" {
		return
	}
	if directory[:1] != "/" {
		config.AddProblem(n, "stateDirectory", config.KindInvalid, "must be an absolute path")
	}
	isUsed := p.Replay != nil || p.Delivery != nil || p.Audit.Required || hasFetchedKeys(p.KeySources) || hasFetchedList(p.Addresses) || sends(p.Audit)
	if !isUsed && len(n.Problems) == 0 {
		config.AddWarning(n, "stateDirectory", config.KindNoEffect, "has no effect, because nothing needs it: replay, delivery, a list or a key set with a url, audit.required, and an output across a network would")
	}
}

// hasFetchedKeys says whether one of the key sets is fetched.
func hasFetchedKeys(sources []keyset.Source) bool {
	for _, s := range sources {
		if s.File == "" {
			return true
		}
	}
	return false
}
