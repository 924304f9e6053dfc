package rules

import (
	"regexp"
	"strings"
)

// matcher is one condition of a router's rule, such as Host(`a`).
type matcher struct {
	name    string // in lower case
	text    string // the argument, or all of them
	negated bool
}

// alternatives are the ways in which a rule can hold; in each, all matchers do. It is
// nil for a rule that is not understood.
type alternatives [][]matcher

// maxAlternatives bounds what a rule is taken apart into.
const maxAlternatives = 64

// parseRule takes a rule of Traefik's apart.
// https://doc.traefik.io/traefik/reference/routing-configuration/http/routing/rules-and-priority/
func parseRule(rule string) alternatives {
	p := &ruleParser{text: rule}
	result := p.or(false)
	p.space()
	if p.failed || p.at < len(p.text) || len(result) > maxAlternatives {
		return nil
	}
	return result
}

type ruleParser struct {
	text   string
	at     int
	failed bool
	depth  int
}

func (p *ruleParser) space() {
	for p.at < len(p.text) && strings.ContainsRune(" \t\r\n", rune(p.text[p.at])) {
		p.at++
	}
}

func (p *ruleParser) take(sign string) bool {
	p.space()
	if !strings.HasPrefix(p.text[p.at:], sign) {
		return false
	}
	p.at += len(sign)
	return true
}

// or reads what || joins. Negated, it is what && joins of the opposites.
func (p *ruleParser) or(negated bool) alternatives {
	result := p.and(negated)
	for !p.failed && p.take("||") {
		next := p.and(negated)
		if negated {
			result = p.both(result, next)
		} else {
			result = append(result, next...)
		}
	}
	return result
}

func (p *ruleParser) and(negated bool) alternatives {
	result := p.one(negated)
	for !p.failed && p.take("&&") {
		next := p.one(negated)
		if negated {
			result = append(result, next...)
		} else {
			result = p.both(result, next)
		}
	}
	return result
}

func (p *ruleParser) both(a, b alternatives) alternatives {
	if len(a)*len(b) > maxAlternatives {
		p.failed = true
		return nil
	}
	result := alternatives{}
	for _, x := range a {
		for _, y := range b {
			result = append(result, append(append([]matcher{}, x...), y...))
		}
	}
	return result
}

var (
	matcherName = regexp.MustCompile(`^[A-Za-z]+`)
	argument    = regexp.MustCompile("^(?:`([^`]*)`|\"((?:[^\"\\\\]|\\\\.)*)\")")
)

func (p *ruleParser) one(negated bool) alternatives {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > 50 {
		p.failed = true
	}
	if p.failed {
		return nil
	}
	if p.take("!") {
		return p.one(!negated)
	}
	if p.take("(") {
		result := p.or(negated)
		p.failed = p.failed || !p.take(")")
		return result
	}
	p.space()
	name := matcherName.FindString(p.text[p.at:])
	p.at += len(name)
	if name == "" || !p.take("(") {
		p.failed = true
		return nil
	}
	arguments := []string{}
	for {
		p.space()
		match := argument.FindStringSubmatch(p.text[p.at:])
		if match == nil {
			break
		}
		p.at += len(match[0])
		arguments = append(arguments, match[1]+match[2])
		if !p.take(",") {
			break
		}
	}
	p.failed = p.failed || !p.take(")")
	name = strings.ToLower(name)
	// Several hosts or paths are what || joins, but for headers and queries, whose
	// second argument is the value.
	if strings.HasPrefix(name, "header") || strings.HasPrefix(name, "query") || len(arguments) < 2 || negated {
		return alternatives{{{name, strings.Join(arguments, "\x00"), negated}}}
	}
	result := alternatives{}
	for _, a := range arguments {
		result = append(result, []matcher{{name, a, negated}})
	}
	return result
}

// covers says whether whatever one rule takes, the other takes as well.
func covers(broad, narrow alternatives) bool {
	if len(broad) == 0 || len(narrow) == 0 {
		return false
	}
	for _, n := range narrow {
		covered := false
		for _, b := range broad {
			covered = covered || follows(b, n)
		}
		if !covered {
			return false
		}
	}
	return true
}

// meets is covers for one of the ways in which the narrow rule can hold.
func meets(broad, narrow alternatives) bool {
	for _, n := range narrow {
		if covers(broad, alternatives{n}) {
			return true
		}
	}
	return false
}

// follows says whether all of some conditions follow from others.
func follows(conditions, from []matcher) bool {
	for _, m := range conditions {
		implied := false
		for _, f := range from {
			implied = implied || implies(f, m)
		}
		if !implied && !always(m) {
			return false
		}
	}
	return true
}

// always says whether a condition holds for every request.
func always(m matcher) bool {
	return !m.negated && (m.name == "pathprefix" && (m.text == "/" || m.text == "") ||
		m.name == "hostregexp" && (m.text == ".*" || m.text == ".+" || m.text == "^.*$" || m.text == "^.+$"))
}

func implies(from, m matcher) bool {
	if from == m || from.name == m.name && from.negated == m.negated && m.name == "host" && strings.EqualFold(from.text, m.text) {
		return true
	}
	if from.negated || m.negated {
		return false
	}
	switch m.name {
	case "pathprefix":
		return (from.name == "path" || from.name == "pathprefix") && strings.HasPrefix(from.text, m.text)
	case "pathregexp":
		// What begins like a path goes on to match, unless the pattern has an end.
		goesOn := from.name == "pathprefix" && !strings.ContainsAny(m.text, "$\\")
		return (from.name == "path" || goesOn) && matches(m.text, from.text)
	case "hostregexp":
		return from.name == "host" && matches(m.text, from.text)
	}
	return false
}

func matches(pattern, text string) bool {
	r, err := regexp.Compile(pattern)
	return err == nil && r.MatchString(text)
}

// apart says whether two rules are about different hosts, or about different places
// below them, whatever way of writing a path a backend may be lenient about.
func apart(a, b alternatives) bool {
	return allExclude(a, b, func(x, y []matcher) bool { return excludesPath(x, y) || excludesHost(x, y) })
}

// pathsApart is apart for the paths alone: a backend may serve any host alike.
func pathsApart(a, b alternatives) bool { return allExclude(a, b, excludesPath) }

func allExclude(a, b alternatives, exclude func(x, y []matcher) bool) bool {
	if len(a) == 0 || len(b) == 0 {
		return false
	}
	for _, x := range a {
		for _, y := range b {
			if !exclude(x, y) {
				return false
			}
		}
	}
	return true
}

func excludesPath(a, b []matcher) bool {
	for _, x := range a {
		for _, y := range b {
			isPath := strings.HasPrefix(x.name, "path") && strings.HasPrefix(y.name, "path") && x.name != "pathregexp" && y.name != "pathregexp"
			p, q := strings.ToLower(x.text), strings.ToLower(y.text)
			if !x.negated && !y.negated && isPath && !strings.HasPrefix(p, q) && !strings.HasPrefix(q, p) {
				return true
			}
		}
	}
	return false
}

func excludesHost(a, b []matcher) bool {
	for _, x := range a {
		for _, y := range b {
			if !x.negated && !y.negated && x.name == "host" && y.name == "host" && !strings.EqualFold(x.text, y.text) {
				return true
			}
		}
	}
	return false
}
