package main

import (
	"fmt"
	"go/ast"
	"go/token"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// A rule is one construct of Go that the interpreter gets wrong.
type rule struct {
	name  string // short and stable, opens every message
	why   string // what happens under Yaegi, and what to write instead
	check func(*pass)
}

// rules lists all rules. testdata/src has a directory of the same name for
// each, with code that is refused and code that is not.
var rules = []rule{
	{"named-result", "Yaegi does not zero named results, the caller's old value shines through; return unnamed values", namedResult},
	{"unnamed-parameter", "Yaegi puts the argument in another place than it looks for it; name the parameter, _ will do", unnamedParameter},
	{"method-expression", "Yaegi cannot load method expressions; write a func literal that calls the method", methodExpression},
	{"method-value", "Yaegi binds the receiver when the value is called; write a func literal that calls the method", methodValue},

	{"loop-closure", "Yaegi creates this closure too late, all turns share the last one's variables; copy with i := i and assign the literal to a variable first, or use a factory", loopClosure},
	{"for-init", "Yaegi runs the init statement on every turn; move it in front of the loop", forInit},
	{"unchecked-in-loop", "Yaegi leaves the variable as the turn before left it; look at ok, or let a function do it", uncheckedInLoop},
	{"interface-in-loop", "under Yaegi all turns share one interface value; use a constructor that returns the interface, or data types without methods", interfaceInLoop},
	{"deferred-argument", "Yaegi evaluates this when the call runs, not here; copy it to a variable that is not assigned again, and move a loop's body into a function", deferredArgument},
	{"forward-defer", "Yaegi skips this call without a word, the function is not known yet; declare it further up, or defer a func literal", forwardDefer},

	{"own-error-type", "under Yaegi errors.Is, errors.As and == fail or panic on interpreted error types; use errors.New and %w, or return a code", ownErrorType},
	{"error-type-switch", "under Yaegi a type switch does not match interpreted errors, and case error never matches; use errors.Is or a type assertion with ok", errorTypeSwitch},
	{"errors-as", "errors.As panics under Yaegi unless the target has a compiled type; use a type of the standard library, or errors.Is", errorsAs},
	{"recovered-value", "under Yaegi a recovered value may be a reflect.Value; compare it with nil or format it with fmt, nothing else", recoveredValue},
	{"goroutine-in-loop", "Yaegi reads the literal when the goroutine runs, and it may be another one by then, or none; start a function with a name", goroutineInLoop},
	{"bare-goroutine", "a panic in a goroutine kills Traefik; start a func literal or function of this package whose first statement defers a recover", bareGoroutine},

	{"shared-select", "Yaegi keeps the cases of a select in one place for all goroutines, one receives from another's channel; v, ok := <-x.f never fires and x = <-ch panics; let all senders use one channel", sharedSelect},
	{"parallel-assignment", "Yaegi assigns the calls' results only, the other variables keep what they had, and panics at nil; assign one by one", parallelAssignment},
	{"beside-literal", "Yaegi keeps the literal and forgets the value, whose variable is zero; assign one by one", besideLiteral},
	{"else-return", "Yaegi goes the way of a condition that holds, in a function without results; turn the condition round and return first", elseReturn},
	{"case-list", "Yaegi tests the first condition alone, and evaluates the first value alone, others that need it count as zero; join conditions with ||, and give such a value a variable or a case of its own", caseList},
	{"return-receive", "Yaegi panics; receive into a variable first", returnReceive},
	{"foreign-variable", "Yaegi loses what make, append or a literal makes for it, and can't assign one that begins as a constant; let that package have a function for it", foreignVariable},
	{"foreign-condition", "Yaegi goes the way of a condition that holds, whatever the variable says; give it a variable of this package, or turn the condition round", foreignCondition},
	{"recursive-type", "Yaegi has a stand-in for the type inside of itself, and panics where such a field is assigned; use a second type", recursiveType},
	{"json-unexported", "Yaegi encodes unexported fields as Xname and does not flatten embedded ones; use exported, named fields only", jsonUnexported},
	{"print", "Traefik shows this at DEBUG or turns it into an ERROR; write to os.Stdout or os.Stderr", printing},
	{"missing-symbol", "Yaegi v0.16.1 cannot load this; do without it", missingSymbol},
	{"build-tag", "Yaegi ignores //go:build, where the compiler ignores // +build; move the file to a directory of its own", buildTag},
}

// analyzer reports code that Yaegi does not run as the compiler does.
var analyzer = &analysis.Analyzer{
	Name: "dialect",
	Doc:  doc(),
	Run:  run,
}

// doc turns the rule table into the analyzer's help text.
func doc() string {
	var b strings.Builder
	b.WriteString("report code that goes wrong when Yaegi interprets it\n\n")
	for _, r := range rules {
		fmt.Fprintf(&b, "%s: %s.\n\n", r.name, r.why)
	}
	return b.String()
}

// A pass is one rule at work on one package.
type pass struct {
	*analysis.Pass
	rule rule
	root inspector.Cursor // over the files that Traefik loads
}

func run(ap *analysis.Pass) (any, error) {
	if ap.Pkg.Name() == "main" {
		return nil, nil // a command, which is compiled
	}
	// Not the shared inspector of passes/inspect: it includes test files.
	var files []*ast.File
	for _, f := range ap.Files {
		if loaded(ap.Fset.File(f.FileStart).Name()) {
			files = append(files, f)
		}
	}
	root := inspector.New(files).Root()
	for _, r := range rules {
		r.check(&pass{ap, r, root})
	}
	return nil, nil
}

// loaded reports whether Traefik loads a file of this name. The main package
// that go test generates has a name without .go.
func loaded(name string) bool {
	return strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go")
}

// report refuses what stands at pos; subject names it for the reader.
func (p *pass) report(pos token.Pos, subject string) {
	p.Reportf(pos, "[%s] %s: %s", p.rule.name, subject, p.rule.why)
}
