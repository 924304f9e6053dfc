package reading

import (
	"bytes"
	"errors"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"github.com/hookward/hookward/cmd/hookward/internal/checkup/document"
)

// Unresolved stands for what only Traefik's environment knows, in rendered text.
const (
	unresolvedStart = "⟦"
	unresolvedEnd   = "⟧"
)

// IsUnresolved says whether a text has something in it that only Traefik, or Compose,
// can resolve.
func IsUnresolved(text string) bool {
	return strings.Contains(text, unresolvedStart) && strings.Contains(text, unresolvedEnd)
}

// Unresolve returns what stands for a name that can't be resolved here.
func Unresolve(name string) string { return unresolvedStart + name + unresolvedEnd }

// OfCompose is what follows the name of a variable that Compose resolves.
const OfCompose = " of Compose"

var unresolvedVariable = regexp.MustCompile(unresolvedStart + `variable ([^⟧]*?)(` + OfCompose + `)?` + unresolvedEnd)

// Restore puts variables that are not resolved as they were written: as Compose has them,
// or a template.
func Restore(text string) string {
	return unresolvedVariable.ReplaceAllStringFunc(text, func(found string) string {
		match := unresolvedVariable.FindStringSubmatch(found)
		if match[2] != "" {
			return "${" + match[1] + "}"
		}
		return `{{ env "` + match[1] + `" }}`
	})
}

// ErrUnknownFunction is for a function that Traefik has, and this package doesn't.
var ErrUnknownFunction = errors.New("not rendered")

// errTooLarge ends a template that renders to too much.
var errTooLarge = errors.New("it renders to more than is read")

// maxRendered is how large a rendered template may become.
const maxRendered = 4 << 20

// sprigNames are the functions that Traefik's templates have by the library sprig,
// v3.2.3.
const sprigNames = `
	hello ago date date_in_zone date_modify dateInZone dateModify duration 
	durationRound htmlDate htmlDateInZone must_date_modify mustDateModify 
	mustToDate now toDate unixEpoch abbrev abbrevboth trunc trim upper lower title 
	untitle substr repeat trimall trimAll trimSuffix trimPrefix nospace initials 
	randAlphaNum randAlpha randAscii randNumeric swapcase shuffle snakecase 
	camelcase kebabcase wrap wrapWith contains hasPrefix hasSuffix quote squote cat 
	indent nindent replace plural sha1sum sha256sum adler32sum toString atoi int64 
	int float64 seq toDecimal gt gte lt lte split splitList splitn toStrings until 
	untilStep add1 add sub div mod mul randInt add1f addf subf divf mulf biggest 
	max min maxf minf ceil floor round join sortAlpha default empty coalesce all 
	any compact mustCompact fromJson toJson toPrettyJson toRawJson mustFromJson 
	mustToJson mustToPrettyJson mustToRawJson ternary deepCopy mustDeepCopy typeOf 
	typeIs typeIsLike kindOf kindIs deepEqual env expandenv getHostByName base dir 
	clean ext isAbs osBase osClean osDir osExt osIsAbs b64enc b64dec b32enc b32dec 
	tuple list dict get set unset hasKey pluck keys pick omit merge mergeOverwrite 
	mustMerge mustMergeOverwrite values push mustPush prepend mustPrepend first 
	mustFirst rest mustRest last mustLast initial mustInitial reverse mustReverse 
	uniq mustUniq without mustWithout has mustHas slice mustSlice concat dig chunk 
	mustChunk bcrypt htpasswd genPrivateKey derivePassword buildCustomCert genCA 
	genCAWithKey genSelfSignedCert genSelfSignedCertWithKey genSignedCert 
	genSignedCertWithKey encryptAES decryptAES randBytes uuidv4 semver 
	semverCompare fail regexMatch mustRegexMatch regexFindAll mustRegexFindAll 
	regexFind mustRegexFind regexReplaceAll mustRegexReplaceAll 
	regexReplaceAllLiteral mustRegexReplaceAllLiteral regexSplit mustRegexSplit 
	regexQuoteMeta urlParse urlJoin 
`

