package signature

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// Candidate is one signature that a request offers, with what belongs to it and
// stands beside it.
type Candidate struct {
	mac       []byte
	Timestamp string
	Headers   string // the list of the signed headers
	absent    []int  // the optional groups of what is signed that are not there
}

const (
	// maxCandidates bounds the signatures of one request. Rotation needs two.
	maxCandidates = 16
	// MaxElements bounds what a list may hold in all, unread elements included.
	MaxElements = 32
	// MaxHeaderBytes bounds what is parsed of one line.
	MaxHeaderBytes = 8 << 10
)

// collectCandidates reads the signatures from wherever they may stand. The second
// result is CandidatesRead or the reason to refuse.
func collectCandidates(s *Scheme, m *message.Message) ([]Candidate, string) {
	if len(s.Headers) == 1 {
		return readCandidates(&s.Format, s.Algorithm.Size, m.Request.Header[s.Headers[0]])
	}
	if len(s.Headers) == 0 {
		lines := message.TextsAt(&s.Field, m)
		if len(lines) > 1 {
			return nil, verdict.SignatureDuplicated
		}
		return readCandidates(&s.Format, s.Algorithm.Size, lines)
	}
	all := []Candidate{}
	for _, name := range s.Headers {
		candidates, reason := readCandidates(&s.Format, s.Algorithm.Size, m.Request.Header[name])
		if reason == verdict.SignatureMissing {
			continue // of several headers, not all need be there
		}
		if reason != verdict.CandidatesRead {
			return nil, reason
		}
		all = append(all, candidates...)
	}
	if len(all) == 0 {
		return nil, verdict.SignatureMissing
	}
	if len(all) > maxCandidates {
		return nil, verdict.SignatureMalformed
	}
	return all, verdict.CandidatesRead
}

// readCandidates reads a header's lines. Only what follows the grammar to the letter
// counts; the second result is CandidatesRead or the reason to refuse.
func readCandidates(f *Format, size int, lines []string) ([]Candidate, string) {
	if len(lines) == 0 || len(lines) == 1 && lines[0] == "" {
		return nil, verdict.SignatureMissing
	}
	if f.Separator != "" {
		return readList(f, size, lines)
	}
	// Which of two lines is meant is for nobody to guess.
	if len(lines) > 1 {
		return nil, verdict.SignatureDuplicated
	}
	p := readElement(&f.Elements[0], size, lines[0])
	if p == nil {
		return nil, verdict.SignatureMalformed
	}
	return []Candidate{*p}, verdict.CandidatesRead
}

// readList reads a list, which may be spread over several lines (RFC 9110,
// 5.3). Elements of other forms are left unread: other versions of the scheme.
func readList(f *Format, size int, lines []string) ([]Candidate, string) {
	candidates := []Candidate{}
	shared := Candidate{} // what has an element of its own goes with every signature
	elements := 0
	for _, line := range lines {
		if len(line) > MaxHeaderBytes {
			return nil, verdict.SignatureMalformed
		}
		texts := strings.SplitN(line, f.Separator, MaxElements+1)
		elements += len(texts)
		if elements > MaxElements {
			return nil, verdict.SignatureMalformed
		}
		for _, text := range texts {
			p := matchElements(f, size, strings.Trim(text, " \t"))
			if p == nil {
				continue
			}
			if p.mac != nil {
				candidates = append(candidates, *p)
			} else if !share(&shared, p) {
				return nil, verdict.SignatureMalformed
			}
		}
	}
	if len(candidates) == 0 || len(candidates) > maxCandidates {
		return nil, verdict.SignatureMalformed
	}
	for i := range candidates {
		if shared.Timestamp != "" {
			candidates[i].Timestamp = shared.Timestamp
		}
		if shared.Headers != "" {
			candidates[i].Headers = shared.Headers
		}
	}
	return candidates, verdict.CandidatesRead
}

// share notes what stands beside the signatures, once.
func share(shared, p *Candidate) bool {
	if p.Timestamp != "" && shared.Timestamp != "" || p.Headers != "" && shared.Headers != "" {
		return false
	}
	if p.Timestamp != "" {
		shared.Timestamp = p.Timestamp
	}
	if p.Headers != "" {
		shared.Headers = p.Headers
	}
	return true
}

