package gates

import (
	"context"
	"sort"
	"time"

	"github.com/hookward/hookward/internal/audit"
)

// outputsByKey are all outputs, by where they go: middlewares share them. Guarded by
// registryMu.
var outputsByKey = map[string]*audit.Output{}

// Stdout returns the outputs of a gate that has none of its own.
func Stdout() []*audit.Output {
	registryMu.Lock()
	defer registryMu.Unlock()
	o := outputsByKey["stdout"]
	if o == nil {
		o = audit.NewOutput("", audit.Stdout)
		outputsByKey["stdout"] = o
	}
	return []*audit.Output{o}
}

// useOutputs returns the outputs that a policy names.
func useOutputs(ctx context.Context, name string, specs []audit.Spec, now time.Time) []*audit.Output {
	registryMu.Lock()
	defer registryMu.Unlock()
	used := []*audit.Output{}
	for i := range specs {
		used = append(used, useOutput(ctx, name, specs[i], now))
	}
	return used
}

// useOutput returns an output, used by one more gate.
func useOutput(ctx context.Context, name string, s audit.Spec, now time.Time) *audit.Output {
	o := outputsByKey[s.Key]
	if o == nil {
		o = audit.NewOutput(name, s)
		outputsByKey[s.Key] = o
	}
	audit.UseOutput(ctx, o, name, s, now)
	return o
}

// allOutputs returns all outputs, in the order of where they go.
func allOutputs() []*audit.Output {
	registryMu.Lock()
	defer registryMu.Unlock()
	keys := []string{}
	for key := range outputsByKey {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	outputs := []*audit.Output{}
	for _, key := range keys {
		outputs = append(outputs, outputsByKey[key])
	}
	return outputs
}

// closeSoon closes an output without waiting for its disk.
func closeSoon(o *audit.Output) {
	time.AfterFunc(0, func() {
		defer func() { _ = recover() }()
		audit.CloseOutput(o)
	})
}
