package config

import (
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/words"
)

// NumberOr returns the value of an option, or its default where none was given.
func NumberOr(given, fallback int64) int64 {
	if given == 0 {
		return fallback
	}
	return given
}

// DurationOr is NumberOr for durations.
func DurationOr(given, fallback time.Duration) time.Duration {
	if given == 0 {
		return fallback
	}
	return given
}

// CheckMost notes a value above the largest that an option may have.
func CheckMost(n *Notes, path string, value, most int64) {
	if value > most {
		AddProblem(n, path, KindInvalid, "must be at most "+strconv.FormatInt(most, 10))
	}
}

// CheckLongest is CheckMost for durations.
func CheckLongest(n *Notes, path string, value, most time.Duration) {
	if value > most {
		AddProblem(n, path, KindInvalid, "must be at most "+strings.NewReplacer("h0m0s", "h", "m0s", "m").Replace(most.String()))
	}
}

// CheckKnown notes a value that is none of those that an option may have.
func CheckKnown(n *Notes, path, value string, allowed []string) {
	if value != "" && !words.Contains(allowed, value) {
		AddProblem(n, path, KindInvalid, NotKnown(value, allowed))
	}
}

// CheckCount notes a list with more items than an option may have.
func CheckCount(n *Notes, path string, count, most int) {
	if count > most {
		AddProblem(n, path, KindInvalid, "are more than "+strconv.Itoa(most))
	}
}
