package policy

import (
	"fmt"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/store"
	"github.com/hookward/hookward/internal/tokens"
	"github.com/hookward/hookward/internal/words"
)

var storeTypes = []string{"disk", "redis"}

// compilePlace says where deliveries wait.
func compilePlace(n *config.Notes, d *Delivery, options config.Options, p *Policy) {
	kind := ""
	if options.Delivery.Store != nil {
		kind = options.Delivery.Store.Type
	}
	switch {
	case kind != "" && !words.Contains(storeTypes, kind):
		config.AddProblem(n, "delivery.store.type", config.KindInvalid, config.NotKnown(kind, storeTypes))
	case kind != "redis" && options.StateDirectory == "":
		config.AddProblem(n, "delivery", config.KindRequired, "needs stateDirectory, where deliveries wait")
	case kind == "redis" && options.Redis == nil:
		config.AddProblem(n, "delivery.store.type", config.KindRequired, "needs redis, which says where the server is")
	case kind == "redis" && p.Shared != nil:
		d.Shared = p.Shared
		d.Place = "redis " + p.Shared.Digest + " " + d.Directory
	}
}

// compileStore compiles how many deliveries are stored, and with which keys.
func compileStore(n *config.Notes, resolver *secrets.Resolver, d *Delivery, options config.DeliveryOptions, p *Policy) {
	o := config.DeliveryStoreOptions{}
	if options.Store != nil {
		o = *options.Store
	}
	d.Options.MaxBytes = config.NumberOr(o.MaxBytes, defaultStoreBytes)
	if d.Options.MaxBytes < 2*p.MaxBodyBytes {
		config.AddProblem(n, "delivery.store.maxBytes", config.KindInvalid, fmt.Sprintf("must be at least %d, twice maxBodyBytes", 2*p.MaxBodyBytes))
	}
	d.Options.MaxDeliveries = int(config.NumberOr(o.MaxDeliveries, defaultStoreDeliveries))
	config.CheckMost(n, "delivery.store.maxDeliveries", o.MaxDeliveries, maxStoreDeliveries)
	if o.KeepDelivered > 0 {
		d.Options.KeepDelivered = o.KeepDelivered // -1 stands for 0, which is the default
	}
	config.CheckLongest(n, "delivery.store.keepDelivered", o.KeepDelivered, maxKeepDelivered)
	if o.KeepDelivered > 0 && o.Type == "redis" {
		config.AddProblem(n, "delivery.store.keepDelivered", config.KindContradiction, "can't be used with type: redis, which keeps nothing that was delivered; leave it out, or use type: disk")
	}
	for i, ref := range o.EncryptionKeys {
		path := fmt.Sprintf("delivery.store.encryptionKeys[%d]", i)
		secret := secrets.ResolveOption(resolver, n, path, ref, "base64")
		if secret == nil {
			continue
		}
		key, err := store.NewKey(secret)
		if err != nil {
			config.AddProblem(n, path, config.KindInvalid, "must be 32 bytes in base64; openssl rand -base64 32 makes a key")
			continue
		}
		d.Options.Keys = append(d.Options.Keys, key)
	}
}

// noteTokens notes where the token of a request stands, which is not stored.
func noteTokens(n *config.Notes, d *Delivery, t *tokens.Token) {
	if t == nil {
		return
	}
	d.Token = tokens.Newest(t)
	if t.Scheme != "" {
		d.Tokens = append(d.Tokens, "header:Authorization")
	}
	for i := range t.Locations {
		at := &t.Locations[i]
		if at.Kind == "header" || at.Kind == "query" {
			d.Tokens = append(d.Tokens, at.Kind+":"+at.Name)
			continue
		}
		if len(d.Options.Keys) == 0 {
			config.AddProblem(n, "delivery.store.encryptionKeys", config.KindRequired, "are required, because the token stands in the body, which is stored as it is")
		}
	}
}
