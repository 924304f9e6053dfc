package main

import (
	"bytes"
	"context"
	"crypto"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"strings"
	"time"

	plugin "github.com/hookward/hookward"
	"github.com/hookward/hookward/signer"
)

const sendHelp = `Signs a delivery as the provider would and sends it to URL, to try a gate or a backend
out. The signature is made of the same row of the catalogue that the gate verifies
with, or of a scheme that is described with --set, in the names of the gate's options,
or of the gate itself, as it stands in --config.

Without --data, an example is sent, which differs each time unless --id says
otherwise. The id, the timestamp and what else is signed are
written to where the scheme has them: into headers, into the URL, and into single
values of a JSON body, of which the rest stays as it is.

Providers that sign with a private key of their own have signatures that nobody else
can make. Make a key, give it with --key, and give the gate its public key. Of several
--secret, the first signs.

Where the scheme signs the URL, the gate has it in publicURL. If you call the gate under
another one, give --set publicURL=https://..., or keep the URL and give --connect-to.

The exit status is 0 if every answer is 2xx, 1 if one is not, and 2 if there is none.

  hookward send --provider github --secret env:GITHUB_WEBHOOK_SECRET https://hooks.example.com/github
  hookward send --provider stripe --secret env:X --event invoice.paid --data @invoice.json URL
  hookward send --config dynamic.yml --middleware github-hooks https://hooks.example.com/github
  hookward send --provider discord --key file:ed25519.pem --tamper signature URL
  hookward send --secret env:X --set signature.header=X-Signature \
      --set 'signature.format=t={timestamp},v1={hex}' --set 'signature.signs={timestamp}.{body}' URL
  hookward send --provider slack --secret env:X --count 1000 --rate 50/s URL
`

// sendOptions are the options of send, as they are written.
type sendOptions struct {
	schemeOptions
	gateOptions
	key, event, id, data, contentType, method string
	headers                                   texts
	count, concurrency                        int
	rate, tamper, connectTo                   string
	age, timeout                              time.Duration
	insecure, asCurl, asJSON                  bool

	hide func(text string) string // as in verifyOptions
}

func sendCommand() command {
	c := command{name: "send", arguments: "URL", summary: "sign a delivery as a provider would, and send it", text: sendHelp}
	c.define = func(flags *flag.FlagSet) func(arguments []string, s streams) int {
		o := &sendOptions{}
		o.schemeOptions.define(flags)
		o.gateOptions.define(flags)
		flags.StringVar(&o.key, "key", "", "the private key, `env:NAME` or file:/path: PEM, or for Ed25519 the\n32 bytes in hexadecimal or base64")
		flags.StringVar(&o.event, "event", "", "the `TYPE` of the event")
		flags.StringVar(&o.id, "id", "", "the delivery's `ID` (default a random one, or what --data has)")
		flags.StringVar(&o.data, "data", "", "the body, byte for byte: `TEXT`, @FILE, or @- for stdin")
		flags.StringVar(&o.data, "d", "", "the same as --data, by curl's name: `TEXT`, @FILE or @-")
		flags.StringVar(&o.contentType, "content-type", "", "the body's media `TYPE` (default JSON or a form, as the body is)")
		flags.Var(&o.headers, "header", "a header, `'NAME: VALUE'`; several times")
		flags.Var(&o.headers, "H", "the same as --header, by curl's name: `'NAME: VALUE'`")
		flags.StringVar(&o.method, "method", http.MethodPost, "the request's `METHOD`")
		flags.StringVar(&o.method, "X", http.MethodPost, "the same as --method, by curl's name for a `METHOD`")
		flags.IntVar(&o.count, "count", 1, "send `NUMBER` deliveries, each with an id and a timestamp of its own")
		flags.StringVar(&o.rate, "rate", "", "keep a `RATE`, such as 50/s, 300/m or 10/h (default as fast as answers come)")
		flags.IntVar(&o.concurrency, "concurrency", 0, "wait for `NUMBER` answers at the same time (default 8, or --count)")
		flags.DurationVar(&o.age, "age", 0, "sign with a timestamp of a `DURATION` ago, such as 10m; negative: in the future")
		flags.StringVar(&o.tamper, "tamper", "none", "change `WHAT`, once the delivery is signed: body, signature or none")
		flags.DurationVar(&o.timeout, "timeout", 30*time.Second, "wait for an answer for a `DURATION`")
		flags.StringVar(&o.connectTo, "connect-to", "", "connect to `HOST:PORT` in place of the URL's")
		flags.BoolVar(&o.insecure, "insecure", false, "do NOT verify the server's certificate")
		flags.BoolVar(&o.asCurl, "print", false, "send nothing; print a curl command that would")
		flags.BoolVar(&o.asJSON, "json", false, "print JSON")
		return func(arguments []string, s streams) int {
			if len(arguments) != 1 {
				return c.fail(s, "name one URL; 'hookward help send' says more")
			}
			status, err := send(o, arguments[0], s)
			if err != nil {
				return c.fail(s, err.Error())
			}
			return status
		}
	}
	return c
}

