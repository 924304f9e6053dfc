package main

import (
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	besideliteral "github.com/hookward/hookward/dev/dialect/testdata/src/beside-literal"
	caselist "github.com/hookward/hookward/dev/dialect/testdata/src/case-list"
	deferredargument "github.com/hookward/hookward/dev/dialect/testdata/src/deferred-argument"
	elsereturn "github.com/hookward/hookward/dev/dialect/testdata/src/else-return"
	errortypeswitch "github.com/hookward/hookward/dev/dialect/testdata/src/error-type-switch"
	errorsas "github.com/hookward/hookward/dev/dialect/testdata/src/errors-as"
	forinit "github.com/hookward/hookward/dev/dialect/testdata/src/for-init"
	forwarddefer "github.com/hookward/hookward/dev/dialect/testdata/src/forward-defer"
	interfaceinloop "github.com/hookward/hookward/dev/dialect/testdata/src/interface-in-loop"
	jsonunexported "github.com/hookward/hookward/dev/dialect/testdata/src/json-unexported"
	loopclosure "github.com/hookward/hookward/dev/dialect/testdata/src/loop-closure"
	methodexpression "github.com/hookward/hookward/dev/dialect/testdata/src/method-expression"
	methodvalue "github.com/hookward/hookward/dev/dialect/testdata/src/method-value"
	missingsymbol "github.com/hookward/hookward/dev/dialect/testdata/src/missing-symbol"
	namedresult "github.com/hookward/hookward/dev/dialect/testdata/src/named-result"
	ownerrortype "github.com/hookward/hookward/dev/dialect/testdata/src/own-error-type"
	parallelassignment "github.com/hookward/hookward/dev/dialect/testdata/src/parallel-assignment"
	recoveredvalue "github.com/hookward/hookward/dev/dialect/testdata/src/recovered-value"
	recursivetype "github.com/hookward/hookward/dev/dialect/testdata/src/recursive-type"
	returnreceive "github.com/hookward/hookward/dev/dialect/testdata/src/return-receive"
	sharedselect "github.com/hookward/hookward/dev/dialect/testdata/src/shared-select"
	uncheckedinloop "github.com/hookward/hookward/dev/dialect/testdata/src/unchecked-in-loop"
	unnamedparameter "github.com/hookward/hookward/dev/dialect/testdata/src/unnamed-parameter"
)

// TestInterpreted holds the rules against the interpreter. The same file is
// refused by TestRules, compiled into this test, and interpreted here. When
// a bad example gives the right result, Yaegi is fixed and the rule can go.
// The good example does the same in the way that the rule recommends.
//
// Six rules are not here: print and build-tag are not about results, a bare
// goroutine would end the test, and a goroutine in a loop would now and then. A foreign
// variable, or condition, takes two packages: see TestForeignVariable.
func TestInterpreted(t *testing.T) {
	for _, test := range []struct{ bad, good func() string }{
		{namedresult.Bad, namedresult.Good},
		{unnamedparameter.Bad, unnamedparameter.Good},
		{unnamedparameter.BadLiteral, unnamedparameter.GoodLiteral},
		{methodexpression.Bad, methodexpression.Good},
		{methodvalue.Bad, methodvalue.Good},
		{loopclosure.Bad, loopclosure.Good}, // this module's Go has a variable for each turn
		{loopclosure.BadCompiled, loopclosure.GoodCompiled},
		{forinit.Bad, forinit.Good},
		{uncheckedinloop.Bad, uncheckedinloop.Good},
		{uncheckedinloop.BadMap, uncheckedinloop.GoodMap},
		{interfaceinloop.Bad, interfaceinloop.Good},
		{deferredargument.Bad, deferredargument.Good},
		{deferredargument.BadLater, deferredargument.GoodLater},
		{deferredargument.BadLiteral, deferredargument.Good},
		{forwarddefer.Bad, forwarddefer.Good},
		{ownerrortype.Bad, ownerrortype.Good},
		{errortypeswitch.Bad, errortypeswitch.Good},
		{errortypeswitch.BadOwn, errortypeswitch.GoodOwn},
		{errorsas.Bad, errorsas.Good},
		{recoveredvalue.Bad, recoveredvalue.Good},
		{parallelassignment.Bad, parallelassignment.Good},
		{parallelassignment.BadNil, parallelassignment.GoodNil},
		{besideliteral.Bad, besideliteral.Good},
		{elsereturn.Bad, elsereturn.Good},
		{elsereturn.BadSwitch, elsereturn.Good},
		{caselist.Bad, caselist.Good},
		{caselist.BadValue, caselist.GoodValue},
		{caselist.BadFolded, caselist.GoodFolded},
		{recursivetype.Bad, recursivetype.Good},
		{returnreceive.Bad, returnreceive.Good},
		{sharedselect.Bad, sharedselect.Good},
		{sharedselect.BadAssign, sharedselect.GoodAssign},
		{sharedselect.BadPlain, sharedselect.GoodAssign},
		{jsonunexported.Bad, jsonunexported.Good},
		{jsonunexported.BadEmbedded, jsonunexported.GoodEmbedded},
		{missingsymbol.Bad, missingsymbol.Good},
	} {
		dir, file, name := locate(test.bad)
		t.Run(dir+"."+name, func(t *testing.T) {
			want := test.good()
			if got := test.bad(); got != want {
				t.Fatalf("the bad example, compiled: %q, the good one: %q", got, want)
			}
			got := interpret(t, dir, file, name)
			t.Logf("compiled %q, interpreted %q", want, got)
			if got == want {
				t.Errorf("%s in %s gives %q in both: is the rule still needed?", name, file, got)
			}
			dir, file, name := locate(test.good)
			if got := interpret(t, dir, file, name); got != want {
				t.Errorf("%s in %s gives %q interpreted, want %q", name, file, got, want)
			}
		})
	}
}

// locate returns the rule's directory, the file and the name of f.
func locate(f func() string) (string, string, string) {
	fn := runtime.FuncForPC(reflect.ValueOf(f).Pointer())
	file, _ := fn.FileLine(fn.Entry())
	dir, name, _ := strings.Cut(path.Base(fn.Name()), ".")
	return dir, path.Base(file), name
}

// interpret loads one file as Traefik does and calls a function in it. A
// failure is a result like any other.
func interpret(t *testing.T, dir, file, name string) string {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "src", dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return eval(string(src), strings.ReplaceAll(dir, "-", "")+"."+name+"()")
}

// eval returns the value of expr after src was loaded, as text.
func eval(src, expr string) (result string) {
	defer func() { // Yaegi's own compiler panics
		if r := recover(); r != nil {
			result = fmt.Sprint("panic: ", r)
		}
	}()
	in := interp.New(interp.Options{Stdout: io.Discard, Stderr: io.Discard})
	if err := in.Use(stdlib.Symbols); err != nil {
		return "error: " + err.Error()
	}
	if _, err := in.Eval(src); err != nil {
		return "error: " + err.Error()
	}
	v, err := in.Eval(expr)
	if err != nil {
		return "error: " + err.Error()
	}
	return fmt.Sprint(v)
}
