package analyser

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"time"

	"github.com/mitchellh/mapstructure"
	"github.com/traefik/yaegi/interp"
	"github.com/traefik/yaegi/stdlib"
)

// Limit is how long the analyser waits for loading and New together.
const Limit = 10 * time.Second

// Analyse loads a plugin from a GOPATH and calls New with its testData, as the
// analyser does: without any environment, until the context ends. It returns the
// handler.
func Analyse(ctx context.Context, goPath string, m Manifest) (http.Handler, error) {
	done := make(chan result, 1)
	go func() {
		handler, err := load(ctx, goPath, m)
		done <- result{handler, err}
	}()
	select {
	case r := <-done:
		return r.handler, r.err
	case <-ctx.Done():
		return nil, fmt.Errorf("the plugin was not built in time: %w", ctx.Err())
	}
}

type result struct {
	handler http.Handler
	err     error
}

func load(ctx context.Context, goPath string, m Manifest) (handler http.Handler, err error) {
	defer func() {
		if r := recover(); r != nil {
			handler, err = nil, fmt.Errorf("the plugin panicked: %v", r)
		}
	}()
	// No Env: what the interpreter is not given, os.Getenv does not have.
	i := interp.New(interp.Options{GoPath: goPath})
	if err := i.Use(stdlib.Symbols); err != nil {
		return nil, err
	}
	if _, err := i.EvalWithContext(ctx, fmt.Sprintf("import %q", m.Import)); err != nil {
		return nil, fmt.Errorf("the plugin does not load: %w", err)
	}
	config, err := i.EvalWithContext(ctx, m.Package()+".CreateConfig()")
	if err != nil {
		return nil, fmt.Errorf("the function CreateConfig: %w", err)
	}
	decoder, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		DecodeHook:       mapstructure.StringToSliceHookFunc(","),
		WeaklyTypedInput: true,
		Result:           config.Interface(),
	})
	if err != nil {
		return nil, err
	}
	if err := decoder.Decode(m.TestData); err != nil {
		return nil, fmt.Errorf("testData: %w", err)
	}
	create, err := i.EvalWithContext(ctx, m.Package()+".New")
	if err != nil {
		return nil, fmt.Errorf("the function New: %w", err)
	}
	if err := checkNew(create.Type(), config.Type()); err != nil {
		return nil, fmt.Errorf("the function New: %w", err)
	}
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	results := create.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(next), config, reflect.ValueOf("test")})
	if failure, ok := results[1].Interface().(error); ok {
		return nil, fmt.Errorf("the function New: %w", failure)
	}
	handler, ok := results[0].Interface().(http.Handler)
	if !ok {
		return nil, errors.New("the function New returns no http.Handler")
	}
	return handler, nil
}

// checkNew checks the type of the function New.
func checkNew(create, config reflect.Type) error {
	parameters := []reflect.Type{reflect.TypeFor[context.Context](), reflect.TypeFor[http.Handler](), config, reflect.TypeFor[string]()}
	results := []reflect.Type{reflect.TypeFor[http.Handler](), reflect.TypeFor[error]()}
	if create.Kind() != reflect.Func || create.NumIn() != len(parameters) || create.NumOut() != len(results) {
		return fmt.Errorf("is a %v, with other parameters or results than Traefik's", create)
	}
	for i, want := range parameters {
		if !want.AssignableTo(create.In(i)) {
			return fmt.Errorf("takes a %v in the place of a %v", create.In(i), want)
		}
	}
	for i, want := range results {
		if !create.Out(i).AssignableTo(want) {
			return fmt.Errorf("returns a %v in the place of a %v", create.Out(i), want)
		}
	}
	return nil
}
