package redact

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// compiled returns rules that are right.
func compiled(t testing.TB, paths, patterns string, fields ...string) *Rules {
	t.Helper()
	r, problems := Compile(words(paths), words(patterns), fields)
	if len(problems) != 0 {
		t.Fatalf("%q", problems)
	}
	return r
}

func words(text string) []string { return strings.Fields(text) }

const much = 1 << 20

func TestNoRendition(t *testing.T) {
	r := compiled(t, "", "")
	for name, body := range map[string]string{
		"nothing":              "",
		"white space":          " \r\n\t",
		"text":                 "password: hunter2",
		"a string":             `"password=hunter2"`,
		"a number":             "4111111111111111",
		"one word":             "hunter2",
		"null":                 "null",
		"broken JSON":          `{"password":"hunter2",}`,
		"half of JSON":         `{"password":"hunter2"`,
		"two documents":        `{} {"password":"hunter2"}`,
		"NaN":                  `{"a":NaN,"password":"hunter2"}`,
		"a comment":            `{/* */"password":"hunter2"}`,
		"invalid UTF-8":        "{\"a\":\"\xff\",\"password\":\"hunter2\"}",
		"surrogates in UTF-8":  "{\"a\":\"\xed\xa0\x80\"}",
		"a mark":               "\ufeff" + `{"password":"hunter2"}`,
		"UTF-16":               "\xff\xfe{\x00\"\x00a\x00\"\x00:\x001\x00}\x00",
		"UTF-16 without mark":  "{\x00\"\x00a\x00\"\x00:\x001\x00}\x00",
		"UTF-16, big endian":   "\x00{\x00\"\x00a\x00\"\x00:\x001\x00}",
		"a control character":  "{\"a\":\"\x01\",\"password\":\"hunter2\"}",
		"XML":                  "<login><password>hunter2</password></login>",
		"XML with attributes":  `<login password="hunter2&amp;"/>`,
		"multipart":            "--x\r\nContent-Disposition: form-data; name=\"password\"\r\n\r\nhunter2\r\n--x--",
		"a bad escape":         "a=%zz&password=hunter2",
		"a half escape":        "a=b&password=hunter2%2",
		"bytes behind escapes": "a=%ff&password=hunter2",
		"semicolons":           "a=b;password=hunter2",
		"lines":                "a=b\r\npassword=hunter2",
		"JSON and a field":     `{"password":"hunter2","a":1,}=`,
		"a list and a field":   `["password","hunter2",]=`,
		"100,000 levels":       strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"1 MB of brackets":     strings.Repeat("[", 1<<20),
		"1 MB of objects":      strings.Repeat(`{"a":`, 1<<20/5),
	} {
		for _, form := range []bool{false, true} {
			text, cut, ok := Body(r, []byte(body), form, much)
			if text != "" || cut || ok {
				t.Errorf("%s: %.200q %v %v", name, text, cut, ok)
			}
		}
	}
	if text, _, ok := Body(r, []byte("a=b"), false, much); text != "" || ok {
		t.Errorf("what may be no form is one: %q", text)
	}
}

