package hookward

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"
)

// candidate is one signature that a request offers, with what belongs to it and
// stands beside it.
type candidate struct {
	mac       []byte
	timestamp string
	headers   string // the list of the signed headers
	absent    []int  // the optional groups of what is signed that are not there
}

const (
	// maxCandidates bounds the signatures of one request. Rotation needs two.
	maxCandidates = 16
	// maxElements bounds what a list may hold in all, unread elements included.
	maxElements = 32
	// maxHeaderBytes bounds what is parsed of one line.
	maxHeaderBytes = 8 << 10
)

// collectCandidates reads the signatures from wherever they may stand. The second
// result is candidatesRead or the reason to refuse.
func collectCandidates(s *scheme, m *message) ([]candidate, string) {
	if len(s.headers) == 1 {
		return readCandidates(&s.format, s.algorithm.size, m.request.Header[s.headers[0]])
	}
	if len(s.headers) == 0 {
		lines := textsAt(&s.field, m)
		if len(lines) > 1 {
			return nil, signatureDuplicated
		}
		return readCandidates(&s.format, s.algorithm.size, lines)
	}
	all := []candidate{}
	for _, name := range s.headers {
		candidates, reason := readCandidates(&s.format, s.algorithm.size, m.request.Header[name])
		if reason == signatureMissing {
			continue // of several headers, not all need be there
		}
		if reason != candidatesRead {
			return nil, reason
		}
		all = append(all, candidates...)
	}
	if len(all) == 0 {
		return nil, signatureMissing
	}
	if len(all) > maxCandidates {
		return nil, signatureMalformed
	}
	return all, candidatesRead
}

// readCandidates reads a header's lines. Only what follows the grammar to the letter
// counts; the second result is candidatesRead or the reason to refuse.
func readCandidates(f *headerFormat, size int, lines []string) ([]candidate, string) {
	if len(lines) == 0 || len(lines) == 1 && lines[0] == "" {
		return nil, signatureMissing
	}
	if f.separator != "" {
		return readList(f, size, lines)
	}
	// Which of two lines is meant is for nobody to guess.
	if len(lines) > 1 {
		return nil, signatureDuplicated
	}
	p := readElement(&f.elements[0], size, lines[0])
	if p == nil {
		return nil, signatureMalformed
	}
	return []candidate{*p}, candidatesRead
}

// readList reads a list, which may be spread over several lines (RFC 9110,
// 5.3). Elements of other forms are left unread: other versions of the scheme.
func readList(f *headerFormat, size int, lines []string) ([]candidate, string) {
	candidates := []candidate{}
	shared := candidate{} // what has an element of its own goes with every signature
	elements := 0
	for _, line := range lines {
		if len(line) > maxHeaderBytes {
			return nil, signatureMalformed
		}
		texts := strings.SplitN(line, f.separator, maxElements+1)
		elements += len(texts)
		if elements > maxElements {
			return nil, signatureMalformed
		}
		for _, text := range texts {
			p := matchElements(f, size, strings.Trim(text, " \t"))
			if p == nil {
				continue
			}
			if p.mac != nil {
				candidates = append(candidates, *p)
			} else if !share(&shared, p) {
				return nil, signatureMalformed
			}
		}
	}
	if len(candidates) == 0 || len(candidates) > maxCandidates {
		return nil, signatureMalformed
	}
	for i := range candidates {
		if shared.timestamp != "" {
			candidates[i].timestamp = shared.timestamp
		}
		if shared.headers != "" {
			candidates[i].headers = shared.headers
		}
	}
	return candidates, candidatesRead
}

// share notes what stands beside the signatures, once.
func share(shared, p *candidate) bool {
	if p.timestamp != "" && shared.timestamp != "" || p.headers != "" && shared.headers != "" {
		return false
	}
	if p.timestamp != "" {
		shared.timestamp = p.timestamp
	}
	if p.headers != "" {
		shared.headers = p.headers
	}
	return true
}

// matchElements returns what the first element that a text matches makes of it.
func matchElements(f *headerFormat, size int, text string) *candidate {
	for i := range f.elements {
		p := readElement(&f.elements[i], size, text)
		if p != nil {
			return p
		}
	}
	return nil
}

// readElement matches a text with an element, from the first to the last byte,
// and returns what stands in it, or nil.
func readElement(e *element, size int, text string) *candidate {
	prefix := e.literals[0]
	n := len(prefix)
	if len(text) < n || len(text) > maxHeaderBytes || text[:n] != prefix {
		return nil
	}
	if !e.simple {
		return readPlaceholders(e, size, text[n:])
	}
	mac := decodeMAC(e.placeholders[0], text[n:], size)
	if mac == nil {
		return nil
	}
	return &candidate{mac: mac}
}

// readPlaceholders matches what follows an element's first literal.
func readPlaceholders(e *element, size int, text string) *candidate {
	p := &candidate{}
	for i, placeholder := range e.placeholders {
		literal := e.literals[i+1]
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
			p.timestamp = value
		case "headers":
			if strings.Trim(value, alphabets["headers"]) != "" {
				return nil
			}
			p.headers = value
		case "sender":
			if !e.senders[value] {
				return nil // somebody else's
			}
		default:
			p.mac = decodeMAC(placeholder, value, size)
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

// decodeMAC returns the bytes that a text encodes, or nil unless it is an
// encoding of exactly size bytes, or where size is 0 of at most
// maxSignatureBytes: RFC 4648, hexadecimal digits of either case, base64 with
// its padding, base64url with or without; no unused bit may be set.
func decodeMAC(encoding, text string, size int) []byte {
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
		return decodeJSONMAC(strings.TrimPrefix(encoding, base64JSON), text, size)
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
	signature, err := decoder.DecodeString(text)
	if err != nil || len(signature) == 0 || len(signature) > maxSignatureBytes || decoder.EncodeToString(signature) != text {
		return nil
	}
	return signature
}

// decodeJSONMAC takes a base64 signature out of a field of a base64 JSON object,
// as eBay sends it.
func decodeJSONMAC(name, text string, size int) []byte {
	b, err := strictBase64.DecodeString(text)
	if err != nil || hasTwins(b, nil) {
		return nil
	}
	object := map[string]any{}
	err = json.Unmarshal(b, &object)
	if err != nil {
		return nil
	}
	signature, _ := object[name].(string)
	return decodeBase64MAC("base64", signature, size)
}

var (
	strictBase64 = base64.StdEncoding.Strict()
	strictURL    = base64.URLEncoding.Strict()
	strictRawURL = base64.RawURLEncoding.Strict()
)
