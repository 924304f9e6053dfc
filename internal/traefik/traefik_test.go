package traefik

import (
	"context"
	"testing"
	"time"
)

// The context that Traefik builds with has a zerolog.Logger, whose messages have
// the router's name. No other context must do harm.
func TestRouterOf(t *testing.T) {
	type logger struct{ context []byte }
	for _, ctx := range []context.Context{nil, context.Background(), context.WithValue(context.Background(), new(int), &logger{[]byte(`"routerName":"x"`)})} {
		if got := RouterOf(ctx); got != "" {
			t.Errorf("%v: %q", ctx, got)
		}
	}
	deep := context.Background()
	for i := 0; i < 1000; i++ {
		deep = context.WithValue(deep, new(int), time.Now())
	}
	if got := RouterOf(deep); got != "" {
		t.Errorf("%q", got)
	}
}
