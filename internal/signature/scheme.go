package signature

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/config"
	"github.com/hookward/hookward/internal/header"
	"github.com/hookward/hookward/internal/jsonpath"
	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/secrets"
	"github.com/hookward/hookward/internal/words"
)

// Scheme is a compiled way in which signatures are sent. One engine interprets
// it for all providers.
type Scheme struct {
	Algorithm    Algorithm
	Keys         [][]byte            // of algorithms with a shared secret, newest first
	PublicKeys   []secrets.PublicKey // of the others
	Certificate  message.Location    // of a certificate's URL, where that is what names the key
	Offline      bool                // no certificate is fetched
	certificates Certificates
	Headers      []string         // canonical, as all names here
	Field        message.Location // of the signature where it is in no header
	Format       Format
	Signs        []Part
	Items        []jsonpath.Step
	SignsValues  bool            // single values of the body are signed, so none may stand there twice
	skipsForms   bool            // forms have a signature of their own, over one field
	extendable   bool            // a plain hash with the secret first: anybody could hash on from it
	Names        map[string]bool // of the headers that this scheme reads

	Timestamp     message.Location // none where it stands beside the signature
	Timestamped   bool
	TimestampUnit string
	Tolerance     time.Duration

	message.Identity
	Sender  message.Location
	Senders map[string]bool

	publicOrigin string
	Pinned       bool // the whole URL is known, but for the body's digest
	PinnedPath   string
	PinnedQuery  string
	DigestField  string // of the query, with that digest
	publicPath   string // the URL without its query, where there is a digest
}

const (
	MaxAlternatives = 4
	// maxNumbered bounds the headers that `{n}` stands for.
	maxNumbered = maxCandidates
)

var secretEncodings = []string{"utf8", "hex", "base64", "whsec", "sha1"}

// AllSchemes returns the schemes of a signature, each whole.
func AllSchemes(first config.SignatureOptions) []config.SignatureOptions {
	schemes := []config.SignatureOptions{first}
	if len(first.Alternatives) <= MaxAlternatives {
		for _, alternative := range first.Alternatives {
			schemes = append(schemes, config.Overlay(first, alternative))
		}
	}
	return schemes
}

// Compile checks the options that describe a scheme, against each other too.
// The second result is what it lacks to have keys: empty where it has some.
func Compile(n *config.Notes, resolver *secrets.Resolver, options config.Options, o config.SignatureOptions, path string, certificates Certificates) (*Scheme, config.Problem) {
	s := &Scheme{certificates: certificates}
	wrong := func(option, kind, text string) { config.AddProblem(n, path+"."+option, kind, text) }

	a, known := Algorithms[words.OrDefault(o.Algorithm, "hmac-sha256")]
	if !known {
		wrong("algorithm", config.KindInvalid, config.NotKnown(o.Algorithm, sortedNames(Algorithms)))
	}
	s.Algorithm = a
	config.CheckKnown(n, path+".secretEncoding", o.SecretEncoding, secretEncodings)
	compileHeaders(n, s, o, path)
	s.Timestamp = message.LocationOption(n, path+".timestampHeader", o.TimestampHeader, path+".timestampField", o.TimestampField)
	s.ID = message.LocationOption(n, path+".idHeader", o.IDHeader, path+".idField", o.IDField)
	s.Event = message.LocationOption(n, path+".eventHeader", o.EventHeader, path+".eventField", o.EventField)
	s.Sender = message.LocationOption(n, "", "", path+".senderField", o.SenderField)
	s.Certificate = message.LocationOption(n, "", "", path+".certificateField", o.CertificateField)
	if o.Items != "" {
		items, problem := jsonpath.Parse(o.Items)
		if problem != "" {
			wrong("items", config.KindInvalid, problem)
		}
		s.Items = items
	}

	s.Senders = map[string]bool{}
	for _, name := range options.Senders {
		s.Senders[name] = true
	}
	format, problem := parseFormat(words.OrDefault(o.Format, "{hex}"), s.Senders)
	if problem != "" {
		wrong("format", config.KindInvalid, problem)
	}
	s.Format = format
	signs, problem := parseSigns(words.OrDefault(o.Signs, "{body}"), s.Timestamp, s.ID)
	if problem != "" {
		wrong("signs", config.KindInvalid, problem)
	}
	s.Signs = signs
	compileURL(n, s, options)
	if o.TimestampUnit == "epoch" && !endsTimestamp(s.Signs) {
		config.AddWarning(n, path+".signs", config.KindInvalid, "nothing separates {timestamp} from what follows it, and the unit epoch has two lengths")
	}
	for _, p := range delimit(s.Signs) {
		text := "nothing separates " + p + " from its neighbour, so whoever has seen one delivery can move bytes from one to the other"
		if words.Contains([]string{"{url}", "{portURL}", "{decodedURL}"}, p) {
			if s.publicOrigin == "" {
				continue // there is no publicURL yet, and a problem says so
			}
			text += "; the whole URL in publicURL ends that"
		}
		config.AddWarning(n, path+".signs", config.KindInvalid, text)
	}
	if len(signs) > 0 && !BindsBody(s) {
		s.SignsValues = readsBody(s)
		config.AddWarning(n, path+".signs", config.KindUnboundBody, "does not contain {body}, so whoever has seen one delivery can change its body")
	}
	s.SignsValues = s.SignsValues || IsPublic(&a) && s.Sender.Kind == "json"
	compileTimestamp(n, s, options, o, path)
	compileSigned(s, wrong)
	compileSenders(n, s, options)
	return s, compileKeys(n, resolver, s, options, o)
}

