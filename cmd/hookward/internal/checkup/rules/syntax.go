package rules

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/finding"
	"github.com/hookward/hookward/cmd/hookward/internal/checkup/reading"
)

// matchers are those of Traefik 3.6, with the least and the most arguments that each
// takes.
// https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/
var matchers = []struct {
	name        string
	least, most int
}{
	{"ClientIP", 1, 1}, {"Header", 2, 2}, {"HeaderRegexp", 2, 2}, {"Host", 1, 1}, {"HostRegexp", 1, 1}, {"Method", 1, 1},
	{"Path", 1, 1}, {"PathPrefix", 1, 1}, {"PathRegexp", 1, 1}, {"Query", 1, 2}, {"QueryRegexp", 1, 2},
}

// checkRules finds rules that Traefik can't parse: it drops their routers.
func (c *check) checkRules() {
	for _, r := range c.set.Routers {
		if reading.IsUnresolved(r.Rule) || c.isOldSyntax(r.Node.Get("ruleSyntax").String()) || c.isOldSyntax(r.Node.Get("syntax").String()) {
			continue
		}
		path, node := ruleOf(&route{Router: r})
		problem := ruleProblem(r.Rule)
		if r.Rule == "" {
			// A container's has Traefik's defaultRule, and a child that of its parent.
			if r.Provider == "docker" || r.Provider == "swarm" || r.Node.Get("parentRefs") != nil {
				continue
			}
			problem = "has no rule"
		}
		if problem != "" {
			c.say(r.File, node, finding.Error, "router-rule", path, "%s: %s", problem, dropsRouter)
		}
	}
}

// isOldSyntax says whether rules are those of Traefik 2, for a router or for all.
func (c *check) isOldSyntax(syntax string) bool {
	if syntax != "" {
		return strings.EqualFold(syntax, "v2")
	}
	for _, s := range c.set.Statics {
		if strings.EqualFold(s.Root.Path("core", "defaultRuleSyntax").String(), "v2") {
			return true
		}
	}
	return false
}

// ruleProblem returns what keeps Traefik from using a rule, or "". Traefik reads rules
// as expressions of Go, and so does this.
func ruleProblem(rule string) string {
	e, err := parser.ParseExpr(rule)
	if err == nil {
		return expressionProblem(e)
	}
	bare := quotedText.ReplaceAllString(rule, "")
	opened, closed := strings.Count(bare, "("), strings.Count(bare, ")")
	switch {
	case opened > closed:
		return "can't be parsed: it has more ( than )"
	case opened < closed:
		return "can't be parsed: it has more ) than ("
	}
	mistakes := scanner.ErrorList{}
	if !errors.As(err, &mistakes) || len(mistakes) == 0 {
		return "can't be parsed"
	}
	return fmt.Sprintf("can't be parsed: character %d: %s", mistakes[0].Pos.Offset+1, mistakes[0].Msg)
}

var quotedText = regexp.MustCompile("`[^`]*`|\"(?:[^\"\\\\]|\\\\.)*\"")

func expressionProblem(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.ParenExpr:
		return expressionProblem(e.X)
	case *ast.UnaryExpr:
		if e.Op != token.NOT {
			return "has " + e.Op.String() + " in it; allowed are && || ! ( )"
		}
		return expressionProblem(e.X)
	case *ast.BinaryExpr:
		if e.Op != token.LAND && e.Op != token.LOR {
			return "has " + e.Op.String() + " in it; allowed are && || ! ( )"
		}
		problem := expressionProblem(e.X)
		if problem == "" {
			problem = expressionProblem(e.Y)
		}
		return problem
	case *ast.CallExpr:
		return callProblem(e)
	}
	return "has something in it that is no matcher, such as Host(`example.com`)"
}

func callProblem(call *ast.CallExpr) string {
	name := ""
	if identifier, ok := call.Fun.(*ast.Ident); ok {
		name = identifier.Name
	}
	names := []string{}
	for _, m := range matchers {
		if isSpelling(name, m.name) {
			return argumentsProblem(m.name, m.least, m.most, call.Args)
		}
		names = append(names, m.name)
	}
	return fmt.Sprintf("has %s in it, which is no matcher of Traefik's%s (known: %s)", name, didYouMean(name, names), strings.Join(names, ", "))
}

// isSpelling says whether a matcher may be written so: as it is, in lower or in upper
// case, or with its first letter alone in upper case.
func isSpelling(name, matcher string) bool {
	lower := strings.ToLower(matcher)
	return name == matcher || name == lower || name == strings.ToUpper(matcher) || name == strings.ToUpper(lower[:1])+lower[1:]
}

func argumentsProblem(matcher string, least, most int, arguments []ast.Expr) string {
	texts := []string{}
	for _, a := range arguments {
		literal, ok := a.(*ast.BasicLit)
		if !ok || literal.Kind != token.STRING {
			return matcher + " takes texts in backticks"
		}
		text, err := strconv.Unquote(literal.Value)
		if err != nil {
			return matcher + " takes texts in backticks"
		}
		if text == "" {
			return "has " + matcher + " with an empty text"
		}
		texts = append(texts, text)
	}
	if len(texts) < least || len(texts) > most {
		allowed := counted(least, "argument")
		if most > least {
			allowed = fmt.Sprintf("%d or %d arguments", least, most)
		}
		return fmt.Sprintf("has %s with %s; Traefik 3 takes %s, and || between matchers", matcher, counted(len(texts), "argument"), allowed)
	}
	last := texts[len(texts)-1]
	switch {
	case strings.HasSuffix(matcher, "Regexp") && (matcher != "QueryRegexp" || len(texts) == 2):
		_, err := regexp.Compile(last)
		if err != nil {
			return "has in " + matcher + " what is no regular expression: " + err.Error()
		}
	case (matcher == "Path" || matcher == "PathPrefix") && !strings.HasPrefix(last, "/"):
		return "has a " + matcher + " that does not begin with /"
	case matcher == "ClientIP":
		_, _, err := net.ParseCIDR(last)
		if err != nil && net.ParseIP(last) == nil {
			return "has in ClientIP what is neither an address nor a range of them"
		}
	}
	if strings.HasPrefix(matcher, "Host") {
		for _, r := range last {
			if r > 127 {
				return "has letters in " + matcher + " that are not ASCII; write the host's name in Punycode"
			}
		}
	}
	return ""
}

// counted returns a number with a noun.
func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
