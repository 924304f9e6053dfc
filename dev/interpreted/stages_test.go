package interpreted

import (
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"

	"github.com/hookward/hookward/dev/gateway"
)

// BenchmarkStages runs the root package's own benchmarks of single stages under
// Yaegi.
//
//	go test ./interpreted -run '^$' -bench Stages -benchmem
func BenchmarkStages(b *testing.B) {
	root, err := gateway.Root()
	if err != nil {
		b.Fatal(err)
	}
	goPath := linkedPath(b)
	b.Chdir(root)
	i := interp.New(interp.Options{GoPath: goPath, Env: os.Environ(), Stdout: os.Stdout, Stderr: os.Stderr})
	if err := i.Use(stdlib.Symbols); err != nil {
		b.Fatal(err)
	}
	if err := i.EvalTest(module); err != nil {
		b.Fatal(err)
	}
	stages := map[string]func(*testing.B){}
	names := []string{}
	for name, symbol := range i.Symbols(module)[module] {
		if stage, ok := symbol.Interface().(func(*testing.B)); ok && strings.HasPrefix(name, "BenchmarkStage") {
			stages[name] = stage
			names = append(names, name)
		}
	}
	sort.Strings(names)
	if len(names) == 0 {
		b.Fatal("there are no stages")
	}
	for _, name := range names {
		b.Run(strings.TrimPrefix(name, "BenchmarkStage"), stages[name])
	}
}
