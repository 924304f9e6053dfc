package hookward

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/ship"
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
var nearOptions = map[string]string{
	"stdout": "type bufferBytes",
	"file":   "type path maxBytes maxAge keep compression chainKey bufferBytes",
}

var fileOptions = []string{"path", "maxBytes", "maxAge", "keep", "compression", "chainKey"}

// compileOutputs compiles where records go.
func compileOutputs(n *notes, secrets *resolver, outputs []*OutputOptions, directory string) []outputSpec {
	if outputs != nil && len(outputs) == 0 {
		addProblem(n, "audit.outputs", kindInvalid, "can't be false; every request leaves a record somewhere")
	}
	if len(outputs) == 0 {
		outputs = []*OutputOptions{{Type: "stdout"}}
	}
	if len(outputs) > maxOutputs {
		addProblem(n, "audit.outputs", kindInvalid, fmt.Sprintf("are more than %d", maxOutputs))
	}
	specs := []outputSpec{}
	seen := map[string]bool{}
	for i, o := range outputs {
		path := fmt.Sprintf("audit.outputs[%d]", i)
		spec := compileOutput(n, secrets, *o, directory, path)
		if seen[spec.key] {
			addProblem(n, path, kindInvalid, "goes to the same place as another output")
		}
		seen[spec.key] = true
		specs = append(specs, spec)
	}
	return specs
}

func compileOutput(n *notes, secrets *resolver, o OutputOptions, directory, path string) outputSpec {
	s := outputSpec{kind: o.Type, name: "output " + o.Type, key: o.Type}
	wrong := func(option, kind, text string) { addProblem(n, path+"."+option, kind, text) }
	s.queue = outbox.Options{
		Interval: o.BatchInterval, BatchBytes: int(o.BatchBytes), MemoryBytes: int(o.BufferBytes),
		Directory: directory, DiskBytes: o.SpillBytes,
	}
	q := &s.queue
	if q.Interval == 0 {
		q.Interval = defaultBatchInterval
	}
	if q.BatchBytes == 0 {
		q.BatchBytes = defaultBatchBytes
	}
	if q.MemoryBytes == 0 {
		q.MemoryBytes = defaultBufferBytes
	}
	if q.DiskBytes == 0 {
		q.DiskBytes = defaultSpillBytes
	}
	switch {
	case q.Interval < minBatchInterval:
		wrong("batchInterval", kindInvalid, "must be at least 10ms")
	case q.Interval > maxBatchInterval:
		wrong("batchInterval", kindInvalid, "must be at most 1s, because what waits in memory is lost when Traefik ends")
	case q.BatchBytes > maxBatchBytes:
		wrong("batchBytes", kindInvalid, fmt.Sprintf("must be at most %d", maxBatchBytes))
	case q.MemoryBytes > maxBufferBytes:
		wrong("bufferBytes", kindInvalid, fmt.Sprintf("must be at most %d", maxBufferBytes))
	case o.SpillBytes > 0 && directory == "":
		wrong("spillBytes", kindNoEffect, "has no effect without stateDirectory")
	}
	own := &credentials{secrets: secrets}
	switch o.Type {
	case "stdout":
		hasOnly(o, nearOptions[o.Type], wrong)
	case "file":
		hasOnly(o, nearOptions[o.Type], wrong)
		compileFile(n, own, &s, o, path)
	case "":
		wrong("type", kindRequired, "is required: stdout, file, elasticsearch, splunk, otlp, loki, http or syslog")
	default:
		for _, name := range fileOptions {
			if isGiven(o, name) {
				wrong(name, kindNoEffect, "has no effect unless type is file")
			}
		}
		compileTarget(n, own, &s, o, path)
	}
	section := fmt.Sprint(o.TLS) // what it says, and not where it stands in memory
	o.TLS = nil
	sum := sha256.Sum256([]byte(fmt.Sprintf("%v %s %v", o, section, own.seen)))
	s.digest = hex.EncodeToString(sum[:])
	return s
}

// hasOnly refuses options that an output of its type does not have.
func hasOnly(o OutputOptions, names string, wrong func(option, kind, text string)) {
	for _, name := range optionNames(&o) {
		if isGiven(o, name) && !contains(strings.Fields(names), name) {
			wrong(name, kindNoEffect, "has no effect on an output of type "+o.Type+", which has: "+strings.ReplaceAll(names, " ", ", "))
		}
	}
}

