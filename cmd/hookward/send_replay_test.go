package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	plugin "github.com/hookward/hookward"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/signer"
)

// privateKeys puts a key of each family into the environment, and returns the names of
// the variables by what an algorithm's name begins with.
func privateKeys(t *testing.T) map[string]string {
	t.Helper()
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for family, key := range map[string]crypto.Signer{"ed25519": edwards, "ecdsa": curve, "rsa": modulus} {
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		names[family] = "PRIVATE_" + strings.ToUpper(family)
		t.Setenv(names[family], string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	}
	return names
}

// examplePlan returns what send does for a provider without --data, and whether it is
// one that a gate can have replay for.
func examplePlan(t *testing.T, e providerEntry, event string, keys map[string]string) (*plan, bool) {
	t.Helper()
	o := &sendOptions{count: 1, tamper: "none", timeout: time.Second, method: "POST", event: event}
	o.provider = e.Slug
	give := optional.ReplaceAllString(e.Give, "")
	if strings.Contains(give, "secrets") {
		o.secrets = texts{"env:SEND_SECRET"}
	}
	family, _, _ := strings.Cut(e.Verifies, "-")
	family, _, _ = strings.Cut(family, ",")
	if family == "RFC 9421" || family == "draft" {
		family = "ed25519" // which all of them take
	}
	if keys[family] != "" {
		o.key = "env:" + keys[family]
	}
	if strings.Contains(give, "senders") {
		o.settings = append(o.settings, "senders=arn:aws:sns:eu-central-1:123456789012:NAME")
	}
	if strings.HasPrefix(e.Verifies, "JW") && !strings.Contains(e.Verifies, "HS") {
		o.key = "env:" + keys["rsa"]
		if strings.Contains(e.Verifies, " ES") {
			o.key = "env:" + keys["ecdsa"]
		}
	}
	if strings.Contains(give, "jwt.audiences") {
		o.settings = append(o.settings, "jwt.audiences=a")
	}
	if strings.Contains(give, "jwt.claims") {
		o.settings = append(o.settings, "jwt.claims[]=data.bundleId=a")
	}
	row, _ := config.Decode(map[string]any{"provider": e.Slug})
	inField := row.JWT != nil && row.JWT.Field != "" && !row.JWT.PerDelivery
	if strings.Contains(e.Verifies, "JW") && (e.Signed == "URL" || e.Signed == "nothing" || inField) {
		return nil, false // a token may be sent with several
	}
	if strings.HasPrefix(e.Verifies, "token") {
		return nil, false
	}
	p, err := planOf(o, "https://hooks.example.com/in", streams{})
	if err != nil {
		t.Fatalf("%s: %v", e.Slug, err)
	}
	return p, e.Slug != "adyen" // of which each item is signed for itself
}

// Two deliveries of one moment are two to a gate with replay, whatever is sent; with the
// same id they have the same body.
func TestExamplesDiffer(t *testing.T) {
	t.Setenv("SEND_SECRET", "0123456789abcdef0123456789abcdef")
	keys := privateKeys(t)
	now := time.Now()
	compared := 0
	for _, e := range providerEntries() {
		events := []string{""}
		for _, one := range examples[e.Slug] {
			events = append(events, one.event)
		}
		for _, event := range events {
			p, replayed := examplePlan(t, e, event, keys)
			if !replayed {
				continue
			}
			one, err := p.next(1, now)
			if err != nil {
				t.Fatalf("%s: %v", e.Slug, err)
			}
			other, err := p.next(1, now)
			if err != nil || !p.signer.Repeats(one, one) {
				t.Fatalf("%s: is not known as its own repetition (%v)", e.Slug, err)
			}
			if p.signer.Repeats(one, other) {
				t.Errorf("%s %s: a gate with replay takes two for one: %s", e.Slug, event, one.Body)
			}
			if strings.Contains(string(one.Body), "<number>") || strings.Contains(string(one.Body), "<sha>") || strings.Contains(string(one.Body), "<hex>") || strings.Contains(string(one.Body), "<uuid>") {
				t.Errorf("%s %s: a mark is left: %s", e.Slug, event, one.Body)
			}
			p.o.id = "once"
			one, _ = p.next(1, now)
			other, err = p.next(1, now)
			if err != nil || !p.signer.Repeats(one, other) {
				t.Errorf("%s %s: the same id makes another delivery: %v\n%s\n%s", e.Slug, event, err, one.Body, other.Body)
			}
			compared++
		}
	}
	if compared < 130 {
		t.Errorf("only %d are compared", compared)
	}
}

// A gate with replay gets each of several, and whoever sends a body of their own is told
// what it gets of these.
func TestSendToReplay(t *testing.T) {
	t.Setenv("SEND_SECRET", sendSecret)
	const neither, sameTime = "signs neither an id nor a time", "signs no id"
	for _, c := range []struct {
		gate, arguments string
		passes          int
		note            string
	}{
		{"github", "", 1, ""},
		{"github", "--count 3", 3, ""},
		{"github", "--count 3 --id d", 3, ""},
		{"github", "--event ping --count 3", 3, ""},
		{"paystack", "--count 3", 3, ""},
		{"github", `--data {} --count 3`, 1, neither},
		{"github", `--data {}`, 1, ""},
		{"github", `--data {} --count 3 --tamper signature`, 0, ""},
		{"stripe", `--data {} --count 3`, 3, ""},
		{"paddle", `--data text --count 2`, -1, sameTime},
		{"svix", `--data {} --count 3`, 3, ""},
		{"gitlab", `--data {} --count 3`, 3, ""},
	} {
		t.Run(c.gate+" "+c.arguments, func(t *testing.T) {
			variable := "SEND_SECRET"
			if c.gate == "svix" {
				variable = "SVIX"
				t.Setenv(variable, "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
			}
			replay := `, "replay": "true"`
			if c.gate == "gitlab" {
				replay = ""
			}
			g := guard(t, `{"provider": "`+c.gate+`", "secrets": ["env:`+variable+`"]`+replay+`}`)
			arguments := append([]string{"send", "--provider", c.gate, "--secret", "env:" + variable, "--concurrency", "1", g.URL}, strings.Fields(c.arguments)...)
			_, stdout, stderr := hookward(arguments...)
			passed, _ := g.take()
			if len(passed) != c.passes && c.passes >= 0 || !strings.Contains(stderr, c.note) || (stderr == "") != (c.note == "") {
				t.Errorf("%d at the backend\n%s%s", len(passed), stdout, stderr)
			}
		})
	}
	// Anything that can't be told is no repetition.
	s, err := signer.NewSigner(&plugin.Config{Raw: map[string]any{"provider": "gitlab", "secrets": "env:SEND_SECRET"}}, nil)
	if err != nil || s.Repeats(signer.Delivery{}, signer.Delivery{}) || s.Repeats(signer.Delivery{URL: ":"}, signer.Delivery{URL: ":"}) {
		t.Error("a token is no repetition:", err)
	}
}
