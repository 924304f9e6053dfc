package secrets

import (
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"strings"
)

// What a text is that was hardly meant to be the secret itself. Used as it stands it
// would be a key that anybody can read in a manual or guess.
const (
	MistakenReference   = "is a reference that nothing has resolved; write env:NAME or file:/path"
	MistakenVariable    = "looks like a variable that nothing has resolved; write env:NAME, with its name alone"
	mistakenPath        = "looks like a path; write file:/path, with the whole path"
	mistakenName        = "looks like the name of an environment variable, or of what holds the secret; write env:NAME or file:/path"
	mistakenPlaceholder = "is a placeholder, as manuals have it where a secret belongs; write env:NAME or file:/path"

	// howToInsist ends each of them.
	howToInsist = "; a secret that is really spelt so goes into a variable or a file"
)

// mistakenForms are patterns of such texts. None may fit what is made at random: base64
// has + and / in it, and may begin with a slash; passwords have anything.
var mistakenForms = [][2]string{
	// A shell, PowerShell, cmd.exe, and templates: of Compose, Go, Jinja, ERB, Concourse, Caddy, Azure, autoconf.
	{MistakenReference, `^(\$\{|\$\(|\$\[[^\]]*\]$|\{\{)`},
	{MistakenVariable, `^\$+[A-Za-z_]\w*$`},
	{MistakenVariable, `(?i)^\$(env|script|global):\w+$`},
	{MistakenVariable, `^(%\w+%|@\w+@|__[A-Za-z]\w*__|#\w+#)$`},
	{MistakenVariable, `^(\(\(.*\)\)|\[\[.*\]\]|#\{.*\}#?|%\{.*\}|@\{.*\}|<%.*%>|\{%.*%\}|\{[$A-Za-z_][\w.$:/ -]*\})$`},
	{MistakenVariable, `(?i)^!(env|env_var|file|include|ref|secret|sub|vault)\s`},
	// What programs and configuration languages write: env.NAME, secrets.NAME, ENV["NAME"], getenv(...).
	{MistakenVariable, `(?i)^\.?(process\.env|import\.meta\.env|os\.environ|environ|env|secrets?|vars?|inputs|values)\.[A-Za-z_][\w.-]*$`},
	{MistakenVariable, `(?i)^(process\.env|os\.environ|environ|env|(os\.)?getenv|env_var|lookup|secret|vault|file)\s*[\[(].*[\])]$`},
	// References of the gate's own, misspelt.
	{MistakenReference, `(?i)^(env|environment)([=@#/]|\s+)\w+$`},
	{MistakenReference, `(?i)^(file|path)([=@#.]|\s+)[\w./\\~-]+$`},
	// Stores of secrets, and what they have encrypted.
	{MistakenReference, `(?i)^(urn|arn|vault|secretref|ssm|op|gsm|akv|keyvault|k8s|sops|doppler|infisical|kms):\S`},
	{MistakenReference, `(?i)^[a-z][a-z0-9.-]+(\+[a-z0-9+.-]+)?:/+\S`},
	{MistakenReference, `^(ref\+|ENC[\[(]|\{cipher\}|\$ANSIBLE_VAULT;|@Microsoft\.KeyVault\(|projects/[^/]+/secrets/|-----BEGIN (PGP|AGE) )`},
	{MistakenReference, `^[\w-]+(/[\w-]+)+#[\w-]+$`},
	// Paths: below directories that are known, or with what base64 does not have.
	{mistakenPath, `^@?/(app|certs?|conf|config|data|dev|etc|home|keys|mnt|opt|private|proc|root|run|secrets?|srv|tmp|traefik|usr|Users|var|vault)/`},
	{mistakenPath, `^@?/[a-z0-9._ /~-]*[a-z][a-z0-9._ /~-]*$`},
	{mistakenPath, `^@?/[\w ./~-]*[._-][\w ./~-]*$`},
	{mistakenPath, `^@?(\.{1,2}|~)/[\w ./~-]+$`},
	{mistakenPath, `^@?[A-Za-z]:[\\/]\w`},
	{mistakenPath, `^(etc|run|secrets?|var)/[\w./-]+$`},
	{mistakenPath, `(?i)^@?[\w./-]+\.(conf|crt|env|ini|json|key|pem|pub|secret|toml|txt|ya?ml)$`},
	// What stands in manuals.
	{mistakenPlaceholder, `^[<\[«‹][\w .:'’/-]+[>\]»›]$`},
	{mistakenPlaceholder, `(?i)^(please[-_ ]?)?(change|replace)[-_ ]?(it|me|this)($|[^a-z])`},
	{mistakenPlaceholder, `(?i)^replace[-_ ](by|with)[-_ ]`},
	{mistakenPlaceholder, `(?i)^((my|the|use)[-_ ])?your[-_ ]`},
	{mistakenPlaceholder, `(?i)^your(api|app|client|key|own|password|secret|shared|signing|token|webhook)`},
	{mistakenPlaceholder, `(?i)^(add|any|default|dummy|enter|example|fake|fill|insert|paste|placeholder|provide|put|sample|set|some|type|use)[-_ ](.*[-_ ])?(here|key|password|secret|token|value)\b`},
	{mistakenPlaceholder, `(?i)(key|password|secret|token|value)[-_ ](goes[-_ ])?here$`},
	{mistakenPlaceholder, `(?i)^(fixme|tbd|todo)([: ].*)?$`},
	{mistakenPlaceholder, `(?i)^(dummy|empty|example|hidden|masked|missing|n/?a|nil|none|null|placeholder|redacted|removed|undefined|unknown|unset)[.!]?$`},
	{mistakenPlaceholder, `(?i)^([a-z0-9]+[-_=:])*([x*.•…?#]{2,}[-_ ]?)+$`},
	// Bare names, of variables and of what stores keep.
	{mistakenName, `^_*[A-Z][A-Z0-9_]*_[A-Z0-9_]*$`},
	{mistakenName, `^[A-Z0-9]*(SECRET|TOKEN|PASSWORD|APIKEY)[A-Z0-9]*$`},
	{mistakenName, `(?i)^([a-z][a-z0-9]*[-_.])*(api|app|hmac|hook|hooks|signing|webhook|webhooks)[-_.](key|password|secret|token)s?([-_](github|gitlab|slack|stripe))?$`},
	{mistakenName, `^[a-z]+([A-Z][a-z]+)*(Key|Password|Secret|Token)$`},
}

