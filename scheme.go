package hookward

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/jsonpath"
)

// scheme is a compiled form in which signatures are sent. One engine interprets
// it for all providers.
type scheme struct {
	algorithm   algorithm
	keys        [][]byte    // of algorithms with a shared secret, newest first
	publicKeys  []publicKey // of the others
	certificate place       // of a certificate's URL, where that is what names the key
	offline     bool        // no certificate is fetched
	headers     []string    // canonical, as all names here
	field       place       // of the signature where it is in no header
	format      headerFormat
	signs       []part
	items       []jsonpath.Step
	exact       bool            // single values of the body are signed, so none may stand there twice
	formless    bool            // forms have a signature of their own, over one field
	extendable  bool            // a plain hash with the secret first: anybody could hash on from it
	names       map[string]bool // of the headers that this form reads

	timestamp     place // none where it stands beside the signature
	timestamped   bool
	timestampUnit string
	tolerance     time.Duration

	identity
	sender  place
	senders map[string]bool

	publicOrigin string
	pinned       bool // the whole URL is known, but for the body's digest
	pinnedPath   string
	pinnedQuery  string
	digestField  string // of the query, with that digest
	publicPath   string // the URL without its query, where there is a digest
}

const (
	maxAlternatives = 4
	// maxNumbered bounds the headers that `{n}` stands for.
	maxNumbered = maxCandidates
)

var secretEncodings = []string{"", "utf8", "hex", "base64", "whsec", "sha1"}

// compileSignature adds the forms of the option signature to the policy: the
// first one, and alternatives that differ from it in what they say.
func compileSignature(c *compilation, p *policy, options Options) {
	first := *options.Signature
	compileScheme(c, p, options, first, "signature")
	if len(first.Alternatives) > maxAlternatives {
		c.problems = append(c.problems, "signature.alternatives: at most 4")
		return
	}
	for i, alternative := range first.Alternatives {
		path := "signature.alternatives[" + strconv.Itoa(i) + "]"
		compileScheme(c, p, options, overlay(first, *alternative), path)
	}
}

// compileScheme checks the options that describe a form, against each other too.
// A form for which there are no keys is left out, if it is not the only one.
func compileScheme(c *compilation, p *policy, options Options, o SignatureOptions, path string) {
	s := &scheme{}
	wrong := func(text string) { c.problems = append(c.problems, path+"."+text) }

	a, known := algorithms[orDefault(o.Algorithm, "hmac-sha256")]
	if !known {
		wrong("algorithm: " + notKnown(o.Algorithm, sortedNames(algorithms)))
	}
	s.algorithm = a
	if !contains(secretEncodings, o.SecretEncoding) {
		wrong("secretEncoding: " + notKnown(o.SecretEncoding, secretEncodings[1:]))
	}
	compileHeaders(c, s, o, path)
	s.timestamp = placeOption(c, path+".timestampHeader", o.TimestampHeader, path+".timestampField", o.TimestampField)
	s.id = placeOption(c, path+".idHeader", o.IDHeader, path+".idField", o.IDField)
	s.event = placeOption(c, path+".eventHeader", o.EventHeader, path+".eventField", o.EventField)
	s.sender = placeOption(c, "", "", path+".senderField", o.SenderField)
	s.certificate = placeOption(c, "", "", path+".certificateField", o.CertificateField)
	if o.Items != "" {
		items, problem := jsonpath.Parse(o.Items)
		if problem != "" {
			wrong("items: " + problem)
		}
		s.items = items
	}

	s.senders = map[string]bool{}
	for _, name := range options.Senders {
		s.senders[name] = true
	}
	format, problem := parseFormat(orDefault(o.Format, "{hex}"), s.senders)
	if problem != "" {
		wrong("format: " + problem)
	}
	s.format = format
	signs, problem := parseSigns(orDefault(o.Signs, "{body}"), s.timestamp, s.id)
	if problem != "" {
		wrong("signs: " + problem)
	}
	s.signs = signs
	compileURL(c, s, options)
	if o.TimestampUnit == "epoch" && !endsTimestamp(s.signs) {
		c.warnings = append(c.warnings, path+".signs: nothing separates {timestamp} from what follows it, and the unit epoch has two lengths")
	}
	for _, p := range delimit(s.signs) {
		text := path + ".signs: nothing separates " + p + " from its neighbour, so whoever has seen one delivery can move bytes from one to the other"
		if contains([]string{"{url}", "{portURL}", "{decodedURL}"}, p) {
			text += "; the whole URL in publicURL ends that"
		}
		c.warnings = append(c.warnings, text)
	}
	if len(signs) > 0 && !bindsBody(s) {
		s.exact = readsBody(s)
		if !isRowsOwn(c.row.Options.Signature, o.Signs) {
			c.warnings = append(c.warnings, path+".signs: does not contain {body}, so whoever has seen one delivery can change its body")
		}
	}
	s.exact = s.exact || isPublic(&a) && s.sender.kind == "json"
	compileTimestamp(c, s, options, o, path)
	compileSigned(s, wrong)
	compileSenders(c, s, options)
	compileKeys(c, p, s, options, o)
}

