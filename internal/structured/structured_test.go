package structured

import (
	"math/rand"
	"strings"
	"testing"
)

// What the suite of the HTTP working group has on dictionaries, their parameters, and bare
// items in them (github.com/httpwg/structured-field-tests: dictionary, param-dict, param-listlist,
// boolean, binary, number, string, token, date), by field and its canonical form. A tab in a
// canonical form means that there is none.
var fields = map[string]string{
	// dictionary.json
	`en="Applepie", da=:w4ZibGV0w6ZydGUK:`: `en="Applepie", da=:w4ZibGV0w6ZydGUK:`,
	`a=1`:                                  `a=1`,
	`a=(1 2)`:                              `a=(1 2)`,
	`a=(1)`:                                `a=(1)`,
	`a=()`:                                 `a=()`,
	`a=1,b=2`:                              `a=1, b=2`,
	`a=1 ,  b=2`:                           `a=1, b=2`,
	"a=1\t,  b=2":                          `a=1, b=2`,
	`     a=1 ,  b=2`:                      `a=1, b=2`,
	`a=1,b= 2`:                             "\t",
	`a=1 b=2`:                              "\t",
	`a=1, b, c=3`:                          `a=1, b, c=3`,
	`a, b, c`:                              `a, b, c`,
	`a=1, b`:                               `a=1, b`,
	`a=1, b;foo=9, c=3`:                    `a=1, b;foo=9, c=3`,
	`a=1, b=?1;foo=9, c=3`:                 `a=1, b;foo=9, c=3`,
	`a=1, b=?0`:                            `a=1, b=?0`,
	`a=, b=2`:                              "\t",
	`a=1, b=`:                              "\t",
	`a=1, b=2,`:                            "\t",
	`a=1,,b=2,`:                            "\t",
	`a=1,b=2,1c=3`:                         "\t",
	`a=1,B=2`:                              "\t",
	`a=1,é=2`:                              "\t",
	``:                                     ``,
	`   `:                                  ``,
	"\ta=1":                                "\t",
	"a=1\t":                                `a=1`,
	`,a=1`:                                 "\t",
	`*a=1`:                                 `*a=1`,
	`-a=1`:                                 "\t",
	`a/b=1`:                                "\t",
	// Stricter than the suite, which takes the last.
	`a=1,b=2,a=3`: "\t",
	`a=1;x=1;x=2`: "\t",
	// param-dict.json, param-listlist.json
	`abc=123;a=1;b=2, def=456, ghi=789;q=9;r="+w"`: `abc=123;a=1;b=2, def=456, ghi=789;q=9;r="+w"`,
	`a=b; q=1.0`:                  `a=b;q=1.0`,
	`a=(1 2); q=1.0`:              `a=(1 2);q=1.0`,
	`a=3;c;d=5`:                   `a=3;c;d=5`,
	`a=3;c=5;d`:                   `a=3;c=5;d`,
	`a=b;c=1,d=e;f=2`:             `a=b;c=1, d=e;f=2`,
	`a=b;q =0.5`:                  "\t",
	`a=b;q= 0.5`:                  "\t",
	`a=b ;q=0.5`:                  "\t",
	`a=b;  c=1  ,  d=e; f=2; g=3`: `a=b;c=1, d=e;f=2;g=3`,
	`a=b; q=1.0,`:                 "\t",
	`a=b;`:                        "\t",
	`a=b;;c`:                      "\t",
	`a=b;A=1`:                     "\t",
	"a=b;\tc=1":                   "\t",
	`a=(1;b=1.5 2;c);d="x"`:       `a=(1;b=1.5 2;c);d="x"`,
	`a=(  1   2 )`:                `a=(1 2)`,
	`a=(1 2`:                      "\t",
	`a=(1,2)`:                     "\t",
	`a=1 2)`:                      "\t",
	`a=(1"x")`:                    "\t",
	"a=(1\t2)":                    "\t",
	`a=(1 (2))`:                   "\t",
	`a=()()`:                      "\t",
	// The items.
	`a=?1, b=?0`:                `a, b=?0`,
	`a=?Q`:                      "\t",
	`a=?T`:                      "\t",
	`a=::`:                      `a=::`,
	`a=:aGVsbG8=:`:              `a=:aGVsbG8=:`,
	`a=:aGVsbG8=`:               "\t",
	`a=:aGVsb G8=:`:             "\t",
	`a=:aGVsbG!8=:`:             "\t",
	`a=*aGVsbG8=*`:              "\t",
	`a=00, b=-0, c=042, d=-042`: `a=0, b=0, c=42, d=-42`,
	`a=999999999999999`:         `a=999999999999999`,
	`a=9999999999999990`:        "\t",
	`a=-`:                       "\t",
	`a=--1`:                     "\t",
	`a=-a23`:                    "\t",
	`a=4-2`:                     "\t",
	`a=1.23, b=-1.230, c=01.50, d=-0.0, e=-0.5`: `a=1.23, b=-1.23, c=1.5, d=0.0, e=-0.5`,
	`a=1.`:                            "\t",
	`a=.1`:                            "\t",
	`a=1.5.4`:                         "\t",
	`a=1.1234`:                        "\t",
	`a=123456789012.1`:                `a=123456789012.1`,
	`a=1234567890123.1`:               "\t",
	`a="foo \"bar\" \\ baz"`:          `a="foo \"bar\" \\ baz"`,
	`a="foo \,"`:                      "\t",
	`a="foo`:                          "\t",
	`a="foo \`:                        "\t",
	`a='foo'`:                         "\t",
	"a=\"f\too\"":                     "\t",
	`a="", b=("" "x";y="");z=""`:      `a="", b=("" "x";y="");z=""`,
	`a=("x";y=01 "a.0" -0.50);z="01"`: `a=("x";y=1 "a.0" -0.5);z="01"`,
	`a="füü"`:                         "\t",
	`a=a_b-c.d3:f%00/*`:               `a=a_b-c.d3:f%00/*`,
	`a=*foo`:                          `a=*foo`,
	`a=@1659578233, b=@-1`:            `a=@1659578233, b=@-1`,
	`a=@1659578233.5`:                 "\t",
	`a=@`:                             "\t",
	`a=@x`:                            "\t",
	// Left out here: Display Strings.
	`a=%"b%c3%bc"`: "\t",
}

func TestDictionaries(t *testing.T) {
	for text, want := range fields {
		members, ok := ParseDictionary(text)
		if ok != (want != "\t") {
			t.Errorf("%q: read %t, want %t", text, ok, !ok)
			continue
		}
		if !ok {
			continue
		}
		got := SerialiseDictionary(members)
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		for i := range members {
			if one := &members[i]; SerialiseMember(one) != serialise(one) {
				t.Errorf("%q: %q as received, and %q anew", text, SerialiseMember(one), serialise(one))
			}
		}
		again, ok := ParseDictionary(got)
		if !ok || SerialiseDictionary(again) != want {
			t.Errorf("%q: its canonical form %q is another one's", text, got)
		}
	}
}

func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		"aGVsbG8=": "hello", "": "", "aGVsbG8": "\t", "aGVsbG9=": "\t", "aGVsbG8-": "\t", "aGVs_G8=": "\t", "a===": "\t", "iZ==": "\t", "+/8=": "\xfb\xff",
	} {
		b, ok := Decode(Value{Kind: Bytes, Text: text})
		if ok != (want != "\t") || ok && string(b) != want {
			t.Errorf("%q: %q, %t", text, b, ok)
		}
	}
	if _, ok := Decode(Value{Kind: String, Text: "aGVsbG8="}); ok {
		t.Error("a string is no byte sequence")
	}
}

// A label in a quoted string is none, and no word is taken for another's.
func TestNoMemberInsideAString(t *testing.T) {
	members, ok := ParseDictionary(`a=("x");nonce="sig1=(\"@method\")", b=:AA==:`)
	if !ok || len(members) != 2 || members[0].Key != "a" || members[1].Key != "b" {
		t.Fatalf("%v, %t", members, ok)
	}
	all := members[0].Parameters
	if len(all) != 1 || all[0].Name != "nonce" || all[0].Value.Kind != String || all[0].Value.Text != `sig1=("@method")` {
		t.Errorf("%v, want nonce alone", all)
	}
}

func TestLimits(t *testing.T) {
	long := `a="` + strings.Repeat("x", maxBytes-4) + `"`
	if _, ok := ParseDictionary(long); !ok {
		t.Errorf("%d bytes are not too many", len(long))
	}
	if _, ok := ParseDictionary(long + " "); !ok {
		t.Error("a space at the end is no part of it")
	}
	if _, ok := ParseDictionary(`b="` + strings.Repeat("x", maxBytes-3) + `"`); ok {
		t.Error("one byte too many is read")
	}
	if _, ok := ParseDictionary("a=(" + strings.Repeat("1 ", maxItems+1) + ")"); ok {
		t.Error("too many items are read")
	}
	if _, ok := ParseDictionary("a=(" + strings.Repeat("1 ", maxItems) + ")"); !ok {
		t.Error("so many items are not too many")
	}
}

func TestJoin(t *testing.T) {
	members, ok := ParseDictionary(Join([]string{"a=1", "b=2"}))
	if !ok || SerialiseDictionary(members) != "a=1, b=2" {
		t.Error("two lines are one dictionary")
	}
	for _, lines := range [][]string{{"a=1", ""}, {"", "a=1"}, {`a="x`, `y"`, "b"}} {
		text := Join(lines)
		_, ok = ParseDictionary(text)
		if ok != (lines[0] == `a="x`) {
			t.Errorf("%q: %t", text, ok)
		}
	}
}

// What was received is taken for its canonical form only where it is one.
func TestReceivedIsCanonical(t *testing.T) {
	pieces := []string{`"x"`, `"a\"b"`, `""`, "(", ")", " ", "  ", ";", "; ", "=", "a", "b1", "0", "01", "10", "1.50", "0.5", "-0", "-1", "@01", "@0", "?1", "?0", ":AA==:", "tok.0", `"01 ; ( "`}
	g := rand.New(rand.NewSource(9651))
	read := 0
	for i := 0; i < 20000; i++ {
		text := "k="
		for n := 1 + g.Intn(10); n > 0; n-- {
			text += pieces[g.Intn(len(pieces))]
		}
		members, ok := ParseDictionary(text)
		if !ok {
			continue
		}
		read++
		if one := &members[0]; SerialiseMember(one) != serialise(one) {
			t.Errorf("%q: %q as received, and %q anew", text, SerialiseMember(one), serialise(one))
		}
	}
	if read < 300 {
		t.Errorf("only %d were read", read)
	}
}