// send does what the options say, and returns the exit status.
func send(o *sendOptions, target string, s streams) (int, error) {
	p, err := planOf(o, target, s)
	if err != nil {
		return exitUsage, err
	}
	if o.tamper == "body" && !p.signer.BindsBody() {
		fmt.Fprintln(s.stderr, "hookward send: the scheme does not sign the whole body, so a gate may let a changed one pass")
	}
	if note := p.repetition(); note != "" {
		fmt.Fprintln(s.stderr, "hookward send: "+note)
	}
	if o.insecure {
		fmt.Fprintln(s.stderr, paint(s.stderr, red, "hookward send: --insecure: the server's certificate is NOT VERIFIED"))
	}
	if o.asCurl {
		d, err := p.next(1, time.Now())
		if err == nil {
			err = pasteable(d)
		}
		if err != nil {
			return exitUsage, err
		}
		_, err = fmt.Fprint(s.stdout, curlCommand(d, p, o))
		return exitGood, err
	}
	return p.run(context.Background(), o, s)
}

// plan is what is to be sent.
type plan struct {
	signer    *signer.Signer
	delivery  signer.Delivery
	generated bool   // each delivery gets an id, as the body is none of the user's
	dataFile  string // where the body comes from, if from a file
	data      []byte
	o         *sendOptions
	interval  time.Duration // between two deliveries; 0 is none
}

// planOf checks the options, and prepares what they say.
func planOf(o *sendOptions, target string, s streams) (*plan, error) {
	p := &plan{o: o, delivery: signer.Delivery{Method: o.method, URL: target, Header: http.Header{}, Event: o.event}}
	var err error
	switch {
	case o.count < 1 || o.count > 10_000_000:
		return nil, errors.New("--count: must be 1 to 10000000")
	case o.concurrency < 0 || o.concurrency > 1000:
		return nil, errors.New("--concurrency: must be 1 to 1000")
	case o.timeout <= 0:
		return nil, errors.New("--timeout: must be more than 0")
	case o.tamper != "none" && o.tamper != "body" && o.tamper != "signature":
		return nil, errors.New("--tamper: must be body, signature or none")
	case o.asCurl && o.count > 1:
		return nil, errors.New("--print: prints one delivery; leave --count out")
	case o.asCurl && o.asJSON:
		return nil, errors.New("--print: prints a command; leave --json out")
	case o.connectTo != "" && (!isAddress(o.connectTo) || hasControl(o.connectTo, "")):
		return nil, errors.New("--connect-to: must be HOST:PORT, such as 127.0.0.1:8000")
	case hasControl(o.id, ""):
		return nil, errors.New("--id: must be UTF-8 without control characters")
	case hasControl(o.event, ""):
		return nil, errors.New("--event: must be UTF-8 without control characters")
	case hasControl(o.contentType, ""):
		return nil, errors.New("--content-type: must be UTF-8 without control characters")
	case hasControl(target, ""):
		return nil, errors.New("the URL must be UTF-8 without control characters; write them with %")
	case !isToken(o.method):
		return nil, errors.New("--method: is not a method, such as POST")
	}
	if p.interval, err = intervalOf(o.rate); err != nil {
		return nil, err
	}
	if err = addHeaders(p.delivery.Header, o.headers); err != nil {
		return nil, err
	}
	if o.contentType != "" {
		p.delivery.Header.Set("Content-Type", o.contentType)
	}
	if p.signer, err = signerOf(o, target, s); err != nil {
		return nil, err
	}
	if o.age != 0 && !p.signer.Timestamped() {
		return nil, errors.New("--age: has no effect, because the scheme signs no timestamp")
	}
	if o.asCurl && p.signer.SendsSecret() {
		return nil, errors.New("--print: the scheme sends the secret itself, which is never printed")
	}
	return p, p.readData(s)
}

