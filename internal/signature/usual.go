package signature

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"hash"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/verdict"
)

// Usual is the short way through the engine for deliveries as nearly all
// are: one HMAC in one header, over the body or over timestamp, id and literals
// before it, written as the provider always writes it. Whatever is not regular goes
// the long way, which knows the reason. Interpreted, that way costs five times as
// much, most of it calls and their variables.
type Usual struct {
	Header      string
	list        *regexp.Regexp // of a list that begins with timestamp and signature
	lead        string         // before that timestamp, such as "t="
	Prefix      string         // before the signature
	Start       int            // the prefix's length
	Length      int            // of prefix and signature
	Size        int            // of the signature, in bytes
	Encoding    *base64.Encoding
	Timestamped bool
	timestamp   string // the header, where it has its own
	id          string
	tolerance   int64 // in seconds
	NewHash     func() hash.Hash
	Keys        [][]byte
	Otherwise   string    // what it is that no key has signed; nothing where the long way may know better
	Literals    [3]string // what is signed: the first, id, the second, timestamp, the third, body
}

// maxRest bounds what may follow a signature unread.
const maxRest = 512

// plainID are ids in which nothing can be hidden: no piece of a body, and no
// delimiter but one that begins with such a character, which has no short way.
var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,128}$`)

// UsualOf returns the short way of the first scheme, or nil where it has none.
func UsualOf(v *Verifier) *Usual {
	if len(v.Schemes) == 0 {
		return nil
	}
	s := v.Schemes[0]
	f := &Usual{NewHash: s.Algorithm.NewHash, Keys: s.Keys, Size: s.Algorithm.Size, Timestamped: s.Timestamped, tolerance: int64(s.Tolerance / time.Second)}
	if s.Algorithm.Family != "hmac" || len(s.Headers) != 1 || s.Items != nil || s.SignsValues || s.skipsForms || s.Pinned ||
		s.Sender.Kind != "" || s.Certificate.Kind != "" || len(v.Challenges) > 0 || len(s.Format.Elements) == 0 {
		return nil
	}
	f.Header = s.Headers[0]
	element := s.Format.Elements[0]
	if !element.simple {
		return nil
	}
	f.Prefix = element.Literals[0]
	f.Start = len(f.Prefix)
	f.Length = f.Start + hex.EncodedLen(f.Size)
	switch element.Placeholders[0] {
	case "hex":
	case "base64":
		f.Encoding = strictBase64
		f.Length = f.Start + strictBase64.EncodedLen(f.Size)
	default:
		return nil
	}
	if len(s.Format.Elements) == 2 {
		stamp := s.Format.Elements[1]
		if len(stamp.Placeholders) != 1 || stamp.Placeholders[0] != "timestamp" || stamp.Literals[0] == "" || stamp.Literals[1] != "" || f.Prefix == "" {
			return nil
		}
		f.lead = stamp.Literals[0]
		f.list = regexp.MustCompile("^" + regexp.QuoteMeta(f.lead) + "([1-9][0-9]{0,11})" + s.Format.Separator +
			"(" + regexp.QuoteMeta(f.Prefix) + "[0-9A-Za-z+/=]{" + strconv.Itoa(f.Length-f.Start) + "})(?:" + s.Format.Separator + "(.*))?$")
	} else if len(s.Format.Elements) > 2 {
		return nil
	}
	if s.Timestamped && (s.TimestampUnit != "s" || f.lead == "" && s.Timestamp.Kind != "header") {
		return nil
	}
	f.timestamp = s.Timestamp.Name
	if len(v.Schemes) == 1 && !s.extendable {
		f.Otherwise = verdict.SignatureMismatch
	}
	if !compileHead(f, s) {
		return nil
	}
	return f
}

// compileHead notes what stands before the body, and says whether that is all
// that is signed.
func compileHead(f *Usual, s *Scheme) bool {
	at := 0
	for i := range s.Signs {
		q := &s.Signs[i]
		switch {
		case q.Kind == "literal" && q.Group == 0 && f.Literals[at] == "" && i < len(s.Signs)-1:
			f.Literals[at] = string(q.text)
		case q.Kind == "id" && at == 0 && s.ID.Kind == "header" && s.Timestamped:
			f.id = s.ID.Name
			at = 1
		case q.Kind == "timestamp" && at < 2:
			at = 2
		case q.Kind == "body" && i == len(s.Signs)-1:
			return s.Timestamped == (at == 2) && (f.id == "" || f.Literals[1] != "" && !plainID.MatchString(f.Literals[1][:1]))
		default:
			return false
		}
	}
	return false
}

// ErrNoMAC stands for a header that does not have the form of the scheme's.
var ErrNoMAC = errors.New("it is no MAC")

// ReadHead returns the signature with its prefix, what is signed before the body,
// and the timestamp; or nothing where that is not well within the tolerance, or
// anything is irregular.
func ReadHead(f *Usual, text string, r *http.Request, now time.Time) (string, string, int64) {
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
		return text, f.Literals[0] + timestamp + f.Literals[2], n
	}
	id := only(r.Header[f.id])
	if !plainID.MatchString(id) {
		return "", "", 0
	}
	return text, f.Literals[0] + id + f.Literals[1] + timestamp + f.Literals[2], n
}

// plainNumber are numbers as they are written, up to the year 33658.
var plainNumber = regexp.MustCompile(`^[1-9][0-9]{0,11}$`)

// hasMore says whether the rest of a list has another timestamp or signature, or
// is too long to be looked through.
func hasMore(f *Usual, rest string) bool {
	return len(rest) > maxRest || strings.Contains(rest, f.Prefix) || strings.Contains(rest, f.lead)
}

// only returns the value of a header that is there once.
func only(lines []string) string {
	if len(lines) != 1 {
		return ""
	}
	return lines[0]
}
