package messagesignature

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"time"

	"github.com/hookward/hookward/internal/structured"
	"github.com/hookward/hookward/internal/verdict"
	"github.com/hookward/hookward/internal/words"
)

const (
	inputHeader     = "Signature-Input"
	signatureHeader = "Signature"
	// maxLabels bounds the signatures of a request, also those that are left unread.
	maxLabels = 4
	// maxComponents bounds what one of them covers.
	maxComponents = 32
)

// readSignatures returns the signatures that a request has in both of their headers, RFC
// 9421, 4, in the order in which they are described.
func readSignatures(v *Verifier, header http.Header) ([]candidate, Result) {
	described, signed := header[inputHeader], header[signatureHeader]
	if len(described) == 0 {
		return nil, Result{Reason: verdict.SignatureMissing, Detail: inputHeader}
	}
	if len(signed) == 0 {
		return nil, Result{Reason: verdict.SignatureMissing, Detail: signatureHeader}
	}
	inputs, ok := structured.ParseDictionary(structured.Join(described))
	if !ok || len(inputs) > maxLabels {
		return nil, Result{Reason: verdict.SignatureMalformed, Detail: inputHeader}
	}
	signatures, ok := structured.ParseDictionary(structured.Join(signed))
	if !ok || len(signatures) > maxLabels {
		return nil, Result{Reason: verdict.SignatureMalformed, Detail: signatureHeader}
	}
	candidates := []candidate{}
	for i := range inputs {
		if v.Label != "" && inputs[i].Key != v.Label {
			continue
		}
		value := signatureOf(signatures, inputs[i].Key)
		if value.Kind == "" {
			continue
		}
		c := candidate{label: inputs[i].Key}
		c.signature = decodeSignature(v, value)
		if c.signature == nil {
			return nil, Result{Reason: verdict.SignatureMalformed, Detail: signatureHeader, Label: c.label}
		}
		if !readInput(&inputs[i], &c) {
			return nil, Result{Reason: verdict.SignatureMalformed, Detail: inputHeader, Label: c.label}
		}
		candidates = append(candidates, c)
	}
	if len(candidates) == 0 {
		return nil, Result{Reason: verdict.SignatureMissing, Detail: "label " + v.Label}
	}
	return candidates, Result{}
}

// signatureOf returns the value that a label has in the header Signature.
func signatureOf(signatures []structured.Member, label string) structured.Value {
	for i := range signatures {
		if signatures[i].Key == label && !signatures[i].IsList && len(signatures[i].Parameters) == 0 {
			return signatures[i].Value
		}
	}
	return structured.Value{}
}

// decodeSignature returns a signature's bytes, or nil. There is one spelling of them.
func decodeSignature(v *Verifier, value structured.Value) []byte {
	if !v.Base64URL {
		b, ok := structured.Decode(value)
		if !ok {
			return nil
		}
		return b
	}
	if value.Kind != structured.Bytes {
		return nil
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(value.Text)
	if err != nil {
		return nil
	}
	return b
}

// knownParameters are those of RFC 9421, 2.3. Others are signed, and left unread.
var knownParameters = map[string]string{
	"created": structured.Integer, "expires": structured.Integer,
	"nonce": structured.String, "keyid": structured.String, "alg": structured.String, "tag": structured.String,
}

// readInput reads what a signature covers, and what it says of itself.
func readInput(m *structured.Member, c *candidate) bool {
	if !m.IsList || len(m.List) > maxComponents {
		return false
	}
	seen := map[string]bool{}
	for i := range m.List {
		one := common[m.List[i].Value.Text]
		if one == nil || m.List[i].Value.Kind != structured.String || len(m.List[i].Parameters) > 0 {
			one = readComponent(&m.List[i])
		}
		if one == nil || seen[one.id] {
			return false
		}
		seen[one.id] = true
		c.covered = append(c.covered, one)
	}
	c.texts = map[string]string{}
	c.numbers = map[string]int64{}
	for i := range m.Parameters {
		p := &m.Parameters[i]
		kind := knownParameters[p.Name]
		switch {
		case kind == "":
			continue
		case p.Value.Kind != kind:
			return false
		case kind == structured.String:
			if p.Value.Text == "" {
				return false // as good as none
			}
			c.texts[p.Name] = p.Value.Text
		default:
			at, err := strconv.ParseInt(p.Value.Text, 10, 64)
			if err != nil || at < 0 {
				return false
			}
			c.numbers[p.Name] = at
		}
	}
	c.line = `"@signature-params": ` + structured.SerialiseMember(m)
	return true
}

// checkParameters looks at what a signature says of itself, and has to.
func checkParameters(v *Verifier, c *candidate, r *Result) bool {
	at, created := c.numbers["created"]
	if created {
		r.Created = time.Unix(at, 0)
	}
	at, expires := c.numbers["expires"]
	if expires {
		r.Expires = time.Unix(at, 0)
	}
	for _, name := range v.Parameters {
		if c.texts[name] == "" && !(name == "created" && created) && !(name == "expires" && expires) {
			r.Reason = verdict.ParameterMissing
			r.Detail = name
			return false
		}
	}
	if v.minNonce > 0 && c.texts["nonce"] != "" {
		nonce, err := base64.RawURLEncoding.Strict().DecodeString(c.texts["nonce"])
		if err != nil || len(nonce) < v.minNonce {
			r.Reason = verdict.NonceMalformed
			return false
		}
	}
	if len(v.Tags) > 0 && !words.Contains(v.Tags, c.texts["tag"]) {
		r.Reason = verdict.TagMismatch
		r.Detail = c.texts["tag"]
		return false
	}
	return true
}

// lastSecond is the end of the year 9999: see signature.CheckTimestamp.
const lastSecond = 253402300799

// checkTime says whether a signature that is right is neither late nor early. It ends
// where it says so itself, and when it is as old as tolerance.
func checkTime(v *Verifier, c *candidate, r *Result, now time.Time) {
	r.Reason = verdict.Verified
	created, isCreated := c.numbers["created"]
	expires, isExpiring := c.numbers["expires"]
	if created > lastSecond || expires > lastSecond {
		r.Created = time.Time{}
		r.Expires = time.Time{}
		r.Reason = verdict.TimestampTooNew
		return
	}
	if isExpiring && now.Sub(r.Expires) > v.Skew {
		r.Reason = verdict.TimestampTooOld
	}
	if isExpiring && isCreated && (expires <= created || v.Lifetime > 0 && r.Expires.Sub(r.Created) > v.Lifetime) {
		r.Reason = verdict.TimestampMalformed
	}
	if !isCreated {
		return
	}
	age := now.Sub(r.Created)
	if age > v.Tolerance {
		r.Reason = verdict.TimestampTooOld
	}
	if age < -v.Skew {
		r.Reason = verdict.TimestampTooNew
	}
}
