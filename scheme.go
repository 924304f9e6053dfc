package hookward

import (
	"crypto/hmac"
	"net/http"
	"strings"
	"time"
)

// scheme is a compiled signature scheme: the provider's row with the user's
// options laid upon it. One engine interprets it for all providers.
type scheme struct {
	mac             macAlgorithm
	header          string // canonical, as all names here
	format          headerFormat
	signs           []part
	timestamped     bool
	timestampHeader string // empty where the timestamp stands in header
	timestampUnit   string
	tolerance       time.Duration
	idHeader        string
	eventHeader     string
	publicOrigin    string
	publicPath      string
}

// compileScheme checks the options that describe the scheme, against each other
// too, and adds the scheme to the policy.
func compileScheme(c *compilation, p *policy, options Options) {
	if options.Signature == nil || options.Provider == "" && options.Signature.Header == "" {
		c.problems = append(c.problems, "provider: is required, or signature.header for a scheme of your own; known providers: "+strings.Join(providerSlugs(), ", "))
		return
	}
	o := *options.Signature
	s := &scheme{}
	wrong := func(text string) { c.problems = append(c.problems, text) }

	mac, known := macAlgorithms[orDefault(o.Algorithm, "hmac-sha256")]
	if !known {
		wrong("signature.algorithm: " + quote(o.Algorithm) + " is not known; allowed: hmac-md5, hmac-sha1, hmac-sha256, hmac-sha384, hmac-sha512")
	}
	s.mac = mac
	if !contains([]string{"", "utf8", "hex", "base64", "whsec"}, o.SecretEncoding) {
		wrong("signature.secretEncoding: " + quote(o.SecretEncoding) + " is not known; allowed: utf8, hex, base64, whsec")
	}

	s.header = headerOption(c, "signature.header", o.Header)
	s.timestampHeader = headerOption(c, "signature.timestampHeader", o.TimestampHeader)
	s.idHeader = headerOption(c, "signature.idHeader", o.IDHeader)
	s.eventHeader = headerOption(c, "signature.eventHeader", o.EventHeader)

	format, problem := parseFormat(orDefault(o.Format, "{hex}"))
	if problem != "" {
		wrong("signature.format: " + problem)
	}
	s.format = format
	signs, problem := parseSigns(orDefault(o.Signs, "{body}"), s.timestampHeader, s.idHeader)
	if problem != "" {
		wrong("signature.signs: " + problem)
	}
	for _, p := range delimit(signs) {
		c.warnings = append(c.warnings, "signature.signs: nothing separates "+p+" from its neighbour, so whoever has seen one delivery can move bytes from one to the other")
	}
	s.signs = signs
	if len(signs) > 0 && !signsPart(signs, "body") {
		c.warnings = append(c.warnings, "signature.signs: does not contain {body}, so whoever has seen one delivery can change its body")
	}

	compileTimestamp(c, s, options)
	if signsPart(signs, "id") && s.idHeader == "" {
		wrong("signature.idHeader: is required, because signature.signs contains {id}")
	}
	if options.PublicURL != "" {
		s.publicOrigin, s.publicPath, problem = parsePublicURL(options.PublicURL)
		if problem != "" {
			wrong("publicURL: " + problem)
		}
	}
	if signsPart(signs, "url") != (options.PublicURL != "") {
		wrong("publicURL: is required where signature.signs contains {url}, and has no effect elsewhere")
	}
	p.scheme = s
}

