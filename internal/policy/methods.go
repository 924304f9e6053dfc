package policy

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/words"
)

// orPost returns the methods of deliveries.
func orPost(methods []string) []string {
	if len(methods) == 0 {
		return []string{http.MethodPost}
	}
	return methods
}

func compileMethods(n *config.Notes, written []string) map[string]bool {
	methods := map[string]bool{}
	for i, m := range orPost(written) {
		if !words.Contains(knownMethods, m) {
			config.AddProblem(n, fmt.Sprintf("methods[%d]", i), config.KindInvalid, words.Quote(m)+" is not a method that may pass; allowed: "+strings.Join(knownMethods, ", "))
		}
		methods[m] = true
	}
	return methods
}

// AllowedBeside lists the methods that may carry something, for a 405. A handshake of the
// method that was refused may be answered, but was not asked for.
func AllowedBeside(p *Policy, method string) string {
	others := []string{}
	for _, name := range strings.Split(p.Allow, ", ") {
		if name != method {
			others = append(others, name)
		}
	}
	return strings.Join(others, ", ")
}