// The secret must not be in the rendition, which is given in full.
func TestJSON(t *testing.T) {
	for _, c := range []struct{ paths, patterns, body, want string }{
		// Names that are always redacted.
		{"", "", `{"password":"s"}`, `{"password":"[REDACTED]"}`},
		{"", "", ` [ {"a":[{"b":{"Pass-Word":"s"}}]} ] `, `[{"a":[{"b":{"Pass-Word":"[REDACTED]"}}]}]`},
		{"", "", `{"\u0070assword":"s","pass\u0077ord":"s"}`, `{"\u0070assword":"[REDACTED]","pass\u0077ord":"[REDACTED]"}`},
		{"", "", `{"password":"s","password":"s","a":1,"a":2}`, `{"password":"[REDACTED]","password":"[REDACTED]","a":1,"a":2}`},
		{"", "", `{"password":"s\"","a":"\\","token":"\\\"s"}`, `{"password":"[REDACTED]","a":"\\","token":"[REDACTED]"}`},
		{"", "", `{"a\"":"b","\\\"token":"s"}`, `{"a\"":"b","\\\"token":"[REDACTED]"}`},
		{"", "", `{"pin":1234,"cvc":null,"otp":true,"ssn":-1.5e+10}`, `{"pin":"[REDACTED]","cvc":"[REDACTED]","otp":"[REDACTED]","ssn":"[REDACTED]"}`},
		{"", "", `{"a":1,"pin":1}`, `{"a":1,"pin":"[REDACTED]"}`},
		{"", "", `{"secret":{"a":"s","b":["s",{"c":"s"}]},"d":"e"}`, `{"secret":"[REDACTED]","d":"e"}`},
		{"", "", `{"secrets":["s",["}]"],"s"],"d":[]}`, `{"secrets":"[REDACTED]","d":[]}`},
		{"", "", `{"secret":{},"token":[],"d":{}}`, `{"secret":"[REDACTED]","token":"[REDACTED]","d":{}}`},
		{"", "", `{"secret":[1,{"a":2}],"d":3}`, `{"secret":"[REDACTED]","d":3}`},
		{"", "", `[{"secret":[[]]},["a",{"secret":{"b":{}}}],"c"]`, `[{"secret":"[REDACTED]"},["a",{"secret":"[REDACTED]"}],"c"]`},
		{"", "", `[{"password":"s"},"a",{"b":"c"}]`, `[{"password":"[REDACTED]"},"a",{"b":"c"}]`},
		{"", "", `{"a":"password","b":["token",":","{}"]}`, `{"a":"password","b":["token",":","{}"]}`},
		{"", "", "{\r\n\t\"a\" : [ 1 , 2 ] ,\r\n\t\"password\" : \"s\" , \"token\" : { \"x\" : 1 } , \"b\" : \" \\t{ }\" }", `{"a":[1,2],"password":"[REDACTED]","token":"[REDACTED]","b":" \t{ }"}`},
		{"", "", `{"` + strings.Repeat("x", maxName+1) + `":"s"}`, `{"` + strings.Repeat("x", maxName+1) + `":"[REDACTED]"}`},
		{"", "", `{"a":"<&>\u2028\/"}`, `{"a":"<&>\u2028\/"}`},
		{"", "", `[]`, `[]`},
		{"", "", `[1,"a",null]`, `[1,"a",null]`},
		{"", "", `{"":""}`, `{"":""}`},

		// Paths.
		{"customer.email", "", `{"customer":{"email":"s","name":"a"},"email":"b"}`, `{"customer":{"email":"[REDACTED]","name":"a"},"email":"b"}`},
		{"customer.e-mail", "", `{"Customer":{"E_Mail":"s"}}`, `{"Customer":{"E_Mail":"[REDACTED]"}}`},
		{"customer.email", "", `{"\u0063ustomer":{"ema\u0069l":"s"}}`, `{"\u0063ustomer":{"ema\u0069l":"[REDACTED]"}}`},
		{"customer", "", `{"customer":{"email":"s"},"a":{"customer":1}}`, `{"customer":"[REDACTED]","a":{"customer":1}}`},
		{"items.card", "", `{"items":[{"card":"s"},[{"card":1}],{"a":{"card":2}}]}`, `{"items":[{"card":"[REDACTED]"},[{"card":"[REDACTED]"}],{"a":{"card":2}}]}`},
		{"items[].card", "", `{"items":[{"card":"s"}]}`, `{"items":[{"card":"[REDACTED]"}]}`},
		{"items[0].card", "", `{"items":[{"a":1},{"card":"s"}]}`, `{"items":[{"a":1},{"card":"[REDACTED]"}]}`},
		{"[].card", "", `[{"card":"s"},"a"]`, `[{"card":"[REDACTED]"},"a"]`},
		{"card", "", `[{"card":"s"}]`, `[{"card":"[REDACTED]"}]`},
		{"*.card", "", `{"a":{"card":"s"},"card":1,"b":{"c":{"card":2}}}`, `{"a":{"card":"[REDACTED]"},"card":1,"b":{"c":{"card":2}}}`},
		{"**.card", "", `{"a":{"card":"s"},"card":1,"b":{"c":[{"card":2}]}}`, `{"a":{"card":"[REDACTED]"},"card":"[REDACTED]","b":{"c":[{"card":"[REDACTED]"}]}}`},
		{"a.**.b", "", `{"a":{"b":"s","c":{"d":{"b":"s"}}},"b":1}`, `{"a":{"b":"[REDACTED]","c":{"d":{"b":"[REDACTED]"}}},"b":1}`},
		{"**.a.**.b", "", `{"x":{"b":1,"a":{"y":{"b":"s"}}}}`, `{"x":{"b":1,"a":{"y":{"b":"[REDACTED]"}}}}`},
		{"a.*", "", `{"a":{"b":"s","c":{"d":1}},"e":{"f":1}}`, `{"a":{"b":"[REDACTED]","c":"[REDACTED]"},"e":{"f":1}}`},
		{"*", "", `{"a":1,"b":"s"}`, `{"a":"[REDACTED]","b":"[REDACTED]"}`},
		{"a.b a.c b", "", `{"a":{"b":1,"c":2,"d":3},"b":4,"c":5}`, `{"a":{"b":"[REDACTED]","c":"[REDACTED]","d":3},"b":"[REDACTED]","c":5}`},
		{"a.b.c", "", `{"a.b":{"c":"s"},"a":{"b.c":"s","b[c]":"s"},"a[0].b[c]":"s","a[0].b":1}`, `{"a.b":{"c":"[REDACTED]"},"a":{"b.c":"[REDACTED]","b[c]":"[REDACTED]"},"a[0].b[c]":"[REDACTED]","a[0].b":1}`},
		{"a.b", "", `{"a":{"[0]":{"b":1},"":{"b":2}}}`, `{"a":{"[0]":{"b":1},"":{"b":2}}}`},
		{"a.b", "", `{"a":"b","b":{"a":"b"},"a":{"b":[]}}`, `{"a":"b","b":{"a":"b"},"a":{"b":"[REDACTED]"}}`},
		{"a", "", `[{"b":{"c":[]}},{"a":"s"},{"b":[{"d":0}],"a":[1]}]`, `[{"b":{"c":[]}},{"a":"[REDACTED]"},{"b":[{"d":0}],"a":"[REDACTED]"}]`},

		// Documents in strings.
		{"", "", `{"Message":"{\"password\":\"s\"}"}`, `{"Message":"{\"password\":\"[REDACTED]\"}"}`},
		{"", "", `["{\"a\":\"{\\\"password\\\":\\\"s\\\"}\"}"]`, `["{\"a\":\"{\\\"password\\\":\\\"[REDACTED]\\\"}\"}"]`},
		{"", "", `["\n\u007b \u0022password\u0022:\u00221\u0022}"]`, `["{\"password\":\"[REDACTED]\"}"]`},
		{"", "", `[" [{\"password\":\"s\"}]"]`, `["[{\"password\":\"[REDACTED]\"}]"]`},
		{"", "", `["\"{\\\"password\\\":\\\"s\\\"}\""]`, `["\"{\\\"password\\\":\\\"[REDACTED]\\\"}\""]`},
		{"", "", `["{\"password\":\"s\""]`, `["[REDACTED]"]`},
		{"", "", `["{'password': 's'}","[ {'password': 's'}]"]`, `["[REDACTED]","[REDACTED]"]`},
		{"", "", `["` + "\ufeff" + `{\"password\":\"s\"}"]`, `["[REDACTED]"]`},
		{"", "", `["{ \"a\" : \"b<\" }","{name}","[x] y","\"quoted\""]`, `["{ \"a\" : \"b<\" }","{name}","[x] y","\"quoted\""]`},
		{"a.b", "", `{"c":"{\"a\":{\"b\":\"s\"},\"d\":\"<\"}"}`, `{"c":"{\"a\":{\"b\":\"[REDACTED]\"},\"d\":\"<\"}"}`},
		{"", "card email", `["{\"a\":4111111111111111,\"b\":\"x\\u0040example.com\"}"]`, `["{\"a\":\"[REDACTED]\",\"b\":\"[REDACTED]\"}"]`},

		// Patterns.
		{"", "email", `{"a":"write to j.doe+x@mail.example.com, now","b@example.com":"c","d":"@e f@"}`, `{"a":"write to [REDACTED], now","[REDACTED]":"c","d":"@e f@"}`},
		{"", "email", `{"a":"x\u0040example.com","\u0062@example.com":1,"b":"a\nx@example.com\"\\"}`, `{"a":"[REDACTED]","[REDACTED]":1,"b":"a\n[REDACTED]\"\\"}`},
		{"", "email", `{"a":"https://example.com/?q=x%40example.com&b","c":"jörg@exämple.de"}`, `{"a":"https://example.com/?q=[REDACTED]&b","c":"[REDACTED]"}`},
		{"", "card", `{"a":"4111 1111 1111 1111 exp 12/29","b":"4111-1111-1111-1111","c":"n4111111111111111x","d":4111111111111111,"e":[378282246310005]}`, `{"a":"[REDACTED] exp 12/29","b":"[REDACTED]","c":"n[REDACTED]x","d":"[REDACTED]","e":["[REDACTED]"]}`},
		{"", "card", `[5555555555554444,2223003122003222,6011111111111117,30569309025904,3530111333300000,6200000000000005,6759649826438453]`, `["[REDACTED]","[REDACTED]","[REDACTED]","[REDACTED]","[REDACTED]","[REDACTED]","[REDACTED]"]`},
		{"", "card", `[4.111111111111111e15,4111111111111111.0,4.111111111111111E+15,-4111111111111111]`, `["[REDACTED]","[REDACTED]","[REDACTED]","[REDACTED]"]`},
		{"", "card", `[4.1111111e15]`, `["[REDACTED]"]`},
		{"", "card", `{"a":4.1111111E+15 ,"b":40000000000e2,"c":4e15}`, `{"a":"[REDACTED]","b":"[REDACTED]","c":4e15}`},
		{"", "card", `["4111111111111111,4111111111111111","\u0034111111111111111","4111111111111111"]`, `["[REDACTED],[REDACTED]","[REDACTED]","[REDACTED]"]`},
		{"", "card", `{"a":1764036282412,"b":"1764036282412000","c":[1234567890123456],"d":"+4915112345678","e":"4111"}`, `{"a":1764036282412,"b":"1764036282412000","c":[1234567890123456],"d":"+4915112345678","e":"4111"}`},
		{"", "iban", `["DE89 3704 0044 0532 0130 00","de89370400440532013000","gb29nwbk60161331926819","NO9386011117947","\nDE89370400440532013000"]`, `["[REDACTED]","[REDACTED]","[REDACTED]","[REDACTED]","\n[REDACTED]"]`},
		{"", "iban", `["de12ab34ef9c0d6a1b2c3d4e5f60718293a4b5c6","550e8400-e29b-41d4-a716-446655440000","DE89"]`, `["de12ab34ef9c0d6a1b2c3d4e5f60718293a4b5c6","550e8400-e29b-41d4-a716-446655440000","DE89"]`},
		{"", "card email", `["4111111111111111@example.com"]`, `["[REDACTED]"]`},
		{"", "email", `["a\u0000b x@example.com"]`, `["a[REDACTED]b [REDACTED]"]`},
		{"a", "card", `{"a":4111111111111111,"b":{"a":4111111111111111}}`, `{"a":"[REDACTED]","b":{"a":"[REDACTED]"}}`},
	} {
		r := compiled(t, c.paths, c.patterns)
		for turn := 0; turn < 2; turn++ { // the second one remembers the names
			got, cut, ok := Body(r, []byte(c.body), turn == 0, much)
			if got != c.want || cut || !ok || !json.Valid([]byte(got)) {
				t.Errorf("%s, %q, %q:\n got %s, %v, %v\nwant %s", c.body, c.paths, c.patterns, got, cut, ok, c.want)
			}
		}
	}
}