// compileHeaders checks where the signature stands.
func compileHeaders(n *config.Notes, s *Scheme, o config.SignatureOptions, path string) {
	s.Field = message.LocationOption(n, "", "", path+".field", o.Field)
	if len(o.Header) > 0 && o.Field != "" {
		config.AddProblem(n, path+".field", config.KindContradiction, "contradicts "+path+".header; the signature has one place")
	}
	if len(o.Header) == 0 && o.Field == "" {
		config.AddProblem(n, path+".header", config.KindRequired, "is required; or field, where the signature is in no header")
	}
	for _, name := range o.Header {
		prefix, numbered := strings.CutSuffix(name, "{n}")
		if !header.IsName(prefix) {
			config.AddProblem(n, path+".header", config.KindInvalid, words.Quote(name)+" is not the name of a header")
			continue
		}
		if !numbered {
			s.Headers = append(s.Headers, http.CanonicalHeaderKey(name))
			continue
		}
		for number := 1; number <= maxNumbered; number++ {
			s.Headers = append(s.Headers, http.CanonicalHeaderKey(prefix+strconv.Itoa(number)))
		}
	}
}

// compileURL checks the option publicURL, and puts the URL into the signed text
// where it is known.
func compileURL(n *config.Notes, s *Scheme, options config.Options) {
	if options.PublicURL != "" {
		u, problem := parsePublicURL(options.PublicURL)
		if problem != "" {
			config.AddProblem(n, "publicURL", config.KindInvalid, problem)
			return
		}
		pinURL(s, u)
	} else if SignsPart(s.Signs, urlKinds...) {
		config.AddProblem(n, "publicURL", config.KindRequired, "is required, because the scheme signs the URL; give all of it as the provider knows it, such as https://hooks.example.com/in")
	}
}

