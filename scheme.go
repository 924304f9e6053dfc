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

// allForms returns the forms of a signature, each whole.
func allForms(first SignatureOptions) []SignatureOptions {
	forms := []SignatureOptions{first}
	if len(first.Alternatives) <= maxAlternatives {
		for _, alternative := range first.Alternatives {
			forms = append(forms, overlay(first, *alternative))
		}
	}
	return forms
}

// compileScheme checks the options that describe a form, against each other too.
// The second result is what it lacks to have keys: empty where it has some.
func compileScheme(n *notes, secrets *resolver, options Options, o SignatureOptions, path string) (*scheme, problem) {
	s := &scheme{}
	wrong := func(option, kind, text string) { addProblem(n, path+"."+option, kind, text) }

	a, known := algorithms[orDefault(o.Algorithm, "hmac-sha256")]
	if !known {
		wrong("algorithm", kindInvalid, notKnown(o.Algorithm, sortedNames(algorithms)))
	}
	s.algorithm = a
	if !contains(secretEncodings, o.SecretEncoding) {
		wrong("secretEncoding", kindInvalid, notKnown(o.SecretEncoding, secretEncodings[1:]))
	}
	compileHeaders(n, s, o, path)
	s.timestamp = placeOption(n, path+".timestampHeader", o.TimestampHeader, path+".timestampField", o.TimestampField)
	s.id = placeOption(n, path+".idHeader", o.IDHeader, path+".idField", o.IDField)
	s.event = placeOption(n, path+".eventHeader", o.EventHeader, path+".eventField", o.EventField)
	s.sender = placeOption(n, "", "", path+".senderField", o.SenderField)
	s.certificate = placeOption(n, "", "", path+".certificateField", o.CertificateField)
	if o.Items != "" {
		items, problem := jsonpath.Parse(o.Items)
		if problem != "" {
			wrong("items", kindInvalid, problem)
		}
		s.items = items
	}

	s.senders = map[string]bool{}
	for _, name := range options.Senders {
		s.senders[name] = true
	}
	format, problem := parseFormat(orDefault(o.Format, "{hex}"), s.senders)
	if problem != "" {
		wrong("format", kindInvalid, problem)
	}
	s.format = format
	signs, problem := parseSigns(orDefault(o.Signs, "{body}"), s.timestamp, s.id)
	if problem != "" {
		wrong("signs", kindInvalid, problem)
	}
	s.signs = signs
	compileURL(n, s, options)
	if o.TimestampUnit == "epoch" && !endsTimestamp(s.signs) {
		addWarning(n, path+".signs", kindInvalid, "nothing separates {timestamp} from what follows it, and the unit epoch has two lengths")
	}
	for _, p := range delimit(s.signs) {
		text := "nothing separates " + p + " from its neighbour, so whoever has seen one delivery can move bytes from one to the other"
		if contains([]string{"{url}", "{portURL}", "{decodedURL}"}, p) {
			text += "; the whole URL in publicURL ends that"
		}
		addWarning(n, path+".signs", kindInvalid, text)
	}
	if len(signs) > 0 && !bindsBody(s) {
		s.exact = readsBody(s)
		addWarning(n, path+".signs", kindUnboundBody, "does not contain {body}, so whoever has seen one delivery can change its body")
	}
	s.exact = s.exact || isPublic(&a) && s.sender.kind == "json"
	compileTimestamp(n, s, options, o, path)
	compileSigned(s, wrong)
	compileSenders(n, s, options)
	return s, compileKeys(n, secrets, s, options, o)
}

// compileHeaders checks where the signature stands.
func compileHeaders(n *notes, s *scheme, o SignatureOptions, path string) {
	s.field = placeOption(n, "", "", path+".field", o.Field)
	if len(o.Header) > 0 && o.Field != "" {
		addProblem(n, path+".field", kindContradiction, "contradicts "+path+".header; the signature has one place")
	}
	if len(o.Header) == 0 && o.Field == "" {
		addProblem(n, path+".header", kindRequired, "is required; or field, where the signature is in no header")
	}
	for _, name := range o.Header {
		prefix, numbered := strings.CutSuffix(name, "{n}")
		if !isHeaderName(prefix) {
			addProblem(n, path+".header", kindInvalid, quote(name)+" is not the name of a header")
			continue
		}
		if !numbered {
			s.headers = append(s.headers, http.CanonicalHeaderKey(name))
			continue
		}
		for number := 1; number <= maxNumbered; number++ {
			s.headers = append(s.headers, http.CanonicalHeaderKey(prefix+strconv.Itoa(number)))
		}
	}
}