// compileTimestamp checks that a timestamp has one source, and is signed: one
// that is not protects from nothing.
func compileTimestamp(c *compilation, s *scheme, options Options) {
	o := *options.Signature
	inHeader := hasTimestamp(s.format)
	s.timestamped = inHeader || s.timestampHeader != ""
	s.timestampUnit = orDefault(o.TimestampUnit, "s")
	s.tolerance = options.Tolerance
	if s.tolerance == 0 {
		s.tolerance = defaultTolerance
	}
	wrong := func(text string) { c.problems = append(c.problems, text) }
	if inHeader && s.timestampHeader != "" {
		wrong("signature.timestampHeader: contradicts {timestamp} in signature.format; the timestamp has one place")
	}
	if s.timestamped && !signsPart(s.signs, "timestamp") {
		wrong("signature.signs: must contain {timestamp}; one that is not signed can be changed by anybody")
	}
	if !contains(timestampUnits, s.timestampUnit) {
		wrong("signature.timestampUnit: " + quote(o.TimestampUnit) + " is not known; allowed: " + strings.Join(timestampUnits, ", "))
	}
	if !s.timestamped {
		if signsPart(s.signs, "timestamp") {
			wrong("signature.timestampHeader: is required, because signature.signs contains {timestamp}; or put {timestamp} into signature.format")
		}
		if options.Tolerance != 0 {
			wrong("tolerance: has no effect, because the scheme signs no timestamp")
		}
		if o.TimestampUnit != "" {
			wrong("signature.timestampUnit: has no effect, because the scheme signs no timestamp")
		}
	} else if s.tolerance > time.Hour {
		c.warnings = append(c.warnings, "tolerance: is more than an hour; a captured delivery can be sent again all that time")
	}
}

func orDefault(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

// headerOption returns the canonical form of an option that names a header.
func headerOption(c *compilation, path, name string) string {
	if name != "" && !isHeaderName(name) {
		c.problems = append(c.problems, path+": "+quote(name)+" is not the name of a header")
	}
	return http.CanonicalHeaderKey(name)
}

// maxTexts bounds how often a body is signed for one request, times the number
// of keys: schemes exist whose signatures have a timestamp each.
const maxTexts = 4

// verify says whether one of the keys has signed the request: verified, or the
// reason to refuse. It notes on the decision which key it was.
func verify(s *scheme, keys [][]byte, r *http.Request, d *decision, now time.Time) string {
	proofs, reason := readProofs(&s.format, s.mac.size, r.Header[s.header])
	if reason != proofsRead {
		return reason
	}
	if s.timestamped && !setTimestamps(s, proofs, r) {
		return timestampMissing
	}
	texts := 0
	var macs [][]byte // what each key makes of the text
	for i := range proofs {
		p := &proofs[i]
		if i == 0 || p.timestamp != proofs[i-1].timestamp {
			texts++
			if texts > maxTexts {
				return signatureMalformed
			}
			macs, reason = computeMACs(s, keys, r, d.body, p.timestamp)
			if reason != textsReady {
				return reason
			}
		}
		for k := range macs {
			// hmac.Equal takes the same time wherever two codes of equal
			// length differ; decodeMAC has seen to the length.
			if hmac.Equal(macs[k], p.mac) {
				d.secret = k + 1
				if s.timestamped {
					return checkTimestamp(p.timestamp, s.timestampUnit, s.tolerance, now)
				}
				return verified
			}
		}
	}
	return signatureMismatch
}

// setTimestamps gives each signature the timestamp of the scheme's header, if it
// has one, and says whether all have a timestamp then.
func setTimestamps(s *scheme, proofs []proof, r *http.Request) bool {
	if s.timestampHeader != "" {
		values := r.Header[s.timestampHeader]
		if len(values) != 1 {
			return false
		}
		for i := range proofs {
			proofs[i].timestamp = values[0]
		}
	}
	for i := range proofs {
		if proofs[i].timestamp == "" {
			return false
		}
	}
	return true
}

// computeMACs returns what each key makes of what the sender must have signed.
func computeMACs(s *scheme, keys [][]byte, r *http.Request, body []byte, timestamp string) ([][]byte, string) {
	texts, reason := signedTexts(s, r, body, timestamp)
	if reason != textsReady {
		return nil, reason
	}
	macs := make([][]byte, len(keys))
	for k := range keys {
		macs[k] = computeMAC(&s.mac, keys[k], texts)
	}
	return macs, textsReady
}