// Several goroutines may use the same rules.
func TestAtOnce(t *testing.T) {
	r := compiled(t, "a.*.c **.d", "email")
	wrong := make(chan string, 1000)
	var wg sync.WaitGroup
	for i := 0; i < 8; i++ {
		wg.Add(1)
		go renderOften(r, i, wrong, &wg)
	}
	wg.Wait()
	close(wrong)
	for text := range wrong {
		t.Error(text)
	}
	if len(r.free) == 0 || len(r.free) > 8 {
		t.Errorf("%d memories", len(r.free))
	}
}

func renderOften(r *Rules, who int, wrong chan string, wg *sync.WaitGroup) {
	defer wg.Done()
	for i := 0; i < 50; i++ {
		name := fmt.Sprint("n", who, "-", i)
		got, _, _ := Body(r, []byte(`{"`+name+`":{"d":1},"a":{"`+name+`":{"c":"s"}},"e":"x@example.com"}`), false, much)
		if got != `{"`+name+`":{"d":"[REDACTED]"},"a":{"`+name+`":{"c":"[REDACTED]"}},"e":"[REDACTED]"}` {
			wrong <- got
			return
		}
	}
}

// A sender that has other names each time fills no memory.
func TestMemory(t *testing.T) {
	r := compiled(t, "a.**.x **.a.b", "")
	for i := 0; i < 200; i++ {
		body := "{"
		for k := 0; k < 20; k++ {
			body += fmt.Sprintf(`"n%d.%d":1,"a.n%d":{"b":1},"%s%d":1,`, i, k, i*20+k, strings.Repeat("x", maxClassed), k)
		}
		got, _, ok := Body(r, []byte(body+`"a":{"b":"s"}}`), false, much)
		if !ok || !strings.HasSuffix(got, `"a":{"b":"[REDACTED]"}}`) {
			t.Fatal(got)
		}
		for _, m := range r.free {
			if len(m.classes) >= maxClasses || m.leads >= maxClasses || len(m.sets) >= maxSets {
				t.Fatalf("%d classes, %d leads, %d sets", len(m.classes), m.leads, len(m.sets))
			}
		}
	}
	body := "{"
	for i := 0; i < 3000; i++ {
		body += fmt.Sprintf(`"%d":1,"a.%d":2,"%s%d":3,`, i, i, strings.Repeat("x", maxClassed), i)
	}
	m := borrow(r)
	text, _ := renderJSON(r, m, body+`"a":{"x":"s"}}`, false, 1)
	if !strings.HasSuffix(text, `"a":{"x":"[REDACTED]"}}`) || len(m.classes) != maxClasses || m.leads != maxClasses {
		t.Errorf("%d classes, %d leads: %.100s", len(m.classes), m.leads, text)
	}
	for name := range m.classes {
		if len(name) > maxClassed {
			t.Errorf("%q is remembered", name)
		}
	}
}

// What begins like a document, and can't be parsed, is not shown: it may have
// names in it.
func TestHalfDocuments(t *testing.T) {
	r, _ := Compile(nil, nil, nil)
	for _, inner := range []string{
		`[1,{"password":"canary"}`, "[1]\n{\"password\":\"canary\"}", `{}{"password":"canary"}`, `[[{"password":"canary"}]`, `{'password': 'canary'}`, `[1, 2, {'password': 'canary'}]`,
	} {
		got, _, ok := Body(r, []byte(`{"a":`+jsonText(inner)+`}`), false, 1000)
		if !ok || got != `{"a":"[REDACTED]"}` {
			t.Errorf("%s: %s", inner, got)
		}
	}
	for _, inner := range []string{"[skip ci] fix: a bug", "[a](b) says \"x\"", "{braces} and text", "[1] note: done"} {
		got, _, _ := Body(r, []byte(`{"a":`+jsonText(inner)+`}`), false, 1000)
		if got != `{"a":`+jsonText(inner)+`}` {
			t.Errorf("%s: %s", inner, got)
		}
	}
}

func jsonText(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}
