package policy

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/audit"
	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/ship"
	"github.com/hookward/hookward/internal/words"
)

const (
	maxOutputs           = 8
	defaultBatchBytes    = 256 << 10
	maxBatchBytes        = 8 << 20
	defaultBatchInterval = 500 * time.Millisecond
	minBatchInterval     = 10 * time.Millisecond
	maxBatchInterval     = time.Second
	maxBufferBytes       = 256 << 20
	defaultSpillBytes    = 256 << 20
)

// nearOptions are the options of outputs that no network is between; the others
// are checked where they are used.
var (
	fileOptions = []string{"path", "maxBytes", "maxAge", "keep", "compression", "chainKey"}
	nearOptions = map[string][]string{
		"stdout": {"type", "bufferBytes"},
		"file":   {"type", "path", "maxBytes", "maxAge", "keep", "compression", "chainKey", "bufferBytes"},
	}
)

// compileOutputs compiles where records go.
func compileOutputs(n *config.Notes, secrets *secrets.Resolver, outputs []*config.OutputOptions, directory string) []audit.Spec {
	if outputs != nil && len(outputs) == 0 {
		config.AddProblem(n, "audit.outputs", config.KindInvalid, "can't be false; every request leaves a record somewhere")
	}
	if len(outputs) == 0 {
		outputs = []*config.OutputOptions{{Type: "stdout"}}
	}
	config.CheckCount(n, "audit.outputs", len(outputs), maxOutputs)
	specs := []audit.Spec{}
	seen := map[string]bool{}
	for i, o := range outputs {
		path := fmt.Sprintf("audit.outputs[%d]", i)
		spec := compileOutput(n, secrets, *o, directory, path)
		checkDistinct(n, path, seen, spec.Key)
		specs = append(specs, spec)
	}
	return specs
}

// checkDistinct notes an output that goes where another one of its list does.
func checkDistinct(n *config.Notes, path string, seen map[string]bool, key string) {
	if seen[key] {
		config.AddProblem(n, path, config.KindInvalid, "goes to the same place as another output")
	}
	seen[key] = true
}

func compileOutput(n *config.Notes, secrets *secrets.Resolver, o config.OutputOptions, directory, path string) audit.Spec {
	s := audit.Spec{Kind: o.Type, Name: "output " + o.Type, Key: o.Type}
	wrong := func(option, kind, text string) { config.AddProblem(n, path+"."+option, kind, text) }
	s.Queue = outbox.Options{
		Interval:    config.DurationOr(o.BatchInterval, defaultBatchInterval),
		BatchBytes:  int(config.NumberOr(o.BatchBytes, defaultBatchBytes)),
		MemoryBytes: int(config.NumberOr(o.BufferBytes, audit.DefaultBufferBytes)),
		Directory:   directory,
		DiskBytes:   config.NumberOr(o.SpillBytes, defaultSpillBytes),
	}
	q := &s.Queue
	switch {
	case q.Interval < minBatchInterval:
		wrong("batchInterval", config.KindInvalid, "must be at least 10ms")
	case q.Interval > maxBatchInterval:
		wrong("batchInterval", config.KindInvalid, "must be at most 1s, because what waits in memory is lost when Traefik ends")
	case q.BatchBytes > maxBatchBytes:
		wrong("batchBytes", config.KindInvalid, fmt.Sprintf("must be at most %d", maxBatchBytes))
	case q.MemoryBytes > maxBufferBytes:
		wrong("bufferBytes", config.KindInvalid, fmt.Sprintf("must be at most %d", maxBufferBytes))
	case o.SpillBytes > 0 && directory == "":
		wrong("spillBytes", config.KindNoEffect, "has no effect without stateDirectory")
	}
	own := &credentials{secrets: secrets}
	switch o.Type {
	case "stdout":
		hasOnly(o, nearOptions[o.Type], wrong)
	case "file":
		hasOnly(o, nearOptions[o.Type], wrong)
		compileFile(n, own, &s, o, path)
	case "":
		wrong("type", config.KindRequired, "is required: stdout, file, elasticsearch, splunk, otlp, loki, http or syslog")
	default:
		for _, name := range given(&o, fileOptions) {
			wrong(name, config.KindNoEffect, "has no effect unless type is file")
		}
		compileTarget(n, own, &s, o, path)
	}
	section := o.TLS
	o.TLS = nil
	s.Digest = digestOf(own, o, section)
	return s
}