// mistaken is all of them in one.
var mistaken = func() *regexp.Regexp {
	all := []string{}
	for _, form := range mistakenForms {
		all = append(all, "(?:"+form[1]+")")
	}
	return regexp.MustCompile(strings.Join(all, "|"))
}()

// Mistaken says what a literal is instead of a secret, in words that have nothing
// of it in them: it may be one all the same. It returns nothing for what may be one.
func Mistaken(text string) string {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "https://") || strings.HasPrefix(text, "http://") || len(text) > maxSecretBytes {
		return ""
	}
	if isOneByte(text) {
		return mistakenPlaceholder + howToInsist
	}
	if !mistaken.MatchString(text) {
		return ""
	}
	for _, form := range mistakenForms {
		found, err := regexp.MatchString(form[1], text)
		if err == nil && found {
			return form[0] + howToInsist
		}
	}
	return ""
}

// isOneByte says whether a text is the same byte again and again.
func isOneByte(text string) bool {
	return len(text) > 2 && strings.Trim(text, text[:1]) == ""
}

// visibleText finds what can be seen of a text. Letters of Hangul and a pattern of Braille
// are blank, too.
var visibleText = regexp.MustCompile(`[^\p{Z}\p{Cc}\p{Cf}\p{M}\x{115F}\x{1160}\x{2800}\x{3164}\x{FFA0}]`)

// unusableText says why a text protects from nothing, or is not what it was meant to be.
func unusableText(text, encoding string) string {
	switch {
	case strings.TrimSpace(text) == "":
		return "is empty or blank"
	case strings.HasPrefix(text, "\ufeff"):
		return "begins with a byte order mark, which would be part of the key; save it as UTF-8 without one"
	case strings.Contains(text, "\x00") && (strings.HasPrefix(text, "\xff\xfe") || strings.HasPrefix(text, "\xfe\xff")):
		return "is UTF-16, as PowerShell writes files; save it as UTF-8 without a byte order mark"
	case strings.Trim(text, "\x00") == "":
		return "has nothing but zero bytes, and such a key is no key; write the secret anew"
	case strings.Contains(text, "\x00"):
		return "has zero bytes in it, as files have that were not written whole; a key of bytes is written in hex or base64, with signature.secretEncoding"
	case !visibleText.MatchString(text):
		return "has nothing in it that can be seen, such as U+200B alone; write the secret anew"
	case len(text) <= maxSecretBytes && !IsPublicKey(encoding) && encoding != CertificateEncoding && isPublicText(text):
		return "is a public key or a certificate, which anybody may have; where the sender signs with a private key, write it under publicKeys"
	}
	return ""
}

// unusableKey says why a key that was decoded protects from nothing. HMAC fills short
// keys up with zeros, so that one of zeros is the empty key.
func unusableKey(key []byte) string {
	switch {
	case len(key) == 0:
		return "is empty once decoded"
	case strings.Trim(string(key), "\x00") == "":
		return "is nothing but zero bytes once decoded, and such a key is no key; take the secret from the sender once more"
	case !visibleText.Match(key):
		return "has nothing in it that can be seen, once decoded; take the secret from the sender once more"
	}
	return ""
}

// publicText begins what is public, in the forms of OpenSSL, SSH and Standard Webhooks.
var publicText = regexp.MustCompile(`^(-----BEGIN ([A-Z0-9 ]* )?(PUBLIC KEY|CERTIFICATE)|(ssh|ecdsa)-[a-z0-9-]+ AAAA|whpk_)`)

// isPublicText says whether a text is a public key, which anybody may have. 32 bytes
// may be one of Ed25519, and a secret as well.
func isPublicText(text string) bool {
	text = strings.TrimSpace(text)
	isJWK := strings.HasPrefix(text, "{") && strings.Contains(text, `"kty"`) && !strings.Contains(text, `"d"`) && !strings.Contains(text, `"k"`)
	if isJWK || publicText.MatchString(text) {
		return true
	}
	der, err := hex.DecodeString(text)
	if err != nil {
		der, err = base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	}
	if err != nil || len(der) < 44 || der[0] != 0x30 {
		return false
	}
	_, notPKIX := x509.ParsePKIXPublicKey(der)
	_, notPKCS1 := x509.ParsePKCS1PublicKey(der)
	_, noCertificate := x509.ParseCertificate(der)
	return notPKIX == nil || notPKCS1 == nil || noCertificate == nil
}