// isGiven says whether an option of an output has a value.
func isGiven(o OutputOptions, name string) bool {
	fields := reflect.ValueOf(o)
	i := fieldIndex(fields.Type(), name)
	return i >= 0 && !fields.Field(i).IsZero()
}

func compileFile(n *notes, own *credentials, s *outputSpec, o OutputOptions, path string) {
	f := logfile.Options{Path: o.Path, MaxBytes: o.MaxBytes, MaxAge: o.MaxAge, Keep: int(o.Keep), Compress: o.Compression != "none"}
	if o.Compression != "" && o.Compression != "none" && o.Compression != "gzip" {
		addProblem(n, path+".compression", kindInvalid, "must be gzip or none")
	}
	if o.ChainKey != "" {
		f.ChainKey = clientText(own, n, o.ChainKey, path+".chainKey", true)
	}
	f, problems := logfile.Complete(f)
	addAll(n, path, problems)
	s.name = "output file " + f.Path
	s.key = "file " + f.Path
	s.file = f
}

// compileTarget compiles an output that is across a network. Gates whose records
// go to the same place have one queue, with the credentials that were given last.
func compileTarget(n *notes, own *credentials, s *outputSpec, o OutputOptions, path string) {
	t := ship.Target{
		Type: o.Type, URL: o.URL, Username: o.Username, Index: o.Index, Source: o.Source, SourceType: o.SourceType,
		Acknowledge: o.Acknowledge, Facility: o.Facility, Timeout: o.Timeout,
	}
	for i, text := range o.Labels {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			addProblem(n, fmt.Sprintf("%s.labels[%d]", path, i), kindInvalid, "must be name=value")
		}
		t.Labels = append(t.Labels, [2]string{name, value})
	}
	for i, text := range o.Headers {
		name, value, ok := strings.Cut(text, ": ")
		at := fmt.Sprintf("%s.headers[%d]", path, i)
		if !ok || !isHeaderName(name) {
			addProblem(n, at, kindInvalid, "is not a header, as Name: value")
		}
		if strings.HasPrefix(value, "env:") || strings.HasPrefix(value, "file:") {
			value = string(clientText(own, n, value, at, false))
			own.secrets.texts = append(own.secrets.texts, value)
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
	sum := sha256.Sum256([]byte(fmt.Sprintf("%q %q %q %q %q %q %q %q %q %q", t.Type, t.URL, t.Username, t.Index, t.Source, t.SourceType, t.Labels, names, t.Facility, s.queue.Directory)))
	s.key = hex.EncodeToString(sum[:])
	s.queue.FileName = "audit-" + s.key[:32]
	s.name = "output " + o.Type + " " + originOf(o.URL)
	if o.Password != "" {
		t.Password = string(clientText(own, n, o.Password, path+".password", true))
	}
	if o.Token != "" {
		t.Token = string(clientText(own, n, o.Token, path+".token", true))
	}
	if o.APIKey != "" {
		t.APIKey = string(clientText(own, n, o.APIKey, path+".apiKey", true))
	}
	if o.TLS != nil {
		t.TLS = compileTLS(n, own, *o.TLS, path+".tls")
	}
	t, problems, warnings := ship.Complete(t)
	addAll(n, path, problems)
	addWarnings(n, path, warnings)
	s.target = t
}

// headerScheme is what stands before the secret in a header.
var headerScheme = regexp.MustCompile(`(?i)^(ApiKey|Basic|Bearer|Splunk|Token) +`)

// secretHeader are the names of headers that have a secret, as a rule.
var secretHeader = regexp.MustCompile(`(?i)auth|cookie|key|password|secret|token`)

// checkHeaderValue refuses a value that nothing has resolved. What is no secret may be
// a name or a path.
func checkHeaderValue(n *notes, at, name, value string) {
	bare := headerScheme.ReplaceAllString(value, "")
	if bare != value && (strings.HasPrefix(bare, "env:") || strings.HasPrefix(bare, "file:")) {
		addProblem(n, at, kindInvalid, "has a reference that stands in the middle of the value; write Name: env:NAME, and the whole value into the variable")
		return
	}
	mistaken := mistakenSecret(bare)
	isAny := secretHeader.MatchString(name) || strings.HasPrefix(mistaken, mistakenVariable) || strings.HasPrefix(mistaken, mistakenReference)
	if mistaken != "" && isAny {
		addProblem(n, at, kindInvalid, mistaken)
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
