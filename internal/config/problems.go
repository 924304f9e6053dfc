package config

// Problem is what there is to say of an option.
type Problem struct {
	Path string // such as secrets[0]; empty where it is about the whole
	Kind string
	Text string // without the path
}

// Kinds of problems. What is invalid is so whatever the other options say; the second
// group is said for the sake of others.
const (
	KindInvalid         = "invalid"
	KindUnknownOption   = "unknown option"
	KindUnknownProvider = "unknown provider"
	KindInClear         = "secret in clear"
	KindWeakSecret      = "weak secret"
	KindUnboundBody     = "unbound body"
	KindLongTolerance   = "long tolerance"
	KindLostRetries     = "lost retries"

	KindRequired      = "required"
	KindNoEffect      = "no effect"
	KindContradiction = "contradiction"
	KindMisfit        = "key of another algorithm"
	KindPanic         = "panic"
)

// Notes collects what there is to say of a configuration.
type Notes struct {
	Problems []Problem // the gate answers 503 to everything
	Degraded []Problem // what is wrong, but has a substitute in force
	Warnings []Problem
}

func AddProblem(n *Notes, path, kind, text string) {
	n.Problems = append(n.Problems, Problem{Path: path, Kind: kind, Text: text})
}

func AddWarning(n *Notes, path, kind, text string) {
	n.Warnings = append(n.Warnings, Problem{Path: path, Kind: kind, Text: text})
}

// AddAll adds what a package says of an option of its own, and of those in it.
func AddAll(n *Notes, section string, said [][2]string) {
	for _, s := range said {
		AddProblem(n, join(section, s[0]), KindInvalid, s[1])
	}
}

// AddWarnings is AddAll for what is questionable.
func AddWarnings(n *Notes, section string, said [][2]string) {
	for _, s := range said {
		AddWarning(n, join(section, s[0]), KindInvalid, s[1])
	}
}

// Dependent are the kinds of what is said for the sake of other options.
var Dependent = map[string]bool{KindRequired: true, KindNoEffect: true, KindContradiction: true, KindMisfit: true, KindPanic: true}

// Sentence returns a problem as people read it.
func Sentence(p Problem) string {
	if p.Path == "" {
		return p.Text
	}
	return p.Path + ": " + p.Text
}

func Sentences(problems []Problem) []string {
	texts := make([]string, 0, len(problems))
	for _, p := range problems {
		texts = append(texts, Sentence(p))
	}
	return texts
}

// WithoutRepeats returns problems in order, each of them once: schemes that share an
// option share its mistakes.
func WithoutRepeats(problems []Problem) []Problem {
	seen := map[string]bool{}
	once := []Problem{}
	for _, p := range problems {
		text := Sentence(p)
		if !seen[text] {
			seen[text] = true
			once = append(once, p)
		}
	}
	return once
}