// hasOnly refuses options that an output of its type does not have.
func hasOnly(o config.OutputOptions, names []string, wrong func(option, kind, text string)) {
	for _, name := range givenBeside(&o, names) {
		wrong(name, config.KindNoEffect, "has no effect on an output of type "+o.Type+", which has: "+strings.Join(names, ", "))
	}
}

func compileFile(n *config.Notes, own *credentials, s *audit.Spec, o config.OutputOptions, path string) {
	f := logfile.Options{Path: o.Path, MaxBytes: o.MaxBytes, MaxAge: o.MaxAge, Keep: int(o.Keep), Compress: o.Compression != "none"}
	if o.Compression != "" && o.Compression != "none" && o.Compression != "gzip" {
		config.AddProblem(n, path+".compression", config.KindInvalid, "must be gzip or none")
	}
	if o.ChainKey != "" {
		f.ChainKey = clientText(own, n, o.ChainKey, path+".chainKey", true)
	}
	f, problems := logfile.Complete(f)
	config.AddAll(n, path, problems)
	s.Name = "output file " + f.Path
	s.Key = "file " + f.Path
	s.File = f
}

// compileTarget compiles an output that is across a network. Gates whose records
// go to the same place have one queue, with the credentials that were given last.
func compileTarget(n *config.Notes, own *credentials, s *audit.Spec, o config.OutputOptions, path string) {
	t := ship.Target{
		Type: o.Type, URL: o.URL, Username: o.Username, Index: o.Index, Source: o.Source, SourceType: o.SourceType,
		Acknowledge: o.Acknowledge, Facility: o.Facility, Timeout: o.Timeout,
	}
	for i, text := range o.Labels {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			config.AddProblem(n, fmt.Sprintf("%s.labels[%d]", path, i), config.KindInvalid, "must be name=value")
		}
		t.Labels = append(t.Labels, [2]string{name, value})
	}
	for i, text := range o.Headers {
		name, value, ok := strings.Cut(text, ": ")
		at := fmt.Sprintf("%s.headers[%d]", path, i)
		if !ok || !header.IsName(name) {
			config.AddProblem(n, at, config.KindInvalid, "is not a header, as Name: value")
		}
		if isReference(value) {
			value = string(clientText(own, n, value, at, false))
			own.secrets.Texts = append(own.secrets.Texts, value)
		} else {
			checkHeaderValue(n, at, name, value)
		}
		t.Headers = append(t.Headers, [2]string{name, value})
	}
	names := []string{}
	for _, header := range t.Headers {
		names = append(names, header[0])
	}
	// What says where records go, and not what may change while they wait: keys and
	// patience.
	s.Key = words.Digest(fmt.Sprintf("%q %q %q %q %q %q %q %q %q %q", t.Type, t.URL, t.Username, t.Index, t.Source, t.SourceType, t.Labels, names, t.Facility, s.Queue.Directory))
	s.Queue.FileName = "audit-" + s.Key[:32]
	s.Name = "output " + o.Type + " " + originOf(o.URL)
	t.Password = clientSecret(own, n, o.Password, path+".password")
	t.Token = clientSecret(own, n, o.Token, path+".token")
	t.APIKey = clientSecret(own, n, o.APIKey, path+".apiKey")
	t.TLS = compileTLS(n, own, o.TLS, path+".tls")
	t, problems, warnings := ship.Complete(t)
	config.AddAll(n, path, problems)
	config.AddWarnings(n, path, warnings)
	s.Target = t
}

// headerScheme is what stands before the secret in a header.
var headerScheme = regexp.MustCompile(`(?i)^(ApiKey|Basic|Bearer|Splunk|Token) +`)

// secretHeader are the names of headers that have a secret, as a rule.
var secretHeader = regexp.MustCompile(`(?i)auth|cookie|key|password|secret|token`)

// checkHeaderValue refuses a value that nothing has resolved. What is no secret may be
// a name or a path.
func checkHeaderValue(n *config.Notes, at, name, value string) {
	bare := headerScheme.ReplaceAllString(value, "")
	if bare != value && isReference(bare) {
		config.AddProblem(n, at, config.KindInvalid, "has a reference that stands in the middle of the value; write Name: env:NAME, and the whole value into the variable")
		return
	}
	mistaken := secrets.Mistaken(bare)
	isAny := secretHeader.MatchString(name) || strings.HasPrefix(mistaken, secrets.MistakenVariable) || strings.HasPrefix(mistaken, secrets.MistakenReference)
	if mistaken != "" && isAny {
		config.AddProblem(n, at, config.KindInvalid, mistaken)
	}
}

// originOf returns scheme and host of a URL: the rest may be a key.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
