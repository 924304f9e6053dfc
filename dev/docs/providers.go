package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hookward/hookward/internal/config"
)

const pageHead = `# Providers

<!-- This page is written by ` + "`make docs`" + ` from catalogue/; change those files, not this. -->

%d senders that the gate knows by name: write the slug under ` + "`provider`" + `, and beside it what the column **Give** names. Other [options](options.md) that fit the scheme override the row; one without effect is a mistake.

- **Give**: write each secret as the provider shows it; the row knows whether it is text, hexadecimal, base64 or ` + "`whsec_...`" + `. What stands in parentheses is for the handshake, or may be left out.
- **Verifies** is what the delivery carries. A *token* is the same in every delivery: it says who knows it, and nothing about this delivery.
- **Signed** is what can't be changed by whoever has seen one delivery. *Body* means its bytes, from the first to the last.
- **Fresh** is how old, and how early, the signed timestamp may be. Where there is none, a captured delivery verifies for ever.
- **Handshake** is the question that the gate answers by itself; those marked *signed* are answered to the provider alone.
- **Addresses** is the list of the addresses that its webhooks come from, which ` + "`allowlist.providerRanges`" + ` keeps fresh; where there is none, the provider publishes none that a program can read, or does not say that webhooks come from it.
- **Confidence**: *official* rests on the provider's documentation or its own code, *vector* on a published delivery that was computed again, *secondary* on others who verify it. Every row is also held against a signer that shares no code with the gate, and 47 of these signers against the provider's own SDK (` + "`dev/senders`" + `).

| Slug | Provider | Give | Verifies | Signed | Fresh | Handshake | Addresses | Confidence |
|---|---|---|---|---|---|---|---|---|
`

// providerPage returns docs/providers.md.
func providerPage(rows []row) string {
	page := fmt.Sprintf(pageHead, len(rows))
	for _, r := range rows {
		addresses := ""
		if r.Ranges != nil {
			addresses = fmt.Sprintf("[published](%s)", r.Ranges["url"])
		}
		page += fmt.Sprintf("| `%s` | %s | %s | %s | %s | %s | %s | %s | %s |\n",
			r.slug, r.Name, give(r.options), verifies(r.options), signed(r.options), r.fresh(), handshakes(r.options), addresses, r.Confidence)
	}
	page += "\n## Remarks and sources\n\n"
	for _, r := range rows {
		remark := r.remarks()
		if r.options.MaxBodyBytes != 0 {
			remark += fmt.Sprintf(" Bodies have up to %d bytes.", r.options.MaxBodyBytes)
		}
		page += fmt.Sprintf("- %s *Source:* %s.\n", strings.TrimSpace("**"+r.slug+"**. "+strings.TrimSpace(remark)), r.Source)
	}
	return page
}

// remarks returns all that is to be said of a provider in sentences.
func (r row) remarks() string {
	sentences := []string{}
	habits := ""
	if r.RetriesFor != "" {
		habits = "A failed delivery is repeated for " + r.RetriesFor + " with its first timestamp; with `replay` the default tolerance covers that, and without it the gate warns."
	}
	if r.Alike {
		habits = "Different events may be equal to the byte, so `replay` is a mistake, unless it forwards them all (`onDuplicate: forward`)."
	}
	for _, text := range []string{r.Remark, r.Retries, habits, r.Answer} {
		if text != "" {
			sentences = append(sentences, text)
		}
	}
	return strings.Join(sentences, " ")
}

// entry is a provider as 'hookward providers' knows it, beside what it learns from the
// catalogue itself.
type entry struct {
	Slug       string `json:"slug"`
	Name       string `json:"name"`
	Give       string `json:"give"`
	Verifies   string `json:"verifies"`
	Signed     string `json:"signed"`
	Fresh      string `json:"fresh"`
	Handshake  string `json:"handshake"`
	Addresses  string `json:"addresses"`
	Confidence string `json:"confidence"`
	Remark     string `json:"remark"`
	Source     string `json:"source"`
}