// compileURL checks the option publicURL, and puts the URL into the signed text
// where it is known.
func compileURL(n *notes, s *scheme, options Options) {
	if options.PublicURL != "" {
		u, problem := parsePublicURL(options.PublicURL)
		if problem != "" {
			addProblem(n, "publicURL", kindInvalid, problem)
			return
		}
		pinURL(s, u)
	} else if signsPart(s.signs, urlKinds...) {
		addProblem(n, "publicURL", kindRequired, "is required, because the scheme signs the URL; give all of it as the provider knows it, such as https://hooks.example.com/in")
	}
}

// compileTimestamp checks that a timestamp has one source, and is signed: one
// that is not protects from nothing.
func compileTimestamp(n *notes, s *scheme, options Options, o SignatureOptions, path string) {
	inHeader := hasPlaceholder(s.format, "timestamp")
	s.timestamped = inHeader || s.timestamp.kind != ""
	s.timestampUnit = orDefault(o.TimestampUnit, "s")
	s.tolerance = options.Tolerance
	if s.tolerance == 0 {
		s.tolerance = defaultTolerance
	}
	wrong := func(option, kind, text string) { addProblem(n, path+"."+option, kind, text) }
	if inHeader && s.timestamp.kind != "" {
		wrong("timestampHeader", kindContradiction, "contradicts {timestamp} in "+path+".format; the timestamp has one place")
	}
	inBody := s.timestamp.kind == "json" || s.timestamp.kind == "form"
	isListed := s.timestamp.kind == "header" && signsPart(s.signs, "headers")
	if s.timestamped && !signsPart(s.signs, "timestamp") && !isListed && !(inBody && bindsBody(s)) {
		wrong("signs", kindRequired, "must contain {timestamp}; one that is not signed can be changed by anybody")
	}
	if !contains(timestampUnits, s.timestampUnit) {
		wrong("timestampUnit", kindInvalid, notKnown(o.TimestampUnit, timestampUnits))
	}
	if !s.timestamped {
		if signsPart(s.signs, "timestamp") {
			wrong("timestampHeader", kindRequired, "is required, because "+path+".signs contains {timestamp}; or put {timestamp} into "+path+".format")
		}
		if options.Tolerance != 0 {
			addProblem(n, "tolerance", kindNoEffect, "has no effect, because the scheme signs no timestamp")
		}
		if o.TimestampUnit != "" {
			wrong("timestampUnit", kindNoEffect, "has no effect, because the scheme signs no timestamp")
		}
	} else if s.tolerance > time.Hour {
		addWarning(n, "tolerance", kindLongTolerance, "is more than an hour; a captured delivery can be sent again all that time")
	}
}

// compileSigned checks that what is signed has a place.
func compileSigned(s *scheme, wrong func(option, kind, text string)) {
	if signsPart(s.signs, "id") && s.id.kind == "" {
		wrong("idHeader", kindRequired, "is required, because signs contains {id}")
	}
	if signsPart(s.signs, "names", "listed") != hasPlaceholder(s.format, "headers") {
		wrong("signs", kindInvalid, "{headers} and {headerValues} stand for the {headers} of format; one is there without the other")
	}
	for i := range s.signs {
		// SHA-2 can be hashed on from its result, with the padding between, which
		// is no UTF-8.
		s.extendable = s.extendable || s.signs[i].kind == "secret" && i < len(s.signs)-1
	}
	if signsPart(s.signs, "secret") != (s.algorithm.family == "hash") {
		wrong("signs", kindInvalid, "{secret} belongs to the algorithms hash-..., and to no others; without it everybody could make the hash")
	}
}

// compileSenders checks the names of senders where the scheme has such.
func compileSenders(n *notes, s *scheme, options Options) {
	inFormat := hasPlaceholder(s.format, "sender")
	if len(options.Senders) == 0 {
		if inFormat || s.certificate.kind != "" || isPublic(&s.algorithm) && s.sender.kind != "" {
			addProblem(n, "senders", kindRequired, "is required; the scheme has one key for everybody's deliveries, so name the senders that are yours")
		}
		return
	}
	for i, name := range options.Senders {
		if s.certificate.kind != "" && !snsTopic.MatchString(name) {
			addProblem(n, "senders["+strconv.Itoa(i)+"]", kindInvalid, quote(name)+" is not the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:123456789012:deploys")
		}
	}
	if isPublic(&s.algorithm) && s.sender.kind != "" && !signsPlace(s, s.sender) && !(s.sender.kind == "json" && bindsBody(s)) {
		addProblem(n, "signature.senderField", kindInvalid, "must be a place that is signed; the key is the same for everybody's deliveries")
	}
	if s.sender.kind == "" && !inFormat {
		addProblem(n, "senders", kindNoEffect, "has no effect, because the scheme names no sender")
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
