package hookward

import (
	"encoding/base64"
	"encoding/hex"
	"strings"
)

// proof is one signature that a header offers, with the timestamp that belongs
// to it where the header carries one.
type proof struct {
	mac       []byte
	timestamp string
}

const (
	// maxProofs bounds the signatures of one request. Rotation needs two.
	maxProofs = 16
	// maxElements bounds what a list may hold in all, unread elements included.
	maxElements = 32
	// maxHeaderBytes bounds what is parsed of one line.
	maxHeaderBytes = 8 << 10
)

// readProofs reads a header's lines. Only what follows the grammar to the letter
// counts; the second result is proofsRead or the reason to refuse.
func readProofs(f *headerFormat, size int, lines []string) ([]proof, string) {
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
	return []proof{*p}, proofsRead
}

// readList reads a list, which may be spread over several lines (RFC 9110,
// 5.3). Elements of other forms are left unread: other versions of the scheme.
func readList(f *headerFormat, size int, lines []string) ([]proof, string) {
	proofs := []proof{}
	shared := "" // a timestamp with an element of its own goes with every signature
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
			text = strings.Trim(text, " \t")
			for i := range f.elements {
				p := readElement(&f.elements[i], size, text)
				if p == nil {
					continue
				}
				if p.mac != nil {
					proofs = append(proofs, *p)
				} else if shared != "" {
					return nil, signatureMalformed
				} else {
					shared = p.timestamp
				}
				break
			}
		}
	}
	if len(proofs) == 0 || len(proofs) > maxProofs {
		return nil, signatureMalformed
	}
	if shared != "" {
		for i := range proofs {
			proofs[i].timestamp = shared
		}
	}
	return proofs, proofsRead
}

// readElement matches a text with an element, from the first to the last byte,
// and returns what stands in it, or nil.
func readElement(e *element, size int, text string) *proof {
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
	return &proof{mac: mac}
}

// readPlaceholders matches what follows an element's first literal.
func readPlaceholders(e *element, size int, text string) *proof {
	p := &proof{}
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
		if placeholder == "timestamp" {
			if value == "" {
				return nil
			}
			p.timestamp = value
			continue
		}
		p.mac = decodeMAC(placeholder, value, size)
		if p.mac == nil {
			return nil
		}
	}
	if text != "" {
		return nil
	}
	return p
}

// decodeMAC returns the bytes that a text encodes, or nil unless it is an
// encoding of exactly size bytes: RFC 4648, hexadecimal digits of either case,
// base64 with its padding, base64url with or without; no unused bit may be set.
func decodeMAC(encoding, text string, size int) []byte {
	if encoding != "hex" {
		return decodeBase64MAC(encoding, text, size)
	}
	mac, err := hex.DecodeString(text)
	if err != nil || len(mac) != size {
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

var (
	strictBase64 = base64.StdEncoding.Strict()
	strictURL    = base64.URLEncoding.Strict()
	strictRawURL = base64.RawURLEncoding.Strict()
)
