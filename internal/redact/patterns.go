package redact

import (
	"regexp"
	"strconv"
	"strings"
)

// pattern is what is redacted wherever it occurs.
type pattern struct {
	name string
	hint *regexp.Regexp // is in whatever it matches, and is found sooner
	re   *regexp.Regexp // of which the first group is redacted
}

// known are the patterns that rules may name. They begin at a boundary of their
// own, not at one of words: a card number may stand behind a letter. None is
// checked any further, so a number that only looks like one is redacted, too.
var known = []pattern{
	// Card numbers by the prefixes of their issuers (ISO/IEC 7812), in groups or
	// not: Visa, Mastercard, American Express, Discover, Diners Club, JCB, UnionPay,
	// Maestro. They have no boundary behind them: what follows may be the year.
	// Behind a + there is a telephone number.
	{"card", regexp.MustCompile(`[0-9][0-9 -]{9,}[0-9]`), regexp.MustCompile(`(?:^|[^0-9+])(` +
		`4(?:[ -]?[0-9]){12,18}|` +
		`(?:5[1-5]|2[ -]?2[ -]?2[ -]?[1-9]|2[ -]?2[ -]?[3-9]|2[ -]?[3-6]|2[ -]?7[ -]?[01]|2[ -]?7[ -]?2[ -]?0)(?:[ -]?[0-9]){12,14}|` +
		`3[ -]?[47](?:[ -]?[0-9]){13}|` +
		`3[ -]?(?:0[ -]?[0-5]|[689])(?:[ -]?[0-9]){11,17}|` +
		`3[ -]?5(?:[ -]?[0-9]){14,17}|` +
		`(?:5[ -]?[06-8]|6)(?:[ -]?[0-9]){11,18})`)},
	// Addresses of which the @ may be percent-encoded, as in a link.
	{"email", regexp.MustCompile(`@|%40`), regexp.MustCompile(`([^\s@"'<>(),:;/\\\[\]{}=?&|]+(?:@|%40)(?:[\pL\pN](?:[\pL\pN_-]*[\pL\pN])?\.)+\pL[\pL\pN-]*[\pL\pN])`)},
	// International account numbers (ISO 13616): in capitals, as they are written,
	// and in small letters where no hash looks the same.
	{"iban", regexp.MustCompile(`[A-Za-z]{2}[0-9]{2}[ -]?[0-9A-Za-z]`), regexp.MustCompile(`(?:^|[^A-Za-z0-9])(` +
		`[A-Z]{2}[0-9]{2}(?:[ -]?[A-Z0-9]){11,30}|` +
		`[A-Za-z]{2}[0-9]{2}[ -]?(?:[A-Za-z](?:[ -]?[0-9]){10}|[A-Za-z]{4}|[0-9]{4})(?:[ -]?[0-9]){6,22}[A-Za-z]?)`)},
}

// signedToken is a JSON Web Token, signed or encrypted, or a detached signature. To
// have one is to be able to use it, so none is kept, whatever the rules are.
var signedToken = pattern{"token", webToken, regexp.MustCompile(`(?:^|[^A-Za-z0-9_-])(eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4})`)}

// addPatterns compiles the names of patterns into rules.
func addPatterns(r *Rules, names []string) [][2]string {
	problems := [][2]string{}
	hints := []string{`\\`, webToken.String()} // what is escaped by its number may be anything
	for i, name := range names {
		found := false
		for k := range known {
			if known[k].name == name {
				r.patterns = append(r.patterns, known[k])
				hints = append(hints, known[k].hint.String())
				found = true
			}
		}
		if !found {
			problems = append(problems, [2]string{"redactPatterns[" + strconv.Itoa(i) + "]", quote(name) + " is none of card, email and iban"})
		}
	}
	r.hint = anyOf(hints...)
	r.all = append([]pattern{signedToken}, r.patterns...)
	return problems
}

// exponent is how a number ends that may not look like what it is.
var exponent = regexp.MustCompile(`[0-9][eE][-+]?[0-9]+[\s,\]}]`)

// candidates returns the patterns that may match somewhere in a document whose
// escapes are hidden.
func candidates(r *Rules, hidden string) []pattern {
	if strings.Contains(hidden, "\\") || len(r.patterns) > 0 && exponent.MatchString(hidden) {
		return r.all
	}
	var some []pattern
	for i := range r.all {
		if r.all[i].hint.MatchString(hidden) {
			some = append(some, r.all[i])
		}
	}
	return some
}

func matches(patterns []pattern, text string) bool {
	for i := range patterns {
		if patterns[i].re.MatchString(text) {
			return true
		}
	}
	return false
}

// mask puts the marker in place of what patterns match in a text, and of secrets
// that are known to stand in it, and says whether there is any. Each pattern sees the text
// as it is, and what several match is one: after another's marker an address would be none.
func mask(patterns []pattern, text string, secrets [][]int) (string, bool) {
	for i := range patterns {
		p := &patterns[i]
		if !p.hint.MatchString(text) {
			continue
		}
		for _, found := range p.re.FindAllStringSubmatchIndex(text, -1) {
			secrets = append(secrets, found[2:4])
		}
	}
	if len(secrets) == 0 {
		return text, false
	}
	painted := []byte(text)
	for _, at := range secrets {
		copy(painted[at[0]:at[1]], make([]byte, at[1]-at[0]))
	}
	return paint.ReplaceAllLiteralString(string(painted), Marker), true
}

// paint is what mask has covered. Zeros of the text's own are covered as well.
var paint = regexp.MustCompile(`\x00+`)

// number is a JSON number that may be a card's, or may be written so that it
// doesn't look it: 4.111111111111111e15.
var number = regexp.MustCompile(`[-+.0-9eE]{12,}`)

const minNumber = 12 // bytes

// maskNumbers puts the mark in place of numbers that patterns match, between two
// strings of a document.
func maskNumbers(patterns []pattern, text string) (string, bool) {
	all := number.FindAllStringIndex(text, -1)
	if len(all) == 0 {
		return text, false
	}
	parts := make([]string, 0, 2*len(all)+1)
	from := 0
	for _, at := range all {
		if isMasked(patterns, text[at[0]:at[1]]) {
			parts = append(parts, text[from:at[0]], mark)
			from = at[1]
		}
	}
	if from == 0 {
		return text, false
	}
	return strings.Join(append(parts, text[from:]), ""), true
}

func isMasked(patterns []pattern, written string) bool {
	if matches(patterns, written) {
		return true
	}
	if !strings.ContainsAny(written, ".eE") {
		return false
	}
	value, err := strconv.ParseFloat(written, 64)
	return err == nil && matches(patterns, strconv.FormatFloat(value, 'f', -1, 64))
}