// Render executes a file's template as Traefik's file provider does, as far as this
// package has its functions. Without an environment, env returns what IsUnresolved knows.
func Render(text string, environment *Environment) (string, *document.Mistake, error) {
	t, err := template.New("file").Funcs(functions(environment)).Parse(text)
	if err == nil {
		out := &limited{}
		err = t.Execute(out, false)
		if err == nil {
			return out.String(), nil, nil
		}
	}
	mistake := templateMistake(err)
	match := undefined.FindStringSubmatch(mistake.Text)
	if match != nil && strings.Contains(" "+strings.Join(strings.Fields(sprigNames), " ")+" ", " "+match[1]+" ") {
		mistake.Text = "the function " + match[1] + " of Traefik's templates is not known here; check the file as it is once rendered"
		return "", mistake, ErrUnknownFunction
	}
	if match != nil {
		mistake.Text += `; Traefik takes its files for templates, so a doubled brace is written {{ "{{" }}`
	}
	return "", mistake, err
}

var (
	undefined    = regexp.MustCompile(`function "([^"]*)" not defined`)
	templateLine = regexp.MustCompile(`^template: file:(\d+)(?::(\d+))?: (.*)`)
)

func templateMistake(err error) *document.Mistake {
	match := templateLine.FindStringSubmatch(strings.ReplaceAll(err.Error(), "\n", " "))
	if match == nil {
		return &document.Mistake{Text: err.Error()}
	}
	line, _ := strconv.Atoi(match[1])
	column, _ := strconv.Atoi(match[2])
	if column > 0 {
		column++ // the library counts from 0
	}
	return &document.Mistake{Line: line, Column: column, Text: match[3]}
}

// limited is a buffer that takes no more than maxRendered.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxRendered {
		return 0, errTooLarge
	}
	return l.Buffer.Write(p)
}

var _ io.Writer = (*limited)(nil)

// functions are those that people write in such files, with the arguments of sprig,
// in which what comes out of a pipe is last.
func functions(environment *Environment) template.FuncMap {
	env := func(name string) string {
		if environment != nil {
			value, _ := environment.Lookup(name)
			return value
		}
		return Unresolve("variable " + name)
	}
	all := template.FuncMap{
		"env":        env,
		"expandenv":  func(text string) string { return os.Expand(text, env) },
		"lower":      strings.ToLower,
		"upper":      strings.ToUpper,
		"trim":       strings.TrimSpace,
		"trimPrefix": func(prefix, text string) string { return strings.TrimPrefix(text, prefix) },
		"trimSuffix": func(suffix, text string) string { return strings.TrimSuffix(text, suffix) },
		"trimAll":    func(signs, text string) string { return strings.Trim(text, signs) },
		"replace":    func(old, with, text string) string { return strings.ReplaceAll(text, old, with) },
		"contains":   func(part, text string) bool { return strings.Contains(text, part) },
		"hasPrefix":  func(prefix, text string) bool { return strings.HasPrefix(text, prefix) },
		"hasSuffix":  func(suffix, text string) bool { return strings.HasSuffix(text, suffix) },
		"split":      strings.Split, // Traefik's own, in the place of sprig's
		"splitList":  func(by, text string) []string { return strings.Split(text, by) },
		"join":       joinTexts,
		"list":       func(items ...any) []any { return items },
		"quote":      func(text any) string { return strconv.Quote(toText(text)) },
		"squote":     func(text any) string { return "'" + toText(text) + "'" },
		"default":    withDefault,
		"indent":     func(n int, text string) string { return indent(n, text) },
		"nindent":    func(n int, text string) string { return "\n" + indent(n, text) },
		"normalize":  Normalize,
		"toString":   toText,
		"until":      until(),
		"add":        func(a, b int) int { return a + b },
		"add1":       func(a int) int { return a + 1 },
		"sub":        func(a, b int) int { return a - b },
		"first":      first,
	}
	if environment != nil {
		environment.follow(all)
	}
	return all
}
