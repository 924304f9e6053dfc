package hookward

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/logfile"
	"github.com/hookward/hookward/internal/outbox"
	"github.com/hookward/hookward/internal/ship"
)

// outputSpec is a compiled entry of the option audit.outputs.
type outputSpec struct {
	kind   string // its type
	name   string // for people
	key    string // by which it is one for all gates that write to the same place
	file   logfile.Options
	target ship.Target
	queue  outbox.Options
	of     string // a digest of what may change without it being another place
}

const (
	maxOutputs           = 8
	defaultBatchBytes    = 256 << 10
	maxBatchBytes        = 8 << 20
	defaultBatchInterval = 500 * time.Millisecond
	minBatchInterval     = 10 * time.Millisecond
	maxBatchInterval     = time.Second
	defaultBufferBytes   = 8 << 20
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
func compileOutputs(c *compilation, a *audit, outputs []*OutputOptions) {
	if outputs != nil && len(outputs) == 0 {
		c.problems = append(c.problems, "audit.outputs: can't be false; every request leaves a record somewhere")
	}
	if len(outputs) == 0 {
		outputs = []*OutputOptions{{Type: "stdout"}}
	}
	if len(outputs) > maxOutputs {
		c.problems = append(c.problems, fmt.Sprintf("audit.outputs: are more than %d", maxOutputs))
	}
	seen := map[string]bool{}
	for i, o := range outputs {
		path := fmt.Sprintf("audit.outputs[%d]", i)
		spec := compileOutput(c, a, *o, path)
		if seen[spec.key] {
			c.problems = append(c.problems, path+": goes to the same place as another output")
		}
		seen[spec.key] = true
		a.specs = append(a.specs, spec)
	}
}

func compileOutput(c *compilation, a *audit, o OutputOptions, path string) outputSpec {
	s := outputSpec{kind: o.Type, name: "output " + o.Type, key: o.Type}
	wrong := func(text string) { c.problems = append(c.problems, path+"."+text) }
	s.queue = outbox.Options{
		Interval: o.BatchInterval, BatchBytes: int(o.BatchBytes), MemoryBytes: int(o.BufferBytes),
		Directory: a.directory, DiskBytes: o.SpillBytes,
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
		wrong("batchInterval: must be at least 10ms")
	case q.Interval > maxBatchInterval:
		wrong("batchInterval: must be at most 1s, because what waits in memory is lost when Traefik ends")
	case q.BatchBytes > maxBatchBytes:
		wrong(fmt.Sprintf("batchBytes: must be at most %d", maxBatchBytes))
	case q.MemoryBytes > maxBufferBytes:
		wrong(fmt.Sprintf("bufferBytes: must be at most %d", maxBufferBytes))
	case o.SpillBytes > 0 && a.directory == "":
		wrong("spillBytes: has no effect without stateDirectory")
	}
	c.clientKeys = ""
	switch o.Type {
	case "stdout":
		hasOnly(o, nearOptions[o.Type], wrong)
	case "file":
		hasOnly(o, nearOptions[o.Type], wrong)
		compileFile(c, &s, o, path)
	case "":
		wrong("type: is required: stdout, file, elasticsearch, splunk, otlp, loki, http or syslog")
	default:
		for _, name := range fileOptions {
			if isGiven(o, name) {
				wrong(name + ": has no effect unless type is file")
			}
		}
		compileTarget(c, &s, o, path)
	}
	section := fmt.Sprint(o.TLS) // what it says, and not where it stands in memory
	o.TLS = nil
	sum := sha256.Sum256([]byte(fmt.Sprintf("%v %s %v", o, section, c.clientKeys)))
	s.of = hex.EncodeToString(sum[:])
	return s
}

// hasOnly refuses options that an output of its type does not have.
func hasOnly(o OutputOptions, names string, wrong func(string)) {
	for _, name := range optionNames(&o) {
		if isGiven(o, name) && !contains(strings.Fields(names), name) {
			wrong(name + ": has no effect on an output of type " + o.Type + ", which has: " + strings.ReplaceAll(names, " ", ", "))
		}
	}
}

// isGiven says whether an option of an output has a value.
func isGiven(o OutputOptions, name string) bool {
	fields := reflect.ValueOf(o)
	i := fieldIndex(fields.Type(), name)
	return i >= 0 && !fields.Field(i).IsZero()
}

func compileFile(c *compilation, s *outputSpec, o OutputOptions, path string) {
	f := logfile.Options{Path: o.Path, MaxBytes: o.MaxBytes, MaxAge: o.MaxAge, Keep: int(o.Keep), Compress: o.Compression != "none"}
	if o.Compression != "" && o.Compression != "none" && o.Compression != "gzip" {
		c.problems = append(c.problems, path+".compression: must be gzip or none")
	}
	if o.ChainKey != "" {
		f.ChainKey = clientText(c, o.ChainKey, path+".chainKey", true)
	}
	f, problems := logfile.Complete(f)
	for _, problem := range problems {
		c.problems = append(c.problems, path+"."+problem)
	}
	s.name = "output file " + f.Path
	s.key = "file " + f.Path
	s.file = f
}

// compileTarget compiles an output that is across a network. Gates whose records
// go to the same place have one queue, with the credentials that were given last.
func compileTarget(c *compilation, s *outputSpec, o OutputOptions, path string) {
	t := ship.Target{
		Type: o.Type, URL: o.URL, Username: o.Username, Index: o.Index, Source: o.Source, SourceType: o.SourceType,
		Acknowledge: o.Acknowledge, Facility: o.Facility, Timeout: o.Timeout,
	}
	for i, text := range o.Labels {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			c.problems = append(c.problems, fmt.Sprintf("%s.labels[%d]: must be name=value", path, i))
		}
		t.Labels = append(t.Labels, [2]string{name, value})
	}
	for i, text := range o.Headers {
		name, value, ok := strings.Cut(text, ": ")
		at := fmt.Sprintf("%s.headers[%d]", path, i)
		if !ok || !isHeaderName(name) {
			c.problems = append(c.problems, at+": is not a header, as Name: value")
		}
		if strings.HasPrefix(value, "env:") || strings.HasPrefix(value, "file:") {
			value = string(clientText(c, value, at, false))
			c.secretTexts = append(c.secretTexts, value)
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
		t.Password = string(clientText(c, o.Password, path+".password", true))
	}
	if o.Token != "" {
		t.Token = string(clientText(c, o.Token, path+".token", true))
	}
	if o.APIKey != "" {
		t.APIKey = string(clientText(c, o.APIKey, path+".apiKey", true))
	}
	if o.TLS != nil {
		t.TLS = compileTLS(c, *o.TLS, path+".tls")
	}
	t, problems, warnings := ship.Complete(t)
	for _, problem := range problems {
		c.problems = append(c.problems, path+"."+problem)
	}
	for _, warning := range warnings {
		c.warnings = append(c.warnings, path+"."+warning)
	}
	s.target = t
}

// originOf returns scheme and host of a URL: the rest may be a key.
func originOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
