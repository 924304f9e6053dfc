package signature

import (
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/hookward/hookward/internal/hooktest"
	"github.com/hookward/hookward/internal/verdict"
)

// Each target states its oracle. Findings go to testdata/fuzz/<target> and are
// committed with the fix; `go test` replays them.

// Oracle: what is accepted is an encoding of the bytes that were read, so that
// encoding them again gives the header back, up to the case of hexadecimal
// digits. Nothing panics.
func FuzzSignatureHeader(f *testing.F) {
	f.Add("sha256="+hooktest.HexMAC, "")
	f.Add("t=12,v1="+hooktest.HexMAC, "v1="+hooktest.HexOther)
	f.Add("v1,"+hooktest.StdMAC+" v1a,"+hooktest.StdMAC, "")
	f.Add(hooktest.RawURLMAC, hooktest.UrlMAC)
	formats := []string{"sha256={hex}", "{base64}", "{base64url}", "t={timestamp},v1={hex}", "t={timestamp},v1={hex},...", "v1,{base64} ...", "{hex};...", "t={timestamp},v1={hex} ...", "{timestamp},{hex},..."}
	f.Fuzz(func(t *testing.T, first, second string) {
		lines := []string{first}
		if second != "" {
			lines = append(lines, second)
		}
		for _, format := range formats {
			parsed, problem := parseFormat(format, nil)
			if problem != "" {
				t.Fatal(problem)
			}
			candidates, reason := readCandidates(&parsed, hooktest.TestedSize, lines)
			if reason != verdict.CandidatesRead {
				if len(candidates) != 0 {
					t.Fatalf("%q: refused with candidates", format)
				}
				continue
			}
			if len(candidates) == 0 || len(candidates) > maxCandidates {
				t.Fatalf("%q: %d candidates", format, len(candidates))
			}
			for _, p := range candidates {
				written := render(format, p)
				if parsed.Separator == "" && written[0] != first && !strings.EqualFold(written[0], first) && written[1] != first {
					t.Fatalf("%q accepts %q, which reads %q", format, first, written)
				}
				if parsed.Separator != "" && !strings.Contains(first+second, written[0]) &&
					!strings.Contains(strings.ToLower(first+second), hex.EncodeToString(p.mac)) {
					t.Fatalf("%q accepts %q, which hold no %q", format, lines, written)
				}
			}
		}
	})
}

// render writes a candidate as the format says; the second form is base64url without
// its padding.
func render(format string, p Candidate) [2]string {
	format = strings.TrimRight(strings.TrimSuffix(format, "..."), ",; ")
	replace := func(url string) string {
		return strings.NewReplacer("{hex}", hex.EncodeToString(p.mac), "{base64}", base64.StdEncoding.EncodeToString(p.mac),
			"{base64url}", url, "{timestamp}", p.Timestamp).Replace(format)
	}
	return [2]string{replace(base64.URLEncoding.EncodeToString(p.mac)), replace(base64.RawURLEncoding.EncodeToString(p.mac))}
}

// Oracle: an accepted template, written again from its pieces, is the template.
func FuzzTemplate(f *testing.F) {
	f.Add("v0:{timestamp}:{body}")
	f.Add("{{x}}{body}")
	f.Add("{")
	f.Add("a}}b{c{d}")
	f.Fuzz(func(t *testing.T, text string) {
		pieces, problem := SplitTemplate(text)
		if problem != "" {
			return
		}
		written := ""
		for _, p := range pieces {
			if p.Placeholder != "" {
				written += "{" + p.Placeholder + "}"
			} else {
				written += strings.NewReplacer("{", "{{", "}", "}}").Replace(p.Literal)
			}
		}
		if written != text {
			t.Fatalf("%q reads %q", text, written)
		}
	})
}

// Oracle: a timestamp is fresh exactly when it is a number without ornament that
// lies within the tolerance, calculated without a limit of size.
func FuzzTimestamp(f *testing.F) {
	f.Add("1772366400")
	f.Add("9223372036854775807")
	f.Add("-1")
	f.Add("01772366400")
	now := hooktest.TestTime.Unix()
	f.Fuzz(func(t *testing.T, text string) {
		fresh := false
		n, ok := new(big.Int).SetString(text, 10)
		if ok && n.String() == text && n.Sign() >= 0 {
			distance := n.Sub(n, big.NewInt(now))
			fresh = distance.Abs(distance).Cmp(big.NewInt(300)) <= 0
		}
		if _, got := CheckTimestamp(text, "s", 5*time.Minute, hooktest.TestTime); (got == verdict.Verified) != fresh {
			t.Fatalf("%q: %s, want fresh %v", text, got, fresh)
		}
	})
}
