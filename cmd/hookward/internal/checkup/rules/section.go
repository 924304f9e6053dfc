package rules

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
	"github.com/hookward/hookward/internal/inspect"
)

var reference = regexp.MustCompile(`^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:/.*)$`)

const kubernetesSecret = "urn:k8s:secret:"

// checkOptions has the plugin compile a section, and says what it thinks of it.
func (c *check) checkOptions(g *gate, raw map[string]any, path string) {
	isElsewhere := func(text string) bool {
		switch {
		case reading.IsUnresolved(text):
			return true
		case strings.HasPrefix(text, kubernetesSecret):
			return g.ResolvesSecrets
		}
		return !c.options.Environment && reference.MatchString(text)
	}
	g.inspection = inspect.Inspect(raw, isElsewhere)
	say := func(option, severity, rule, message string) {
		at := path
		if option != "" {
			at += "." + option
		}
		c.say(g.File, g.section.At(option), severity, rule, at, "%s", message)
	}
	for _, p := range g.inspection.Problems {
		if reading.IsUnresolved(textAt(g.section, p.Path)) {
			continue // it may be good once it is resolved
		}
		if isMissed(p, g) {
			continue // it stands beside the section, which has been said
		}
		say(p.Path, finding.Error, ruleOfProblem(p), p.Text)
	}
	for _, w := range g.inspection.Warnings {
		say(w.Path, finding.Warning, ruleOfWarning(w), w.Text)
	}
	secret := map[string]bool{}
	for _, s := range g.inspection.Secrets {
		secret[s.Path] = true
		if g.ResolvesSecrets && strings.HasPrefix(s.Text, kubernetesSecret) && strings.Count(s.Text, ":") != 4 {
			say(s.Path, finding.Error, "refused-by-traefik", "must be urn:k8s:secret:NAME:KEY, with the key of the Secret: "+vanishes)
			continue
		}
		if s.Placeholder {
			severity, rule, message := needs(s)
			say(s.Path, severity, rule, message)
		}
	}
	c.checkUnquoted(g, path)
	c.sayUnresolved(g.section, "", func(option string) {
		if !secret[option] {
			say(option, finding.Info, "unresolved", "is not checked: "+unresolvedNames(textAt(g.section, option))+" is resolved elsewhere")
		}
	})
}

// isMissed says whether a problem is for the lack of what stands beside a gate's section
// instead of below it.
func isMissed(p inspect.Remark, g *gate) bool {
	beside := false
	for _, item := range g.Plugin().Items {
		if !isOption(item.Name) {
			continue
		}
		beside = true
		if strings.EqualFold(item.Name, p.Path) && p.Kind == inspect.KindRequired {
			return true
		}
	}
	return beside && p.Path == "" && p.Kind == inspect.KindRequired
}

// needs says what a reference asks of those who run Traefik.
func needs(s inspect.SecretText) (string, string, string) {
	scheme, rest, _ := strings.Cut(s.Text, ":")
	switch {
	case reading.IsUnresolved(s.Text) && s.Public:
		return finding.Info, "unresolved", "is not checked: " + unresolvedNames(s.Text) + " is resolved elsewhere"
	case reading.IsUnresolved(s.Text):
		return finding.Warning, "secret-in-clear", unresolvedNames(s.Text) + " is resolved before Traefik reads it, and Traefik shows plugin options in its API and its debug log; write env:NAME or file:/path, of Traefik's own"
	case strings.HasPrefix(s.Text, kubernetesSecret):
		return finding.Info, "kubernetes-secret", "is resolved by Traefik, which shows plugin options in its API and its debug log; file:/path of a mounted secret is not shown"
	case scheme == "env":
		return finding.Info, "reference", "needs the variable " + rest + " in Traefik's environment"
	}
	return finding.Info, "reference", "needs the file " + rest + ", readable for Traefik"
}

// ruleOfProblem returns the name of the rule that a mistake breaks.
func ruleOfProblem(p inspect.Remark) string {
	switch {
	case p.Kind == inspect.KindUnknownOption:
		return "unknown-option"
	case p.Kind == inspect.KindUnknownProvider:
		return "unknown-provider"
	}
	return "option"
}

// ruleOfWarning does so for what works, but not as it should.
func ruleOfWarning(w inspect.Remark) string {
	switch {
	case w.Kind == inspect.KindInClear:
		return "secret-in-clear"
	case w.Kind == inspect.KindWeakSecret:
		return "weak-secret"
	case w.Path == "observeOnly":
		return "observe-only"
	case strings.HasSuffix(w.Path, ".insecureSkipVerify"), strings.HasSuffix(w.Path, ".plainHTTP"):
		return "insecure-connection"
	case strings.HasSuffix(w.Path, ".signs"):
		return "loose-signature"
	}
	return "questionable"
}

// textAt returns what stands at an option's path, all of it.
func textAt(section *document.Node, option string) string {
	n := section.At(option)
	if n == section {
		return ""
	}
	return allText(n)
}

func allText(n *document.Node) string {
	if n.Kind == document.Scalar {
		return n.Text
	}
	text := ""
	for _, item := range n.Items {
		text += " " + allText(item)
	}
	return text
}

// sayUnresolved visits the values that have something in them that is resolved
// elsewhere.
func (c *check) sayUnresolved(n *document.Node, path string, visit func(option string)) {
	if n.Kind == document.Scalar && reading.IsUnresolved(n.Text) {
		visit(path)
	}
	for i, item := range n.Items {
		next := fmt.Sprintf("%s[%d]", path, i)
		if n.Kind == document.Map {
			next = strings.TrimPrefix(path+"."+item.Name, ".")
		}
		c.sayUnresolved(item, next, visit)
	}
}

var unresolvedName = regexp.MustCompile(`⟦([^⟧]*)⟧`)

func unresolvedNames(text string) string {
	names := []string{}
	for _, match := range unresolvedName.FindAllStringSubmatch(text, -1) {
		names = append(names, "the "+match[1])
	}
	return strings.Join(names, " and ")
}