// compileHeaders checks where the signature stands.
func compileHeaders(c *compilation, s *scheme, o SignatureOptions, path string) {
	s.field = placeOption(c, "", "", path+".field", o.Field)
	if len(o.Header) > 0 && o.Field != "" {
		c.problems = append(c.problems, path+".field: contradicts "+path+".header; the signature has one place")
	}
	if len(o.Header) == 0 && o.Field == "" {
		c.problems = append(c.problems, path+".header: is required; or field, where the signature is in no header")
	}
	for _, name := range o.Header {
		prefix, numbered := strings.CutSuffix(name, "{n}")
		if !isHeaderName(prefix) {
			c.problems = append(c.problems, path+".header: "+quote(name)+" is not the name of a header")
			continue
		}
		if !numbered {
			s.headers = append(s.headers, http.CanonicalHeaderKey(name))
			continue
		}
		for n := 1; n <= maxNumbered; n++ {
			s.headers = append(s.headers, http.CanonicalHeaderKey(prefix+strconv.Itoa(n)))
		}
	}
}

// compileURL checks the option publicURL, and puts the URL into the signed text
// where it is known.
func compileURL(c *compilation, s *scheme, options Options) {
	if options.PublicURL != "" {
		u, problem := parsePublicURL(options.PublicURL)
		if problem != "" {
			c.problems = append(c.problems, "publicURL: "+problem)
			return
		}
		pinURL(s, u)
	} else if signsPart(s.signs, urlKinds...) {
		c.problems = append(c.problems, "publicURL: is required, because the scheme signs the URL; give all of it as the provider knows it, such as https://hooks.example.com/in")
	}
}

// compileTimestamp checks that a timestamp has one source, and is signed: one
// that is not protects from nothing.
func compileTimestamp(c *compilation, s *scheme, options Options, o SignatureOptions, path string) {
	inHeader := hasPlaceholder(s.format, "timestamp")
	s.timestamped = inHeader || s.timestamp.kind != ""
	s.timestampUnit = orDefault(o.TimestampUnit, "s")
	s.tolerance = options.Tolerance
	if s.tolerance == 0 {
		s.tolerance = defaultTolerance
	}
	wrong := func(text string) { c.problems = append(c.problems, path+"."+text) }
	if inHeader && s.timestamp.kind != "" {
		wrong("timestampHeader: contradicts {timestamp} in " + path + ".format; the timestamp has one place")
	}
	inBody := s.timestamp.kind == "json" || s.timestamp.kind == "form"
	isListed := s.timestamp.kind == "header" && signsPart(s.signs, "headers")
	if s.timestamped && !signsPart(s.signs, "timestamp") && !isListed && !(inBody && bindsBody(s)) {
		wrong("signs: must contain {timestamp}; one that is not signed can be changed by anybody")
	}
	if !contains(timestampUnits, s.timestampUnit) {
		wrong("timestampUnit: " + notKnown(o.TimestampUnit, timestampUnits))
	}
	if !s.timestamped {
		if signsPart(s.signs, "timestamp") {
			wrong("timestampHeader: is required, because " + path + ".signs contains {timestamp}; or put {timestamp} into " + path + ".format")
		}
		if options.Tolerance != 0 {
			c.problems = append(c.problems, "tolerance: has no effect, because the scheme signs no timestamp")
		}
		if o.TimestampUnit != "" {
			wrong("timestampUnit: has no effect, because the scheme signs no timestamp")
		}
	} else if s.tolerance > time.Hour && s.tolerance != c.row.Options.Tolerance {
		c.warnings = append(c.warnings, "tolerance: is more than an hour; a captured delivery can be sent again all that time")
	}
}

