package redact

import (
	"regexp"
	"strings"
)

// The names under which secrets stand. Too much is redacted rather than too
// little: a name that is redacted for nothing costs a look at the backend's log,
// one that is missed costs a secret. All are compared without their signs and in
// lower case: apiKey, api_key and API-KEY are apikey. Personal data are not among
// them but for what is worth money: that is what rules are for.

// stems are what is in every name that any of the expressions below matches. Most
// names have none of them, and a Replacer finds that out thirty times as fast.
var stems = strings.NewReplacer(pairsOf("", strings.Fields(`
	pass pwd swd secret token csrf xsrf jwt bearer credential authori cookie sess auth sig hmac
	key mnemonic phrase pem pkcs cvv cvc card ccn
	code pin url uri link connection account routing social nationalid tax
	otp pan ssn iban csc cvn dsn psk`))...)

// secretParts are secrets wherever they occur in a name.
var secretParts = []*regexp.Regexp{
	anyOf(
		// Passwords. "pass" alone is also what a test does, and on what one boards.
		`passw(?:or)?d|pa?swd|pwd|passwort|pass(?:phrase|code|key)|(?:^|user|login|admin|account|root|db|smtp|ftp|http|proxy|basic)pass$`,
		// Secrets and tokens of all kinds: clientSecret, access_token, csrfToken.
		`secret|token|csrf|xsrf|jwt|bearer`,
		// What a request is authorised by, if a payload echoes one.
		`credential|authori[sz]ation|cookie|sessionid|sessid|^session$|basicauth`,
		// Signatures, with what SHA or version stands behind, so that a log is no
		// stock of signed deliveries. "sign" is what some providers call theirs.
		`signatures?(?:[a-z]{0,4}\d+)?$|sig\d*$|hmac$|^sign$`,
	),
	anyOf(
		// Keys that open something. "key" alone, publicKey and keyboard don't.
		`(?:api|app|application|access|account|private|sign(?:ing|ature)?|encrypt(?:ion)?|decrypt(?:ion)?|auth|master|shared|session|service|storage|subscription|ssh|deploy|licen[cs]e|stream|webhook|integration|crypto|hmac|rsa|pgp|gpg|aes|cipher|device|recovery)key`,
		`mnemonic|(?:seed|recovery|backup)phrase|keystore|privatepem|pkcs12`,
		// Payment cards; words of three letters are below.
		`cvv|cvc|card(?:number|num|no|pan)|cc(?:number|num|no)$|creditcard|debitcard`,
	),
	anyOf(
		// Codes that are good for one use.
		`(?:onetime|verification|verify|recovery|backup|security|auth|authorization|activation|login|mfa|2fa|twofactor|sms)(?:code|pass|pin)`,
		// Links that let in whoever has them.
		`(?:subscribe|response|magic|reset|invite|login|activation|confirmation|verification)(?:ur[il]|link)`,
		// Addresses with a password in them.
		`connectionstring|(?:database|db|redis|mongo|mongodb|postgres|postgresql|mysql|amqp|rabbitmq)ur[il]$`,
		// What is worth money.
		`accountn(?:umber|um|o)$|routingn(?:umber|um|o)$|sortcode`,
		`socialsecurity|nationalid|(?:passport|tax|taxid)n(?:umber|um|o)$`,
	),
}

func anyOf(expressions ...string) *regexp.Regexp {
	return regexp.MustCompile(strings.Join(expressions, "|"))
}

// secretWords are secrets where they are a word of a name, as in user_pin and
// smsOTP. Within a word they are everyday words: pinned, author, panel, design.
var secretWords = regexp.MustCompile(`(?:^|_)(?:auth|oauth2?|pins?|[th]?otp|hmac|pan|ssn|iban|csc|cvn|dsn|psk)\d*(?:_|$)`)

// queryNames are secrets in a query beside these: there "key" is one, and what
// OAuth 2.0, OpenID Connect and SAML hand over through the browser.
var queryNames = map[string]bool{
	"key": true, "code": true, "state": true, "pass": true, "hash": true, "ticket": true,
	"assertion": true, "samlresponse": true, "samlrequest": true, "relaystate": true,
}

// signs is what names are compared without, and words end at.
const signs = " -_.:/\\$#@+*~!?&%='\"`|,;()[]{}<>^"

var (
	withoutSigns = strings.NewReplacer(pairsOf("", strings.Split(signs, ""))...)
	signsAlike   = strings.NewReplacer(pairsOf("_", strings.Split(signs, ""))...)

	// hump is where a word begins in userPin, and acronym where one does in OTPCode.
	hump    = regexp.MustCompile(`([\p{Ll}0-9])(\p{Lu})`)
	acronym = regexp.MustCompile(`(\p{Lu})(\p{Lu}\p{Ll})`)
)

// pairsOf returns what a Replacer takes to put one text in place of others.
func pairsOf(by string, texts []string) []string {
	pairs := []string{}
	for _, text := range texts {
		pairs = append(pairs, text, by)
	}
	return pairs
}

// maxName is the longest name, in bytes, that is looked at. All longer ones count
// as secret.
const maxName = 256

// maxSegments bounds the names in one that spells a path. Longer ones count as
// secret: to follow them would take long.
const maxSegments = 8

// SensitiveName says whether what stands under a name is always redacted: be it a
// name in JSON, of a form's field or of a header.
func SensitiveName(name string) bool {
	if len(name) > maxName {
		return true
	}
	folded := fold(name)
	if stems.Replace(folded) == folded {
		return false
	}
	for _, parts := range secretParts {
		if parts.MatchString(folded) {
			return true
		}
	}
	words := hump.ReplaceAllString(acronym.ReplaceAllString(name, "${1}_$2"), "${1}_$2")
	return secretWords.MatchString(strings.ToLower(signsAlike.Replace(words)))
}

// fold returns a name as it is compared.
func fold(name string) string {
	// By way of upper case, or the long s would not be one.
	return strings.ToLower(strings.ToUpper(withoutSigns.Replace(name)))
}

// Classes of names. That of a name which a path may lead through is "=" with the
// name behind it.
const (
	plainName  = "-"
	secretName = "!"
	noName     = "?" // none that a form has
)

// classify returns the class of a name as it is written in JSON, hidden.
func classify(r *Rules, m *memory, written string) string {
	class := m.classes[written]
	if class != "" {
		return class
	}
	name, ok := unescape(written)
	if !ok {
		return secretName // can't be, in a document that is valid
	}
	return remember(m, written, classOf(r, name))
}

func remember(m *memory, name, class string) string {
	if len(name) <= maxClassed && len(m.classes) < maxClasses {
		// A part of the payload would keep all of it.
		m.classes[strings.Clone(name)] = strings.Clone(class)
	}
	return class
}

func classOf(r *Rules, name string) string {
	if strings.Count(name, ".")+strings.Count(name, "[") > maxSegments || SensitiveName(name) {
		return secretName
	}
	split := strings.ContainsAny(name, ".[")
	if split {
		for _, segment := range segments(name) {
			if SensitiveName(segment) {
				return secretName
			}
		}
	}
	if split && len(r.starts) > 0 || r.names[fold(name)] {
		return "=" + name
	}
	return plainName
}

// segments returns the names in one that stands for a path, as forms and flattened
// documents have it: a.b and a[b]. A list's brackets are no name.
func segments(name string) []string {
	all := []string{}
	for _, segment := range strings.Split(brackets.Replace(name), ".") {
		if segment != "" {
			all = append(all, segment)
		}
	}
	return all
}

var brackets = strings.NewReplacer("[", ".", "]", "")