// compileTimestamp checks that a timestamp has one source, and is signed: one
// that is not protects from nothing.
func compileTimestamp(n *config.Notes, s *Scheme, options config.Options, o config.SignatureOptions, path string) {
	inHeader := HasPlaceholder(s.Format, "timestamp")
	s.Timestamped = inHeader || s.Timestamp.Kind != ""
	s.TimestampUnit = words.OrDefault(o.TimestampUnit, "s")
	s.Tolerance = config.DurationOr(options.Tolerance, config.DefaultTolerance)
	wrong := func(option, kind, text string) { config.AddProblem(n, path+"."+option, kind, text) }
	if inHeader && s.Timestamp.Kind != "" {
		wrong("timestampHeader", config.KindContradiction, "contradicts {timestamp} in "+path+".format; the timestamp has one place")
	}
	inBody := message.InBody(&s.Timestamp)
	isListed := s.Timestamp.Kind == "header" && SignsPart(s.Signs, "headers")
	if s.Timestamped && !SignsPart(s.Signs, "timestamp") && !isListed && !(inBody && BindsBody(s)) {
		wrong("signs", config.KindRequired, "must contain {timestamp}; one that is not signed can be changed by anybody")
	}
	config.CheckKnown(n, path+".timestampUnit", o.TimestampUnit, timestampUnits)
	if !s.Timestamped {
		if SignsPart(s.Signs, "timestamp") {
			wrong("timestampHeader", config.KindRequired, "is required, because "+path+".signs contains {timestamp}; or put {timestamp} into "+path+".format")
		}
		if options.Tolerance != 0 {
			config.AddProblem(n, "tolerance", config.KindNoEffect, "has no effect, because the scheme signs no timestamp")
		}
		if o.TimestampUnit != "" {
			wrong("timestampUnit", config.KindNoEffect, "has no effect, because the scheme signs no timestamp")
		}
	} else if s.Tolerance > time.Hour {
		config.AddWarning(n, "tolerance", config.KindLongTolerance, "is more than an hour; a captured delivery can be sent again all that time")
	}
}

// compileSigned checks that what is signed has a location.
func compileSigned(s *Scheme, wrong func(option, kind, text string)) {
	if SignsPart(s.Signs, "id") && s.ID.Kind == "" {
		wrong("idHeader", config.KindRequired, "is required, because signs contains {id}")
	}
	if SignsPart(s.Signs, "names", "listed") != HasPlaceholder(s.Format, "headers") {
		wrong("signs", config.KindInvalid, "{headers} and {headerValues} stand for the {headers} of format; one is there without the other")
	}
	for i := range s.Signs {
		// SHA-2 can be hashed on from its result, with the padding between, which
		// is no UTF-8.
		s.extendable = s.extendable || s.Signs[i].Kind == "secret" && i < len(s.Signs)-1
	}
	if SignsPart(s.Signs, "secret") != (s.Algorithm.Family == "hash") {
		wrong("signs", config.KindInvalid, "{secret} belongs to the algorithms hash-..., and to no others; without it everybody could make the hash")
	}
}

// compileSenders checks the names of senders where the scheme has such.
func compileSenders(n *config.Notes, s *Scheme, options config.Options) {
	inFormat := HasPlaceholder(s.Format, "sender")
	if len(options.Senders) == 0 {
		if inFormat || s.Certificate.Kind != "" || IsPublic(&s.Algorithm) && s.Sender.Kind != "" {
			config.AddProblem(n, "senders", config.KindRequired, "is required; the scheme has one key for everybody's deliveries, so name the senders that are yours")
		}
		return
	}
	for i, name := range options.Senders {
		if s.Certificate.Kind != "" && !s.certificates.Senders.MatchString(name) {
			config.AddProblem(n, "senders["+strconv.Itoa(i)+"]", config.KindInvalid, words.Quote(name)+" is not the ARN of an SNS topic, such as arn:aws:sns:eu-central-1:123456789012:deploys")
		}
	}
	if IsPublic(&s.Algorithm) && s.Sender.Kind != "" && !signsLocation(s, s.Sender) && !(s.Sender.Kind == "json" && BindsBody(s)) {
		config.AddProblem(n, "signature.senderField", config.KindInvalid, "must be a location that is signed; the key is the same for everybody's deliveries")
	}
	if s.Sender.Kind == "" && !inFormat {
		config.AddProblem(n, "senders", config.KindNoEffect, "has no effect, because the scheme names no sender")
	}
}
