package hookward

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
)

// The bytes of a signature in these tests, and its encodings.
var (
	testMAC    = []byte("\x00\x01\xfb\xff\xbe\x7f0123456789abcdefghijklmn\xf0")
	otherMAC   = []byte("\xff\x01\xfb\xff\xbe\x7f0123456789abcdefghijklmn\xf0")
	hexMAC     = hex.EncodeToString(testMAC)
	hexOther   = hex.EncodeToString(otherMAC)
	stdMAC     = base64.StdEncoding.EncodeToString(testMAC)
	urlMAC     = base64.URLEncoding.EncodeToString(testMAC)
	rawURLMAC  = base64.RawURLEncoding.EncodeToString(testMAC)
	testedSize = len(testMAC)
)

func TestParseFormatMistakes(t *testing.T) {
	for _, format := range []string{
		"", "sha256=", "{hex", "hex}", "{}", "{hex}{base64}", "{hex}{timestamp}", "{hex},{hex},...",
		"{sha256}", "{HEX}", "{timestamp}", "t={timestamp},...", "...", ",...", "{hex}...", "{hex}|...",
		"t={timestamp},u={timestamp},v1={hex},...", "{hex},,...", "x,{hex},...", "{{hex}}",
		"{base64}/{timestamp}", "{base64}={timestamp}", "{base64url}-{timestamp}", "{base64url}_{timestamp}", "{hex}a{timestamp}", "{hex}f",
	} {
		_, problem := parseFormat(format, nil)
		if problem == "" {
			t.Errorf("format %q is accepted", format)
		}
	}
}

