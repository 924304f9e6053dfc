package hookward

// problem is what there is to say of an option.
type problem struct {
	path string // such as secrets[0]; empty where it is about the whole
	kind string
	text string // without the path
}

// Kinds of problems. What is invalid is so whatever the other options say; the second
// group is said for the sake of others.
const (
	kindInvalid         = "invalid"
	kindUnknownOption   = "unknown option"
	kindUnknownProvider = "unknown provider"
	kindInClear         = "secret in clear"
	kindWeakSecret      = "weak secret"
	kindUnboundBody     = "unbound body"
	kindLongTolerance   = "long tolerance"
	kindLostRetries     = "lost retries"

	kindRequired      = "required"
	kindNoEffect      = "no effect"
	kindContradiction = "contradiction"
	kindMisfit        = "key of another algorithm"
	kindPanic         = "panic"
)

// notes collects what there is to say of a configuration.
type notes struct {
	problems []problem // the gate answers 503 to everything
	degraded []problem // what is wrong, but has a substitute in force
	warnings []problem
}

func addProblem(n *notes, path, kind, text string) {
	n.problems = append(n.problems, problem{path: path, kind: kind, text: text})
}

func addWarning(n *notes, path, kind, text string) {
	n.warnings = append(n.warnings, problem{path: path, kind: kind, text: text})
}

// addAll adds what a package says of an option of its own, and of those in it.
func addAll(n *notes, section string, said [][2]string) {
	for _, s := range said {
		addProblem(n, join(section, s[0]), kindInvalid, s[1])
	}
}

// addWarnings is addAll for what is questionable.
func addWarnings(n *notes, section string, said [][2]string) {
	for _, s := range said {
		addWarning(n, join(section, s[0]), kindInvalid, s[1])
	}
}

// dependent are the kinds of what is said for the sake of other options.
var dependent = map[string]bool{kindRequired: true, kindNoEffect: true, kindContradiction: true, kindMisfit: true, kindPanic: true}

// sentence returns a problem as people read it.
func sentence(p problem) string {
	if p.path == "" {
		return p.text
	}
	return p.path + ": " + p.text
}

func sentences(problems []problem) []string {
	texts := make([]string, 0, len(problems))
	for _, p := range problems {
		texts = append(texts, sentence(p))
	}
	return texts
}

// withoutRepeats returns problems in order, each of them once: forms that share an
// option share its mistakes.
func withoutRepeats(problems []problem) []problem {
	seen := map[string]bool{}
	once := []problem{}
	for _, p := range problems {
		text := sentence(p)
		if !seen[text] {
			seen[text] = true
			once = append(once, p)
		}
	}
	return once
}
