package policy

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/delivery"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/ship"
	"github.com/hookward/hookward/internal/words"
)

// letterTypes are the types of outputs that dead letters may be handed to.
var letterTypes = []string{"sqs", "stdout", "file", "elasticsearch", "splunk", "otlp", "loki", "http", "syslog"}

// queueOptions are those of sqs beside type, url, tls and timeout.
var queueOptions = []string{"region", "endpoint", "accessKeyID", "secretAccessKey", "sessionToken"}

// letterIndex is the data stream of dead letters in Elasticsearch.
const letterIndex = "logs-hookward.dead_letter-default"

// compileDeadLetters compiles what becomes of the dead.
func compileDeadLetters(n *config.Notes, resolver *secrets.Resolver, d *Delivery, o *config.DeadLetterOptions, p *Policy) {
	d.Options.Keep = defaultKeep
	if o == nil {
		return
	}
	d.Options.Keep = config.DurationOr(o.Keep, defaultKeep)
	if o.Keep < 0 {
		d.Options.Keep = 0
	}
	const path = "delivery.deadLetter"
	switch {
	case o.Outputs != nil && len(o.Outputs) == 0:
		config.AddProblem(n, path+".outputs", config.KindInvalid, "can't be false; leave it out, and dead deliveries stay in the store")
	case o.Keep < 0 && len(o.Outputs) == 0:
		config.AddProblem(n, path+".keep", config.KindContradiction, "can't be 0 without deadLetter.outputs: nobody would have what is given up")
	case len(o.Outputs) > maxOutputs:
		config.AddProblem(n, path+".outputs", config.KindInvalid, fmt.Sprintf("are more than %d", maxOutputs))
	}
	if len(o.Outputs) == 0 {
		return
	}
	d.Private = privateHeaders(n, path+".outputs", p)
	seen := map[string]bool{}
	names := map[string]int{}
	for i, output := range o.Outputs {
		at := fmt.Sprintf("%s.outputs[%d]", path, i)
		spec := compileLetterOutput(n, resolver, *output, at)
		checkDistinct(n, at, seen, spec.Key)
		names[spec.Name]++
		if names[spec.Name] > 1 {
			spec.Name += fmt.Sprintf(" #%d", names[spec.Name])
		}
		d.Letters = append(d.Letters, spec)
		mark := words.Digest("dead letters to " + spec.Key)[:8]
		d.Options.Outputs = append(d.Options.Outputs, delivery.Output{Mark: mark, Name: spec.Name})
	}
}

func compileLetterOutput(n *config.Notes, resolver *secrets.Resolver, o config.DeadLetterOutputOptions, path string) audit.Spec {
	wrong := func(option, kind, text string) { config.AddProblem(n, path+"."+option, kind, text) }
	switch {
	case o.Type == "":
		wrong("type", config.KindRequired, "is required: "+strings.Join(letterTypes, ", "))
		return audit.Spec{}
	case !words.Contains(letterTypes, o.Type):
		wrong("type", config.KindInvalid, config.NotKnown(o.Type, letterTypes))
		return audit.Spec{}
	case o.Type == "sqs":
		return compileQueue(n, resolver, o, path)
	}
	for _, name := range given(&o, queueOptions) {
		wrong(name, config.KindNoEffect, "has no effect unless type is sqs")
	}
	if o.Type == "elasticsearch" && o.Index == "" {
		o.Index = letterIndex
	}
	s := compileOutput(n, resolver, asOutput(o), "", path)
	s.Name = strings.TrimPrefix(s.Name, "output ")
	return s
}

// asOutput returns the options of an output that the audit log knows.
func asOutput(o config.DeadLetterOutputOptions) config.OutputOptions {
	made := config.OutputOptions{}
	config.LayUpon(&made, &o)
	return made
}

// compileQueue compiles an output of type sqs. The id of an access key is no secret.
func compileQueue(n *config.Notes, resolver *secrets.Resolver, o config.DeadLetterOutputOptions, path string) audit.Spec {
	for _, name := range givenBeside(&o, append([]string{"type", "url", "tls", "timeout"}, queueOptions...)) {
		config.AddProblem(n, path+"."+name, config.KindNoEffect, "has no effect with type sqs")
	}
	own := &credentials{secrets: resolver}
	t := ship.Target{Type: o.Type, URL: o.URL, Region: o.Region, Endpoint: o.Endpoint, Timeout: o.Timeout}
	t.Keys.AccessKeyID = o.AccessKeyID
	if isReference(o.AccessKeyID) {
		t.Keys.AccessKeyID = string(clientText(own, n, o.AccessKeyID, path+".accessKeyID", false))
	}
	t.Keys.SecretAccessKey = clientSecret(own, n, o.SecretAccessKey, path+".secretAccessKey")
	t.Keys.SessionToken = clientSecret(own, n, o.SessionToken, path+".sessionToken")
	section := o.TLS
	t.TLS = compileTLS(n, own, section, path+".tls")
	o.TLS = nil
	t, problems, warnings := ship.Complete(t)
	config.AddAll(n, path, problems)
	config.AddWarnings(n, path, warnings)
	return audit.Spec{Kind: o.Type, Name: "sqs " + ship.QueueOf(o.URL), Key: "sqs " + o.URL, Target: t, Digest: digestOf(own, o, section)}
}

// privateHeaders returns the headers that no dead letter has: a JSON Web Token that is good
// for other deliveries, and other credentials.
func privateHeaders(n *config.Notes, path string, p *Policy) []string {
	private := []string{"Authorization", "Proxy-Authorization"}
	inBody := false
	if p.Token != nil {
		for i := range p.Token.Locations {
			kind := p.Token.Locations[i].Kind
			inBody = inBody || kind != "header" && kind != "query"
		}
	}
	if p.JWT != nil && p.JWT.Forwards && !p.JWT.Bound {
		for i := range p.JWT.Locations {
			at := &p.JWT.Locations[i]
			if at.Kind == "header" {
				private = append(private, http.CanonicalHeaderKey(at.Name))
			}
			inBody = inBody || at.Kind != "header"
		}
	}
	if inBody {
		config.AddProblem(n, path, config.KindContradiction, "would have the token, which stands in the body or the query and is good for other deliveries; leave them out, and dead deliveries stay in the store")
	}
	return private
}

// checkLetterFiles says where dead letters would get between the records of a file, which is
// rotated and chained by who writes them.
func checkLetterFiles(n *config.Notes, p *Policy) {
	if p.Delivery == nil {
		return
	}
	for i := range p.Delivery.Letters {
		for _, spec := range p.Audit.Specs {
			if spec.Kind == "file" && spec.Key == p.Delivery.Letters[i].Key {
				config.AddProblem(n, fmt.Sprintf("delivery.deadLetter.outputs[%d].path", i), config.KindContradiction, "is the file of audit.outputs; give dead letters one of their own")
			}
		}
	}
}