func TestReadProofs(t *testing.T) {
	many := strings.Repeat("v1="+hexMAC+",", 16)
	cases := []struct {
		name   string
		format string
		lines  []string
		want   string // candidates as hex@timestamp, joined by a space; or the reason
	}{
		{"hex", "{hex}", []string{hexMAC}, hexMAC + "@"},
		{"hex, upper case", "{hex}", []string{strings.ToUpper(hexMAC)}, hexMAC + "@"},
		{"prefix", "sha256={hex}", []string{"sha256=" + hexMAC}, hexMAC + "@"},
		{"prefix and suffix", "<{hex}>", []string{"<" + hexMAC + ">"}, hexMAC + "@"},
		{"doubled braces", "{{{hex}}}", []string{"{" + hexMAC + "}"}, hexMAC + "@"},
		{"base64", "{base64}", []string{stdMAC}, hexMAC + "@"},
		{"base64url padded", "{base64url}", []string{urlMAC}, hexMAC + "@"},
		{"base64url unpadded", "{base64url}", []string{rawURLMAC}, hexMAC + "@"},
		{"exact with timestamp", "t={timestamp},v1={hex}", []string{"t=12,v1=" + hexMAC}, hexMAC + "@12"},

		{"absent", "{hex}", nil, signatureMissing},
		{"empty", "{hex}", []string{""}, signatureMissing},
		{"two lines", "{hex}", []string{hexMAC, hexMAC}, signatureDuplicated},
		{"two lines, one empty", "{hex}", []string{"", hexMAC}, signatureDuplicated},
		{"list where none is", "{hex}", []string{hexMAC + "," + hexMAC}, signatureMalformed},
		{"list where none is, spaced", "{hex}", []string{hexMAC + ", " + hexMAC}, signatureMalformed},
		{"prefix absent", "sha256={hex}", []string{hexMAC}, signatureMalformed},
		{"prefix of other case", "sha256={hex}", []string{"SHA256=" + hexMAC}, signatureMalformed},
		{"prefix twice", "sha256={hex}", []string{"sha256=sha256=" + hexMAC}, signatureMalformed},
		{"prefix alone", "sha256={hex}", []string{"sha256="}, signatureMalformed},
		{"prefix cut", "sha256={hex}", []string{"sha"}, signatureMalformed},
		{"junk before", "sha256={hex}", []string{"x sha256=" + hexMAC}, signatureMalformed},
		{"suffix absent", "<{hex}>", []string{"<" + hexMAC}, signatureMalformed},
		{"junk after suffix", "<{hex}>", []string{"<" + hexMAC + ">x"}, signatureMalformed},
		{"space before", "{hex}", []string{" " + hexMAC}, signatureMalformed},
		{"space after", "{hex}", []string{hexMAC + " "}, signatureMalformed},
		{"one digit less", "{hex}", []string{hexMAC[1:]}, signatureMalformed},
		{"one byte less", "{hex}", []string{hexMAC[2:]}, signatureMalformed},
		{"one byte more", "{hex}", []string{hexMAC + "00"}, signatureMalformed},
		{"0x", "{hex}", []string{"0x" + hexMAC}, signatureMalformed},
		{"0x instead of digits", "{hex}", []string{"0x" + hexMAC[2:]}, signatureMalformed},
		{"full-width digits", "{hex}", []string{"０" + hexMAC[3:]}, signatureMalformed},
		{"base64 without padding", "{base64}", []string{strings.TrimRight(stdMAC, "=")}, signatureMalformed},
		{"base64 with the other alphabet", "{base64}", []string{urlMAC}, signatureMalformed},
		{"base64url with the other alphabet", "{base64url}", []string{stdMAC}, signatureMalformed},
		{"base64 with unused bits set", "{base64}", []string{unusedBits(stdMAC)}, signatureMalformed},
		{"base64url with unused bits set", "{base64url}", []string{unusedBits(urlMAC)}, signatureMalformed},
		{"base64 with a newline", "{base64}", []string{stdMAC[:43] + "\n"}, signatureMalformed},
		{"base64 with newlines inside", "{base64}", []string{stdMAC[:20] + "\r\n" + stdMAC[20:]}, signatureMalformed},
		{"timestamp absent", "t={timestamp},v1={hex}", []string{"t=,v1=" + hexMAC}, signatureMalformed},
		{"exact, other order", "t={timestamp},v1={hex}", []string{"v1=" + hexMAC + ",t=12"}, signatureMalformed},
		{"oversized", "{hex}", []string{strings.Repeat("a", 1<<20)}, signatureMalformed},

		{"pairs", "t={timestamp},v1={hex},...", []string{"t=12,v1=" + hexMAC}, hexMAC + "@12"},
		{"pairs, any order", "t={timestamp},v1={hex},...", []string{"v1=" + hexMAC + ",t=12"}, hexMAC + "@12"},
		{"pairs, spaced", "t={timestamp},v1={hex},...", []string{"t=12, v1=" + hexMAC + " ,\tv0=ab"}, hexMAC + "@12"},
		{"pairs, several signatures", "t={timestamp},v1={hex},...", []string{"t=12,v1=" + hexOther + ",v1=" + hexMAC + ",v0=" + hexMAC}, hexOther + "@12 " + hexMAC + "@12"},
		{"pairs, over two lines", "t={timestamp},v1={hex},...", []string{"t=12", "v1=" + hexMAC}, hexMAC + "@12"},
		{"pairs without timestamp", "t={timestamp},v1={hex},...", []string{"v1=" + hexMAC}, hexMAC + "@"},
		{"semicolons", "ts={timestamp};h1={hex};...", []string{"ts=12;h1=" + hexMAC}, hexMAC + "@12"},
		{"spaces", "v1,{base64} ...", []string{"v1," + stdMAC + " v1a," + stdMAC + " v2," + stdMAC}, hexMAC + "@"},
		{"bare list", "{hex},...", []string{hexOther + "," + hexMAC}, hexOther + "@ " + hexMAC + "@"},
		{"the header twice", "{hex},...", []string{hexOther, hexMAC}, hexOther + "@ " + hexMAC + "@"},
		{"groups", "t={timestamp},v1={hex} ...", []string{"t=1,v1=" + hexOther + " t=2,v1=" + hexMAC}, hexOther + "@1 " + hexMAC + "@2"},
		{"by position", "{timestamp},{hex},...", []string{"12," + hexOther + "," + hexMAC}, hexOther + "@12 " + hexMAC + "@12"},
		{"dot between", "{base64}.{timestamp}", []string{stdMAC + ".12"}, hexMAC + "@12"},
		{"sixteen", "v1={hex},...", []string{many}, strings.TrimSpace(strings.Repeat(hexMAC+"@ ", 16))},

		{"pairs, timestamp twice", "t={timestamp},v1={hex},...", []string{"t=12,t=13,v1=" + hexMAC}, signatureMalformed},
		{"pairs, timestamp twice alike", "t={timestamp},v1={hex},...", []string{"t=12,v1=" + hexMAC + ",t=12"}, signatureMalformed},
		{"pairs, other version alone", "t={timestamp},v1={hex},...", []string{"t=12,v0=" + hexMAC}, signatureMalformed},
		{"pairs, key of other case", "t={timestamp},v1={hex},...", []string{"t=12,V1=" + hexMAC}, signatureMalformed},
		{"pairs, wrong separator", "t={timestamp},v1={hex},...", []string{"t=12;v1=" + hexMAC}, signatureMalformed},
		{"pairs, space in the pair", "t={timestamp},v1={hex},...", []string{"t=12,v1 = " + hexMAC}, signatureMalformed},
		{"seventeen", "v1={hex},...", []string{many + "v1=" + hexMAC}, signatureMalformed},
		{"seventeen lines", "v1={hex},...", strings.Split(many+"v1="+hexMAC, ","), signatureMalformed},
		{"too many elements", "v1={hex},...", []string{strings.Repeat("x,", 40) + "v1=" + hexMAC}, signatureMalformed},
		{"commas only", "v1={hex},...", []string{",,,,"}, signatureMalformed},
		{"oversized list", "v1={hex},...", []string{strings.Repeat("x", 1<<20) + ",v1=" + hexMAC}, signatureMalformed},
	}
	for _, c := range cases {
		f, problem := parseFormat(c.format, nil)
		if problem != "" {
			t.Errorf("%s: format %q: %s", c.name, c.format, problem)
			continue
		}
		if got := showCandidates(readCandidates(&f, testedSize, c.lines)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func showCandidates(candidates []candidate, reason string) string {
	if reason != candidatesRead {
		return reason
	}
	shown := []string{}
	for _, p := range candidates {
		shown = append(shown, fmt.Sprintf("%x@%s", p.mac, p.timestamp))
	}
	return strings.Join(shown, " ")
}

// unusedBits sets the bits of the last base64 digit that encode nothing, which a
// lenient decoder passes over.
func unusedBits(text string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	last := len(strings.TrimRight(text, "=")) - 1
	digit := strings.IndexByte(alphabet, text[last])
	return text[:last] + alphabet[digit+1:digit+2] + text[last+1:]
}