// compileSigned checks that what is signed has a place.
func compileSigned(s *scheme, wrong func(string)) {
	if signsPart(s.signs, "id") && s.id.kind == "" {
		wrong("idHeader: is required, because signs contains {id}")
	}
	if signsPart(s.signs, "names", "listed") != hasPlaceholder(s.format, "headers") {
		wrong("signs: {headers} and {headerValues} stand for the {headers} of format; one is there without the other")
	}
	for i := range s.signs {
		// SHA-2 can be hashed on from its result, with the padding between, which
		// is no UTF-8.
		s.extendable = s.extendable || s.signs[i].kind == "secret" && i < len(s.signs)-1
	}
	if signsPart(s.signs, "secret") != (s.algorithm.family == "hash") {
		wrong("signs: {secret} belongs to the algorithms hash-..., and to no others; without it everybody could make the hash")
	}
}

// compileSenders checks the names of senders where the scheme has such.
func compileSenders(c *compilation, s *scheme, options Options) {
	inFormat := hasPlaceholder(s.format, "sender")
	if len(options.Senders) == 0 {
		if inFormat || s.certificate.kind != "" || isPublic(&s.algorithm) && s.sender.kind != "" {
			c.problems = append(c.problems, "senders: is required; the scheme has one key for everybody's deliveries, so name the senders that are yours")
		}
		return
	}
	for i, name := range options.Senders {
		if s.certificate.kind != "" && !snsTopic.MatchString(name) {
			c.problems = append(c.problems, "senders["+strconv.Itoa(i)+"]: "+quote(name)+" is not the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:123456789012:deploys")
		}
	}
	if isPublic(&s.algorithm) && s.sender.kind != "" && !signsPlace(s, s.sender) && !(s.sender.kind == "json" && bindsBody(s)) {
		c.problems = append(c.problems, "signature.senderField: must be a place that is signed; the key is the same for everybody's deliveries")
	}
	if s.sender.kind == "" && !inFormat {
		c.problems = append(c.problems, "senders: has no effect, because the scheme names no sender")
	}
}

// overlay returns a form that is as another but for what it says itself.
func overlay(o SignatureOptions, own AlternativeOptions) SignatureOptions {
	if len(own.Header) > 0 {
		o.Header = own.Header
		o.Field = ""
	}
	if own.Field != "" {
		o.Header = nil
		o.Field = own.Field
	}
	if own.TimestampHeader != "" || own.TimestampField != "" {
		o.TimestampHeader = own.TimestampHeader
		o.TimestampField = own.TimestampField
	}
	if own.IDHeader != "" {
		o.IDHeader = own.IDHeader
		o.IDField = ""
	}
	o.Algorithm = orDefault(own.Algorithm, o.Algorithm)
	o.Format = orDefault(own.Format, o.Format)
	o.Signs = orDefault(own.Signs, o.Signs)
	o.SecretEncoding = orDefault(own.SecretEncoding, o.SecretEncoding)
	o.TimestampUnit = orDefault(own.TimestampUnit, o.TimestampUnit)
	return o
}
