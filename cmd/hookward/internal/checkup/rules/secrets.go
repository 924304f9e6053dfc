package rules

import (
	"crypto/sha256"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
)

// checkSameSecrets tells of secrets that several gates have in common: a delivery for
// one of them is a good one for the other.
func (c *check) checkSameSecrets() {
	type use struct {
		gate *gate
		path string
	}
	first := map[[32]byte]use{}
	for _, g := range c.gates {
		for _, s := range g.inspection.Secrets {
			if s.Public || s.Text == "" {
				continue
			}
			sum := sha256.Sum256([]byte(s.Text))
			other, known := first[sum]
			if !known {
				first[sum] = use{g, s.Path}
				continue
			}
			if other.gate.Key != g.Key {
				c.say(g.File, g.section.At(s.Path), finding.Info, "same-secret", g.Path+".plugin."+g.alias+"."+s.Path,
					"is %s of %s too: what is signed for one of them verifies at the other", other.path, place(other.gate.Middleware))
			}
		}
	}
}
