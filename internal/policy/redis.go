package policy

import (
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/resp"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/words"
)

// Redis is the compiled option redis: what several Traefiks remember
// together. Each keeps its own memory as well, and goes on with that alone while
// the server is not well.
type Redis struct {
	Options resp.Options
	Digest  string // of the options
}

const (
	defaultRedisEndpoint = "127.0.0.1:6379"
	defaultRedisDial     = 200 * time.Millisecond
	defaultRedisTimeout  = 50 * time.Millisecond
	maxRedisTimeout      = 10 * time.Second
	defaultRedisPool     = 32
	maxRedisPool         = 1000
	minSharedInterval    = 10 * time.Microsecond
)

func compileRedis(n *config.Notes, secrets *secrets.Resolver, o config.RedisOptions) *Redis {
	own := &credentials{secrets: secrets}
	m := &Redis{Options: resp.Options{
		Endpoints: o.Endpoints, Username: o.Username, DB: int(o.DB),
		DialTimeout:  config.DurationOr(o.DialTimeout, defaultRedisDial),
		ReadTimeout:  config.DurationOr(o.ReadTimeout, defaultRedisTimeout),
		WriteTimeout: config.DurationOr(o.WriteTimeout, defaultRedisTimeout),
		PoolSize:     int(config.NumberOr(o.PoolSize, defaultRedisPool)),
	}}
	r := &m.Options
	if len(r.Endpoints) == 0 {
		r.Endpoints = []string{defaultRedisEndpoint}
	}
	for i, endpoint := range r.Endpoints {
		host, port, err := net.SplitHostPort(endpoint)
		number, portErr := strconv.ParseUint(port, 10, 16)
		if err != nil || host == "" || portErr != nil || number == 0 {
			config.AddProblem(n, fmt.Sprintf("redis.endpoints[%d]", i), config.KindInvalid, words.Quote(endpoint)+" is not HOST:PORT")
		}
	}
	if r.DialTimeout > maxRedisTimeout || r.ReadTimeout > maxRedisTimeout || r.WriteTimeout > maxRedisTimeout {
		config.AddProblem(n, "redis", config.KindInvalid, "timeouts must be at most 10s, because requests wait for them")
	}
	config.CheckMost(n, "redis.poolSize", o.PoolSize, maxRedisPool)
	r.Password = clientSecret(own, n, o.Password, "redis.password")
	if o.Username != "" && o.Password == "" {
		config.AddWarning(n, "redis.username", config.KindNoEffect, "has no effect without password")
	}
	r.TLS = compileTLS(n, own, o.TLS, "redis.tls")
	m.Digest = words.Digest(fmt.Sprintf("%q %q %q %d %s %s %s %d %v %v %q", r.Endpoints, r.Username, r.Password, r.DB, r.DialTimeout, r.ReadTimeout, r.WriteTimeout, r.PoolSize, o.TLS != nil, o.TLS != nil && o.TLS.InsecureSkipVerify, own.seen))
	return m
}