// matchElements returns what the first element that a text matches makes of it.
func matchElements(f *Format, size int, text string) *Candidate {
	for i := range f.Elements {
		p := readElement(&f.Elements[i], size, text)
		if p != nil {
			return p
		}
	}
	return nil
}

// readElement matches a text with an element, from the first to the last byte,
// and returns what stands in it, or nil.
func readElement(e *Element, size int, text string) *Candidate {
	prefix := e.Literals[0]
	n := len(prefix)
	if len(text) < n || len(text) > MaxHeaderBytes || text[:n] != prefix {
		return nil
	}
	if !e.simple {
		return readPlaceholders(e, size, text[n:])
	}
	mac := DecodeMAC(e.Placeholders[0], text[n:], size)
	if mac == nil {
		return nil
	}
	return &Candidate{mac: mac}
}

// readPlaceholders matches what follows an element's first literal.
func readPlaceholders(e *Element, size int, text string) *Candidate {
	p := &Candidate{}
	for i, placeholder := range e.Placeholders {
		literal := e.Literals[i+1]
		value := text
		if literal == "" {
			text = ""
		} else {
			end := strings.Index(text, literal)
			if end < 0 {
				return nil
			}
			value, text = text[:end], text[end+len(literal):]
		}
		if value == "" {
			return nil
		}
		switch placeholder {
		case "timestamp":
			p.Timestamp = value
		case "headers":
			if strings.Trim(value, Alphabets["headers"]) != "" {
				return nil
			}
			p.Headers = value
		case "sender":
			if !e.senders[value] {
				return nil // somebody else's
			}
		default:
			p.mac = DecodeMAC(placeholder, value, size)
			if p.mac == nil {
				return nil
			}
		}
	}
	if text != "" {
		return nil
	}
	return p
}

// maxSignatureBytes bounds signatures whose length is up to the key: RSA's of
// 8192 bits.
const maxSignatureBytes = 1 << 10

// DecodeMAC returns the bytes that a text encodes, or nil unless it is an
// encoding of exactly size bytes, or where size is 0 of at most
// maxSignatureBytes: RFC 4648, hexadecimal digits of either case, base64 with
// its padding, base64url with or without; no unused bit may be set.
func DecodeMAC(encoding, text string, size int) []byte {
	if encoding != "hex" {
		return decodeBase64MAC(encoding, text, size)
	}
	mac, err := hex.DecodeString(text)
	if err != nil || len(mac) != size && (size != 0 || len(mac) > maxSignatureBytes) {
		return nil
	}
	return mac
}

func decodeBase64MAC(encoding, text string, size int) []byte {
	decoder := strictBase64
	if encoding == "base64url" {
		decoder = strictURL
		if len(text) == base64.RawURLEncoding.EncodedLen(size) {
			decoder = strictRawURL
		}
	} else if encoding != "base64" {
		return decodeJSONMAC(strings.TrimPrefix(encoding, Base64JSON), text, size)
	}
	if size == 0 {
		return decodeAnyLength(decoder, text)
	}
	// Of the right length to begin with: the decoder passes over newlines.
	if len(text) != decoder.EncodedLen(size) {
		return nil
	}
	mac, err := decoder.DecodeString(text)
	if err != nil || len(mac) != size {
		return nil
	}
	return mac
}

// decodeAnyLength decodes a signature whose length is up to the key.
func decodeAnyLength(decoder *base64.Encoding, text string) []byte {
	if decoder == strictURL && !strings.HasSuffix(text, "=") {
		decoder = strictRawURL
	}
	sent, err := decoder.DecodeString(text)
	if err != nil || len(sent) == 0 || len(sent) > maxSignatureBytes || decoder.EncodeToString(sent) != text {
		return nil
	}
	return sent
}

// decodeJSONMAC takes a base64 signature out of a field of a base64 JSON object,
// as eBay sends it.
func decodeJSONMAC(name, text string, size int) []byte {
	b, err := strictBase64.DecodeString(text)
	if err != nil || message.HasDuplicateNames(b, nil) {
		return nil
	}
	object := map[string]any{}
	err = json.Unmarshal(b, &object)
	if err != nil {
		return nil
	}
	mac, _ := object[name].(string)
	return decodeBase64MAC("base64", mac, size)
}

var (
	strictBase64 = base64.StdEncoding.Strict()
	strictURL    = base64.URLEncoding.Strict()
	strictRawURL = base64.RawURLEncoding.Strict()
)