// next returns the signed delivery number n, from 1, as of a moment.
func (p *plan) next(n int, at time.Time) (signer.Delivery, error) {
	d := p.delivery
	d.Time = at.Add(-p.o.age)
	d.Forged = p.o.tamper == "signature"
	switch {
	case p.o.id != "" && p.o.count > 1:
		d.ID = fmt.Sprintf("%s-%d", p.o.id, n)
	case p.o.id != "":
		d.ID = p.o.id
	case p.generated || p.o.count > 1:
		d.ID = signer.NewID()
	}
	if p.generated && d.Body != nil {
		d.Body = []byte(fill(string(d.Body), d.ID))
	}
	d, err := p.signer.Sign(d)
	if err == nil && p.o.tamper == "body" {
		d.Body = tampered(d.Body)
	}
	return d, err
}

// repetition says that a gate with replay takes deliveries with the user's body for one,
// if it does.
func (p *plan) repetition() string {
	if p.generated || p.o.count == 1 || p.o.tamper != "none" {
		return ""
	}
	now := time.Now()
	pair := func(after time.Duration) bool {
		one, err := p.next(1, now)
		other, wrong := p.next(2, now.Add(after))
		return err == nil && wrong == nil && p.signer.Repeats(one, other)
	}
	switch {
	case !pair(0):
		return ""
	case pair(time.Second):
		return "the scheme signs neither an id nor a time, so a gate with replay takes all of these for one delivery"
	}
	return "the scheme signs no id, so a gate with replay takes those with the same timestamp for one delivery"
}

// tampered changes the last digit of a body, so that what is JSON stays so, or else
// its last letter, or adds one.
func tampered(body []byte) []byte {
	changed := append([]byte{}, body...)
	for _, characters := range []string{"0123456789", "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"} {
		at := bytes.LastIndexAny(changed, characters)
		if at < 0 {
			continue
		}
		other := characters[:2]
		if changed[at] == other[1] {
			changed[at] = other[0]
		} else {
			changed[at] = other[1]
		}
		return changed
	}
	return append(changed, 'x')
}

// signerOf makes the signer that the options describe.
func signerOf(o *sendOptions, target string, s streams) (*signer.Signer, error) {
	raw, err := configurationOf(o, s)
	if err != nil {
		return nil, err
	}
	var key crypto.Signer
	if o.key != "" {
		if key, err = readPrivateKey(o.key); err != nil {
			return nil, errors.New("--key: " + err.Error())
		}
	}
	made, err := signer.NewSigner(&plugin.Config{Raw: raw}, key)
	if err != nil && strings.Contains(err.Error(), "publicURL: is required") {
		raw["publicURL"] = target // unless the gate is called under another name
		made, err = signer.NewSigner(&plugin.Config{Raw: raw}, key)
	}
	if err != nil {
		text := asOptions.Replace(err.Error())
		if o.hide != nil {
			text = o.hide(text)
		}
		return nil, errors.New(text)
	}
	return made, nil
}

// asOptions puts what the gate says of its options into the words of this command.
var asOptions = strings.NewReplacer(
	", in Traefik's environment", "",
	"by Traefik's user", "by you",
	"docs/providers.md lists the providers", "'hookward providers' lists the providers",
	"secrets: is required; write env:NAME or file:/path", "--secret: is required; write env:NAME or file:/path",
	"secrets: has no effect", "--secret: has no effect",
	"the private key: ", "--key: ",
	"a private key is required: ", "--key: is required: ",
	"secrets[0]: ", "--secret: ",
	"senders: is required", "--set senders=NAME: is required",
)
