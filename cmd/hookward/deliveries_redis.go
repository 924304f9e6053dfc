package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/hookward/hookward/cmd/hookward/internal/deliveries"
	"github.com/hookward/hookward/internal/redisstore"
	"github.com/hookward/hookward/internal/resp"
	"github.com/hookward/hookward/internal/store"
)

// redisFlags are what the command line says of a server.
type redisFlags struct {
	url, password, ca, cert, key string
}

func (r *redisFlags) define(flags *flag.FlagSet) {
	flags.StringVar(&r.url, "redis", "", "the `SERVER` that the gates' option redis names: HOST:PORT, or\nredis://USER@HOST:PORT/DB, or rediss:// with TLS")
	flags.StringVar(&r.password, "redis-password", "", "its password: `env:NAME` or file:/path")
	flags.StringVar(&r.ca, "redis-ca", "", "the `FILE` of the authority that its certificate is from (default the system's)")
	flags.StringVar(&r.cert, "redis-cert", "", "the `FILE` of a certificate to show it")
	flags.StringVar(&r.key, "redis-key", "", "the `FILE` of that one's key")
}

func (r *redisFlags) isSet() bool { return r.url != "" }

// options returns how to reach the server.
func (r *redisFlags) options() (resp.Options, error) {
	o := resp.Options{DialTimeout: redisstore.Timeout, ReadTimeout: 5 * redisstore.Timeout, WriteTimeout: redisstore.Timeout, PoolSize: 4}
	text := r.url
	if !strings.Contains(text, "://") {
		text = "redis://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "redis" && u.Scheme != "rediss" || u.RawQuery != "" {
		return o, errors.New("--redis: must be HOST:PORT, redis://USER@HOST:PORT/DB or rediss://USER@HOST:PORT/DB")
	}
	if _, has := u.User.Password(); has {
		return o, errors.New("--redis: others on this machine can see a password there; write --redis-password env:NAME or file:/path")
	}
	_, port, err := net.SplitHostPort(u.Host)
	if err != nil || u.Hostname() == "" || port == "" {
		return o, fmt.Errorf("--redis: %q is not HOST:PORT", u.Host)
	}
	o.Endpoints = []string{u.Host}
	o.Username = u.User.Username()
	db := strings.TrimPrefix(u.Path, "/")
	if db != "" {
		o.DB, err = strconv.Atoi(db)
		if err != nil || o.DB < 0 {
			return o, fmt.Errorf("--redis: %q is not the number of a database", db)
		}
	}
	if r.password != "" {
		password, err := readKey(r.password)
		if err != nil {
			return o, errors.New("--redis-password: " + err.Error())
		}
		o.Password = string(password)
	}
	if u.Scheme == "rediss" {
		o.TLS, err = r.tls()
	} else if r.ca+r.cert+r.key != "" {
		err = errors.New("--redis-ca, --redis-cert and --redis-key: are for TLS; write --redis rediss://" + u.Host)
	}
	return o, err
}

func (r *redisFlags) tls() (*tls.Config, error) {
	made := &tls.Config{MinVersion: tls.VersionTLS12}
	if r.ca != "" {
		content, err := os.ReadFile(r.ca)
		if err != nil {
			return nil, errors.New("--redis-ca: " + err.Error())
		}
		made.RootCAs = x509.NewCertPool()
		if !made.RootCAs.AppendCertsFromPEM(content) {
			return nil, errors.New("--redis-ca: " + r.ca + " has no certificate in PEM")
		}
	}
	if (r.cert == "") != (r.key == "") {
		return nil, errors.New("--redis-cert and --redis-key: one needs the other")
	}
	if r.cert != "" {
		pair, err := tls.LoadX509KeyPair(r.cert, r.key)
		if err != nil {
			return nil, errors.New("--redis-cert: " + err.Error())
		}
		made.Certificates = []tls.Certificate{pair}
	}
	return made, nil
}

// place names where the deliveries are.
func (o *deliveriesOptions) place() string {
	if o.redis.isSet() {
		return "redis"
	}
	return o.directory
}

// stores returns the stores that are named.
func (o *deliveriesOptions) stores(keys []*store.Key) ([]*store.Store, error) {
	if !o.redis.isSet() {
		stores, err := deliveries.Stores(o.directory, o.middleware, keys)
		if err != nil {
			return nil, errors.New("--directory: " + oneLine(err.Error()))
		}
		return stores, nil
	}
	server, err := o.redis.options()
	if err != nil {
		return nil, err
	}
	stores, err := deliveries.SharedStores(server, o.middleware, keys)
	if err != nil {
		return nil, errors.New("--redis: " + oneLine(err.Error()))
	}
	return stores, nil
}

// findSharedHeir finds who adopts deliveries in Redis.
func (o *deliveriesOptions) findSharedHeir(stores []*store.Store, keys []*store.Key) error {
	server, err := o.redis.options()
	if err != nil {
		return err
	}
	o.heir = deliveries.NewSharedHeir(server, o.to, o.router, keys)
	if o.heir == nil {
		return fmt.Errorf("--to: redis has no store of %q; start Traefik once with that middleware and its option delivery", o.to)
	}
	if len(stores) == 1 && stores[0].Middleware == o.to {
		o.heir.Store = stores[0]
	} else if len(stores) == 1 {
		err = deliveries.CheckLeft(stores[0])
		if err != nil {
			return errors.New("--middleware: " + oneLine(err.Error()))
		}
	}
	return nil
}