// providerData returns cmd/hookward/providers.json: what people read of the catalogue, in
// plain text.
func providerData(rows []row) (string, error) {
	entries := []entry{}
	for _, r := range rows {
		addresses := ""
		if r.Ranges != nil {
			addresses = fmt.Sprint(r.Ranges["url"])
		}
		entries = append(entries, entry{r.slug, r.Name, give(r.options), verifies(r.options), signed(r.options), r.fresh(), handshakes(r.options), addresses, r.Confidence, r.remarks(), r.Source + "."})
	}
	text := &bytes.Buffer{}
	encoder := json.NewEncoder(text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(entries); err != nil {
		return "", err
	}
	return strings.ReplaceAll(text.String(), "`", ""), nil
}

// give names the options that an operator has to give.
func give(o config.Options) string {
	options := []string{}
	add := func(holds bool, text string) {
		if holds {
			options = append(options, text)
		}
	}
	optional := func(holds bool, name string) { add(holds, "(`"+name+"`)") }
	if t := o.Token; t != nil {
		add(!t.Basic, "`secrets`")
		add(t.Basic, "`secrets`, as `user:password`")
		add(!t.Basic && !t.Bearer && t.Header+t.Query+t.Field == "", "`token.header` or `token.query`")
	} else if t := o.JWT; t != nil {
		for _, text := range giveJWT(t) {
			add(true, text)
		}
	} else if o.MessageSignature != nil {
		add(true, "`publicKeys` or `messageSignature.jwks`")
		optional(true, "publicURL")
	} else {
		s := o.Signature
		public := strings.HasPrefix(s.Algorithm, "e") || strings.HasPrefix(s.Algorithm, "rsa")
		add(!public, "`secrets`")
		add(public && s.CertificateField == "", "`publicKeys`")
		both := slices.ContainsFunc(s.Alternatives, func(a *config.AlternativeOptions) bool { return a.Algorithm == "ed25519" })
		optional(both || s.CertificateField != "", "publicKeys")
		named := s.SenderField != "" || strings.Contains(s.Format, "{sender}")
		shared := public || strings.Contains(s.Format, "{sender}")
		add(named && shared, "`senders`")
		optional(named && !shared, "senders")
		add(strings.Contains(s.Signs, "{url}") || strings.Contains(s.Signs, "{decodedURL}"), "`publicURL`")
	}
	word, url := false, false
	for _, h := range o.Handshakes {
		word = word || h.VerifyTokenField != "" || strings.Contains(h.DigestOf, "{verifyToken}")
		url = url || strings.Contains(h.DigestOf, "{url}")
	}
	optional(word, "verifyToken")
	optional(url, "publicURL")
	return strings.Join(options, ", ")
}

// verifies names the algorithm and the place of the signature, or the token's.
func verifies(o config.Options) string {
	if t := o.JWT; t != nil {
		place := t.Header
		switch {
		case t.Body:
			place = "the body"
		case t.Field != "":
			place = t.Field
		case place == "":
			place = "Authorization: Bearer"
		}
		kind := "JWT"
		if t.Detached {
			kind = "JWS, detached"
		}
		algorithms := t.Algorithms[0]
		if len(t.Algorithms) > 1 {
			algorithms += " to " + t.Algorithms[len(t.Algorithms)-1]
		}
		return kind + ", " + algorithms + ", `" + place + "`"
	}
	if t := o.Token; t != nil {
		switch {
		case t.Basic:
			return "token, HTTP basic"
		case t.Bearer:
			return "token, `Authorization: Bearer`"
		case t.Header != "":
			return "token, `" + t.Header + "`"
		case t.Query != "":
			return "token, `query:" + t.Query + "`"
		case t.Field != "":
			return "token, `" + t.Field + "`"
		}
		return "token, where you say"
	}
	if m := o.MessageSignature; m != nil {
		if m.Dialect == "cavage" {
			return "draft-cavage, `Signature`"
		}
		return "RFC 9421, `Signature-Input`"
	}
	s := o.Signature
	algorithm := s.Algorithm
	if algorithm == "" {
		algorithm = "hmac-sha256"
	}
	place := strings.Join(s.Header, "`, `")
	if place == "" {
		place = s.Field
	}
	return algorithm + ", `" + place + "`"
}

// fresh says how far the signed timestamp may be from now.
func (r row) fresh() string {
	text := fresh(r.options)
	if r.RetriesFor == "" {
		return text
	}
	retries, _ := time.ParseDuration(r.RetriesFor) // which row has checked
	return text + "; with `replay` " + short(retries+5*time.Minute)
}

func fresh(o config.Options) string {
	if t := o.JWT; t != nil {
		switch {
		case t.MaxAge > 0:
			return short(t.MaxAge)
		case slices.Contains(t.RequiredClaims, "exp"):
			return "until `exp`"
		}
		return "no end"
	}
	s := o.Signature
	if m := o.MessageSignature; m != nil && slices.Contains(m.Parameters, "created") {
		return short(o.Tolerance)
	}
	if s == nil || s.TimestampHeader == "" && s.TimestampField == "" && !strings.Contains(s.Format, "{timestamp}") {
		return "no timestamp"
	}
	tolerance := o.Tolerance
	if tolerance == 0 {
		tolerance = 5 * time.Minute
	}
	return short(tolerance)
}

// short writes a duration without what is zero at its end.
func short(d time.Duration) string {
	text := d.String()
	for _, zero := range []string{"0s", "0m"} {
		if shorter := strings.TrimSuffix(text, zero); shorter != text && strings.HasSuffix(shorter, map[string]string{"0s": "m", "0m": "h"}[zero]) {
			text = shorter
		}
	}
	return text
}

// handshakes names the questions that the gate answers.
func handshakes(o config.Options) string {
	texts := []string{}
	for _, h := range o.Handshakes {
		method := h.Method
		if method == "" {
			method = "POST"
		}
		if !h.Unsigned {
			method += ", signed"
		}
		if !slices.Contains(texts, method) {
			texts = append(texts, method)
		}
	}
	if o.Signature != nil && o.Signature.CertificateField != "" {
		texts = append(texts, "POST, signed, with `confirmSubscriptions`")
	}
	return strings.Join(texts, "; ")
}
