package messagesignature

import (
	"encoding/base64"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/message"
	"github.com/hookward/hookward/internal/verdict"
)

// The components of draft-cavage-http-signatures-12 that are no fields, 2.3.
const (
	requestTarget  = "(request-target)"
	createdTarget  = "(created)"
	expiresTarget  = "(expires)"
	maxCavageBytes = 8192
)

// cavageParameter is one of a signature's parameters, and cavageList all of them.
var (
	cavageParameter = regexp.MustCompile(`([a-zA-Z]+)=(?:"([^"\\]*)"|([0-9]{1,12}))[ \t]*(?:,[ \t]*|$)`)
	cavageList      = regexp.MustCompile(`^(?:[a-zA-Z]+=(?:"[^"\\]*"|[0-9]{1,12})[ \t]*(?:,[ \t]*|$))+$`)
)

// cavageNames are the parameters of the draft, 2.1, by the names that they have here.
var cavageNames = map[string]string{"keyId": "keyid", "algorithm": "alg", "headers": "headers", "signature": "signature", "created": "created", "expires": "expires"}

// readCavage returns the one signature that a request has, in Signature or in Authorization.
func readCavage(r *http.Request) ([]candidate, Result) {
	found := r.Header[signatureHeader]
	for _, line := range r.Header["Authorization"] {
		scheme, rest, _ := strings.Cut(line, " ")
		if strings.EqualFold(scheme, "Signature") || strings.EqualFold(scheme, "Hmac") {
			found = append(found[:len(found):len(found)], rest)
		}
	}
	if len(found) == 0 {
		return nil, Result{Reason: verdict.SignatureMissing, Detail: signatureHeader}
	}
	if len(found) > 1 {
		return nil, Result{Reason: verdict.SignatureDuplicated}
	}
	text := strings.Trim(found[0], " \t")
	c := candidate{texts: map[string]string{}, numbers: map[string]int64{}}
	if len(text) > maxCavageBytes || !cavageList.MatchString(text) || strings.HasSuffix(text, ",") || !readCavageParameters(&c, text) || !readCavageHeaders(&c) {
		return nil, Result{Reason: verdict.SignatureMalformed, Detail: signatureHeader}
	}
	return []candidate{c}, Result{}
}

// readCavageParameters reads the parameters. Those of an unknown name are left unread, as
// the draft says; none may stand there twice.
func readCavageParameters(c *candidate, text string) bool {
	seen := map[string]bool{}
	for _, match := range cavageParameter.FindAllStringSubmatch(text, -1) {
		name := cavageNames[match[1]]
		if name == "" {
			continue
		}
		if seen[name] {
			return false
		}
		seen[name] = true
		if name == "created" || name == "expires" {
			at, err := strconv.ParseInt(match[3], 10, 64)
			if err != nil {
				return false // also in quotes: they are numbers
			}
			c.numbers[name] = at
		} else {
			c.texts[name] = match[2]
		}
	}
	signature, err := base64.StdEncoding.Strict().DecodeString(c.texts["signature"])
	c.signature = signature
	return err == nil && len(signature) > 0 && c.texts["keyid"] != ""
}

// readCavageHeaders reads which headers are signed: (created) alone where that is not said.
func readCavageHeaders(c *candidate) bool {
	list := c.texts["headers"]
	if list == "" {
		list = createdTarget
	}
	names := strings.Split(list, " ")
	seen := map[string]bool{}
	for _, name := range names {
		one := &component{id: name, name: name}
		isSpecial := name == requestTarget || name == createdTarget || name == expiresTarget
		if seen[name] || !isSpecial && !fieldName.MatchString(name) {
			return false
		}
		seen[name] = true
		if !isSpecial {
			one.header = http.CanonicalHeaderKey(name)
		}
		c.covered = append(c.covered, one)
	}
	return len(names) <= maxComponents
}

// oldNames begin the algorithms with which (created) and (expires) may not be signed: they
// are older than both.
var oldNames = regexp.MustCompile(`^(rsa|hmac|ecdsa)`)

// checkCavage looks at what a signature of the draft says of itself. When it was made is
// what it says if that is signed, or else the date, if that is.
func checkCavage(m *message.Message, c *candidate, r *Result) bool {
	for _, name := range []string{"created", "expires"} {
		at, given := c.numbers[name]
		isSigned := covers(c.covered, "("+name+")")
		if isSigned && (!given || oldNames.MatchString(c.texts["alg"])) {
			r.Reason = verdict.SignatureMalformed
			r.Detail = "(" + name + ")"
			return false
		}
		if given && !isSigned {
			delete(c.numbers, name) // anybody could change it
		} else if given && name == "created" {
			r.Created = time.Unix(at, 0)
		}
	}
	if r.Created.IsZero() && covers(c.covered, "date") && len(m.Request.Header["Date"]) == 1 {
		at, err := time.Parse(http.TimeFormat, m.Request.Header["Date"][0])
		if err != nil {
			r.Reason = verdict.TimestampMalformed
			return false
		}
		c.numbers["created"] = at.Unix()
	}
	return true
}

// cavageValue returns the value of a component of the draft that is no field.
func cavageValue(v *Verifier, r *http.Request, c *candidate, name string) string {
	if name == requestTarget {
		return strings.ToLower(r.Method) + " " + targetOf(v, r)
	}
	return strconv.FormatInt(c.numbers[strings.Trim(name, "()")], 10)
}
