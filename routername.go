package hookward

import (
	"context"
	"reflect"
	"regexp"
)

// routerName finds the name of the router in a logger's context, which is JSON
// without its braces.
var routerName = regexp.MustCompile(`"routerName":"([^"\\]{1,250})"`)

// routerOf returns the name of the router for which Traefik builds a gate, or
// nothing. Traefik tells a plugin no such thing, but the context that it builds
// with carries a logger which has the name for its own messages. So this looks
// where it has no right to: whatever it does not find as it expects, leaves the
// name empty.
func routerOf(ctx context.Context) string {
	name := ""
	func() {
		defer func() { _ = recover() }()
		name = findRouter(reflect.ValueOf(ctx))
	}()
	return name
}

// maxContexts bounds how many contexts are gone through.
const maxContexts = 50

func findRouter(v reflect.Value) string {
	for i := 0; i < maxContexts && v.IsValid(); i++ {
		for v.Kind() == reflect.Interface || v.Kind() == reflect.Pointer {
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return ""
		}
		value := v.FieldByName("val")
		if value.IsValid() && value.Kind() == reflect.Interface && value.Elem().IsValid() && value.Elem().Type().String() == "*zerolog.Logger" {
			matches := routerName.FindAllSubmatch(value.Elem().Elem().FieldByName("context").Bytes(), -1)
			if len(matches) == 0 {
				return ""
			}
			return string(matches[len(matches)-1][1]) // a router below another has both names
		}
		v = v.FieldByName("Context")
	}
	return ""
}
