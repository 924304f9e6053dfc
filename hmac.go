package hookward

import (
	"crypto/hmac"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// fastPath is the short way through the engine for deliveries as nearly all
// are: one HMAC in one header, over the body or over timestamp, id and literals
// before it, written as the provider always writes it. Whatever is not regular goes
// the long way, which knows the reason. Interpreted, that way costs five times as
// much, most of it calls and their variables.
type fastPath struct {
	header      string
	list        *regexp.Regexp // of a list that begins with timestamp and signature
	lead        string         // before that timestamp, such as "t="
	prefix      string         // before the signature
	start       int            // the prefix's length
	length      int            // of prefix and signature
	size        int            // of the signature, in bytes
	encoding    *base64.Encoding
	timestamped bool
	timestamp   string // the header, where it has its own
	id          string
	tolerance   int64 // in seconds
	newHash     func() hash.Hash
	keys        [][]byte
	otherwise   string    // what it is that no key has signed; nothing where the long way may know better
	literals    [3]string // what is signed: the first, id, the second, timestamp, the third, body
}

// maxRest bounds what may follow a signature unread.
const maxRest = 512

// plainID are ids in which nothing can be hidden: no piece of a body, and no
// delimiter but one that begins with such a sign, which has no short way.
var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// checkAnyProof is checkProof for every case.
func checkAnyProof(p *policy, d *decision) string {
	if p.uncompresses {
		reason := uncompress(&d.message, p.maxBodyBytes)
		if reason != "" {
			return reason
		}
	}
	d.proof = prove(p, &d.message, d.start)
	return d.proof.reason
}

// compileFastPath returns the short way of the first scheme, or nil where it has none.
func compileFastPath(v *verifier) *fastPath {
	if len(v.schemes) == 0 {
		return nil
	}
	s := v.schemes[0]
	f := &fastPath{newHash: s.algorithm.newHash, keys: s.keys, size: s.algorithm.size, timestamped: s.timestamped, tolerance: int64(s.tolerance / time.Second)}
	if s.algorithm.family != "hmac" || len(s.headers) != 1 || s.items != nil || s.exact || s.formless || s.pinned ||
		s.sender.kind != "" || s.certificate.kind != "" || len(v.challenges) > 0 || len(s.format.elements) == 0 {
		return nil
	}
	f.header = s.headers[0]
	signature := s.format.elements[0]
	if !signature.simple {
		return nil
	}
	f.prefix = signature.literals[0]
	f.start = len(f.prefix)
	f.length = f.start + hex.EncodedLen(f.size)
	switch signature.placeholders[0] {
	case "hex":
	case "base64":
		f.encoding = strictBase64
		f.length = f.start + strictBase64.EncodedLen(f.size)
	default:
		return nil
	}
	if len(s.format.elements) == 2 {
		stamp := s.format.elements[1]
		if len(stamp.placeholders) != 1 || stamp.placeholders[0] != "timestamp" || stamp.literals[0] == "" || stamp.literals[1] != "" || f.prefix == "" {
			return nil
		}
		f.lead = stamp.literals[0]
		f.list = regexp.MustCompile("^" + regexp.QuoteMeta(f.lead) + "([1-9][0-9]{0,11})" + s.format.separator +
			"(" + regexp.QuoteMeta(f.prefix) + "[0-9A-Za-z+/=]{" + strconv.Itoa(f.length-f.start) + "})(?:" + s.format.separator + "(.*))?$")
	} else if len(s.format.elements) > 2 {
		return nil
	}
	if s.timestamped && (s.timestampUnit != "s" || f.lead == "" && s.timestamp.kind != "header") {
		return nil
	}
	f.timestamp = s.timestamp.name
	if len(v.schemes) == 1 && !s.extendable {
		f.otherwise = signatureMismatch
	}
	if !compileHead(f, s) {
		return nil
	}
	return f
}

// compileHead notes what stands before the body, and says whether that is all
// that is signed.
func compileHead(f *fastPath, s *scheme) bool {
	at := 0
	for i := range s.signs {
		q := &s.signs[i]
		switch {
		case q.kind == "literal" && q.group == 0 && f.literals[at] == "" && i < len(s.signs)-1:
			f.literals[at] = string(q.text)
		case q.kind == "id" && at == 0 && s.id.kind == "header" && s.timestamped:
			f.id = s.id.name
			at = 1
		case q.kind == "timestamp" && at < 2:
			at = 2
		case q.kind == "body" && i == len(s.signs)-1:
			return s.timestamped == (at == 2) && (f.id == "" || f.literals[1] != "" && !plainID.MatchString(f.literals[1][:1]))
		default:
			return false
		}
	}
	return false
}

// macState is what a worker keeps of the first key of the scheme that it had last.
type macState struct {
	of   *fastPath
	hash hash.Hash
}

// checkProof says whether one of the policy's keys vouches for the request: the reason
// that passes, or why not. Usually it is one HMAC in one header.
//
//inline:hot
func checkProof(p *policy, d *decision, own *scratch) string {
	f := p.fast
	if f == nil || len(d.request.Header[f.header]) != 1 {
		return checkAnyProof(p, d)
	}
	text := d.request.Header[f.header][0]
	head := f.literals[0]
	stamp := int64(0)
	if f.timestamped {
		text, head, stamp = readHead(f, text, d.request, d.start)
	}
	var mac []byte
	err := errNoMAC
	if len(text) == f.length && text[:f.start] == f.prefix {
		if f.encoding == nil {
			mac, err = hex.DecodeString(text[f.start:])
		} else {
			mac, err = f.encoding.DecodeString(text[f.start:])
		}
	}
	if err != nil || len(mac) != f.size {
		return checkAnyProof(p, d)
	}
	for k := range f.keys {
		h := own.mac.hash
		if k == 0 && own.mac.of == f {
			h.Reset()
		} else {
			h = hmac.New(f.newHash, f.keys[k])
		}
		if k == 0 {
			own.mac.of = f
			own.mac.hash = h
		}
		if head != "" {
			h.Write([]byte(head))
		}
		h.Write(d.body)
		if hmac.Equal(h.Sum(nil), mac) {
			d.proof.secret = k + 1
			d.proof.scheme = p.schemes[0]
			d.proof.signedHead = head
			if f.timestamped {
				d.proof.timestamp = time.Unix(stamp, 0)
			}
			return verified
		}
	}
	if f.otherwise != "" {
		return f.otherwise
	}
	return checkAnyProof(p, d)
}

// errNoMAC stands for a header that does not have the form of the scheme's.
var errNoMAC = errors.New("it is no MAC")

// readHead returns the signature with its prefix, what is signed before the body,
// and the timestamp; or nothing where that is not well within the tolerance, or
// anything is irregular.
func readHead(f *fastPath, text string, r *http.Request, now time.Time) (string, string, int64) {
	timestamp := ""
	if f.list != nil {
		match := f.list.FindStringSubmatch(text)
		if match == nil || match[3] != "" && hasMore(f, match[3]) {
			return "", "", 0
		}
		timestamp, text = match[1], match[2]
	} else {
		timestamp = only(r.Header[f.timestamp])
		if !plainNumber.MatchString(timestamp) {
			return "", "", 0
		}
	}
	n, err := strconv.ParseInt(timestamp, 10, 64)
	present := now.Unix()
	if err != nil || n <= present-f.tolerance || n >= present+f.tolerance {
		return "", "", 0
	}
	if f.id == "" {
		return text, f.literals[0] + timestamp + f.literals[2], n
	}
	id := only(r.Header[f.id])
	if !plainID.MatchString(id) {
		return "", "", 0
	}
	return text, f.literals[0] + id + f.literals[1] + timestamp + f.literals[2], n
}

// plainNumber are numbers as they are written, up to the year 33658.
var plainNumber = regexp.MustCompile(`^[1-9][0-9]{0,11}$`)

// hasMore says whether the rest of a list has another timestamp or signature, or
// is too long to be looked through.
func hasMore(f *fastPath, rest string) bool {
	return len(rest) > maxRest || strings.Contains(rest, f.prefix) || strings.Contains(rest, f.lead)
}

// only returns the value of a header that is there once.
func only(lines []string) string {
	if len(lines) != 1 {
		return ""
	}
	return lines[0]
}
