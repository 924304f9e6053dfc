package signature

import (
	"fmt"
	"strings"
	"testing"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
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
	many := strings.Repeat("v1="+hooktest.HexMAC+",", 16)
	cases := []struct {
		name   string
		format string
		lines  []string
		want   string // candidates as hex@timestamp, joined by a space; or the reason
	}{
		{"hex", "{hex}", []string{hooktest.HexMAC}, hooktest.HexMAC + "@"},
		{"hex, upper case", "{hex}", []string{strings.ToUpper(hooktest.HexMAC)}, hooktest.HexMAC + "@"},
		{"prefix", "sha256={hex}", []string{"sha256=" + hooktest.HexMAC}, hooktest.HexMAC + "@"},
		{"prefix and suffix", "<{hex}>", []string{"<" + hooktest.HexMAC + ">"}, hooktest.HexMAC + "@"},
		{"doubled braces", "{{{hex}}}", []string{"{" + hooktest.HexMAC + "}"}, hooktest.HexMAC + "@"},
		{"base64", "{base64}", []string{hooktest.StdMAC}, hooktest.HexMAC + "@"},
		{"base64url padded", "{base64url}", []string{hooktest.UrlMAC}, hooktest.HexMAC + "@"},
		{"base64url unpadded", "{base64url}", []string{hooktest.RawURLMAC}, hooktest.HexMAC + "@"},
		{"exact with timestamp", "t={timestamp},v1={hex}", []string{"t=12,v1=" + hooktest.HexMAC}, hooktest.HexMAC + "@12"},

		{"absent", "{hex}", nil, verdict.SignatureMissing},
		{"empty", "{hex}", []string{""}, verdict.SignatureMissing},
		{"two lines", "{hex}", []string{hooktest.HexMAC, hooktest.HexMAC}, verdict.SignatureDuplicated},
		{"two lines, one empty", "{hex}", []string{"", hooktest.HexMAC}, verdict.SignatureDuplicated},
		{"list where none is", "{hex}", []string{hooktest.HexMAC + "," + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"list where none is, spaced", "{hex}", []string{hooktest.HexMAC + ", " + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"prefix absent", "sha256={hex}", []string{hooktest.HexMAC}, verdict.SignatureMalformed},
		{"prefix of other case", "sha256={hex}", []string{"SHA256=" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"prefix twice", "sha256={hex}", []string{"sha256=sha256=" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"prefix alone", "sha256={hex}", []string{"sha256="}, verdict.SignatureMalformed},
		{"prefix cut", "sha256={hex}", []string{"sha"}, verdict.SignatureMalformed},
		{"junk before", "sha256={hex}", []string{"x sha256=" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"suffix absent", "<{hex}>", []string{"<" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"junk after suffix", "<{hex}>", []string{"<" + hooktest.HexMAC + ">x"}, verdict.SignatureMalformed},
		{"space before", "{hex}", []string{" " + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"space after", "{hex}", []string{hooktest.HexMAC + " "}, verdict.SignatureMalformed},
		{"one digit less", "{hex}", []string{hooktest.HexMAC[1:]}, verdict.SignatureMalformed},
		{"one byte less", "{hex}", []string{hooktest.HexMAC[2:]}, verdict.SignatureMalformed},
		{"one byte more", "{hex}", []string{hooktest.HexMAC + "00"}, verdict.SignatureMalformed},
		{"0x", "{hex}", []string{"0x" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"0x instead of digits", "{hex}", []string{"0x" + hooktest.HexMAC[2:]}, verdict.SignatureMalformed},
		{"full-width digits", "{hex}", []string{"０" + hooktest.HexMAC[3:]}, verdict.SignatureMalformed},
		{"base64 without padding", "{base64}", []string{strings.TrimRight(hooktest.StdMAC, "=")}, verdict.SignatureMalformed},
		{"base64 with the other alphabet", "{base64}", []string{hooktest.UrlMAC}, verdict.SignatureMalformed},
		{"base64url with the other alphabet", "{base64url}", []string{hooktest.StdMAC}, verdict.SignatureMalformed},
		{"base64 with unused bits set", "{base64}", []string{unusedBits(hooktest.StdMAC)}, verdict.SignatureMalformed},
		{"base64url with unused bits set", "{base64url}", []string{unusedBits(hooktest.UrlMAC)}, verdict.SignatureMalformed},
		{"base64 with a newline", "{base64}", []string{hooktest.StdMAC[:43] + "\n"}, verdict.SignatureMalformed},
		{"base64 with newlines inside", "{base64}", []string{hooktest.StdMAC[:20] + "\r\n" + hooktest.StdMAC[20:]}, verdict.SignatureMalformed},
		{"timestamp absent", "t={timestamp},v1={hex}", []string{"t=,v1=" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"exact, other order", "t={timestamp},v1={hex}", []string{"v1=" + hooktest.HexMAC + ",t=12"}, verdict.SignatureMalformed},
		{"oversized", "{hex}", []string{strings.Repeat("a", 1<<20)}, verdict.SignatureMalformed},

		{"pairs", "t={timestamp},v1={hex},...", []string{"t=12,v1=" + hooktest.HexMAC}, hooktest.HexMAC + "@12"},
		{"pairs, any order", "t={timestamp},v1={hex},...", []string{"v1=" + hooktest.HexMAC + ",t=12"}, hooktest.HexMAC + "@12"},
		{"pairs, spaced", "t={timestamp},v1={hex},...", []string{"t=12, v1=" + hooktest.HexMAC + " ,\tv0=ab"}, hooktest.HexMAC + "@12"},
		{"pairs, several signatures", "t={timestamp},v1={hex},...", []string{"t=12,v1=" + hooktest.HexOther + ",v1=" + hooktest.HexMAC + ",v0=" + hooktest.HexMAC}, hooktest.HexOther + "@12 " + hooktest.HexMAC + "@12"},
		{"pairs, over two lines", "t={timestamp},v1={hex},...", []string{"t=12", "v1=" + hooktest.HexMAC}, hooktest.HexMAC + "@12"},
		{"pairs without timestamp", "t={timestamp},v1={hex},...", []string{"v1=" + hooktest.HexMAC}, hooktest.HexMAC + "@"},
		{"semicolons", "ts={timestamp};h1={hex};...", []string{"ts=12;h1=" + hooktest.HexMAC}, hooktest.HexMAC + "@12"},
		{"spaces", "v1,{base64} ...", []string{"v1," + hooktest.StdMAC + " v1a," + hooktest.StdMAC + " v2," + hooktest.StdMAC}, hooktest.HexMAC + "@"},
		{"bare list", "{hex},...", []string{hooktest.HexOther + "," + hooktest.HexMAC}, hooktest.HexOther + "@ " + hooktest.HexMAC + "@"},
		{"the header twice", "{hex},...", []string{hooktest.HexOther, hooktest.HexMAC}, hooktest.HexOther + "@ " + hooktest.HexMAC + "@"},
		{"groups", "t={timestamp},v1={hex} ...", []string{"t=1,v1=" + hooktest.HexOther + " t=2,v1=" + hooktest.HexMAC}, hooktest.HexOther + "@1 " + hooktest.HexMAC + "@2"},
		{"by position", "{timestamp},{hex},...", []string{"12," + hooktest.HexOther + "," + hooktest.HexMAC}, hooktest.HexOther + "@12 " + hooktest.HexMAC + "@12"},
		{"dot between", "{base64}.{timestamp}", []string{hooktest.StdMAC + ".12"}, hooktest.HexMAC + "@12"},
		{"sixteen", "v1={hex},...", []string{many}, strings.TrimSpace(strings.Repeat(hooktest.HexMAC+"@ ", 16))},

		{"pairs, timestamp twice", "t={timestamp},v1={hex},...", []string{"t=12,t=13,v1=" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"pairs, timestamp twice alike", "t={timestamp},v1={hex},...", []string{"t=12,v1=" + hooktest.HexMAC + ",t=12"}, verdict.SignatureMalformed},
		{"pairs, other version alone", "t={timestamp},v1={hex},...", []string{"t=12,v0=" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"pairs, key of other case", "t={timestamp},v1={hex},...", []string{"t=12,V1=" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"pairs, wrong separator", "t={timestamp},v1={hex},...", []string{"t=12;v1=" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"pairs, space in the pair", "t={timestamp},v1={hex},...", []string{"t=12,v1 = " + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"seventeen", "v1={hex},...", []string{many + "v1=" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"seventeen lines", "v1={hex},...", strings.Split(many+"v1="+hooktest.HexMAC, ","), verdict.SignatureMalformed},
		{"too many elements", "v1={hex},...", []string{strings.Repeat("x,", 40) + "v1=" + hooktest.HexMAC}, verdict.SignatureMalformed},
		{"commas only", "v1={hex},...", []string{",,,,"}, verdict.SignatureMalformed},
		{"oversized list", "v1={hex},...", []string{strings.Repeat("x", 1<<20) + ",v1=" + hooktest.HexMAC}, verdict.SignatureMalformed},
	}
	for _, c := range cases {
		f, problem := parseFormat(c.format, nil)
		if problem != "" {
			t.Errorf("%s: format %q: %s", c.name, c.format, problem)
			continue
		}
		if got := showCandidates(readCandidates(&f, hooktest.TestedSize, c.lines)); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func showCandidates(candidates []Candidate, reason string) string {
	if reason != verdict.CandidatesRead {
		return reason
	}
	shown := []string{}
	for _, p := range candidates {
		shown = append(shown, fmt.Sprintf("%x@%s", p.mac, p.Timestamp))
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
