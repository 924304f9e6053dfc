package redact

import (
	"net/url"
	"strings"
	"testing"
)

func TestForm(t *testing.T) {
	for _, c := range []struct{ paths, patterns, body, want string }{
		{"", "", "password=s&a=b", "password=[REDACTED]&a=b"},
		{"", "", "a=b&%70assword=s&Pass+Word=s&pass%5Fword=", "a=b&%70assword=[REDACTED]&Pass+Word=[REDACTED]&pass%5Fword=[REDACTED]"},
		{"", "", "password=s=t&password=u&&a=b=c", "password=[REDACTED]&password=[REDACTED]&&a=b=c"},
		{"", "", "user[password]=s&user%5Bpin%5D=s&user.pass=s&a[sign][b]=s&tokens[]=s", "user[password]=[REDACTED]&user%5Bpin%5D=[REDACTED]&user.pass=[REDACTED]&a[sign][b]=[REDACTED]&tokens[]=[REDACTED]"},
		{"", "", "a=b&hunter2", "a=b&[REDACTED]"},
		{"", "", "wsdl&a=b&hunter2", "wsdl&a=b&[REDACTED]"},
		{"", "", "=s", "=s"},
		{"", "", "a=%3Cb%3E+c%26d&e=é", "a=%3Cb%3E+c%26d&e=é"},

		{"customer.email", "", "customer[email]=s&customer.email=s&customer[name]=a&email=b&customer[0][email]=s", "customer[email]=[REDACTED]&customer.email=[REDACTED]&customer[name]=a&email=b&customer[0][email]=[REDACTED]"},
		{"customer", "", "customer[email]=s&customer=s&a[customer]=b", "customer[email]=[REDACTED]&customer=[REDACTED]&a[customer]=b"},
		{"items[].card a", "", "items[0][card]=s&items[][card]=s&items.1.card=s&a[]=s&a[1]=s", "items[0][card]=[REDACTED]&items[][card]=[REDACTED]&items.1.card=[REDACTED]&a[]=[REDACTED]&a[1]=[REDACTED]"},
		{"a.0.b", "", "a[0][b]=s&a[1][b]=c", "a[0][b]=[REDACTED]&a[1][b]=c"},
		{"**.card", "", "a[b][card]=s&card=s&a_card=b", "a[b][card]=[REDACTED]&card=[REDACTED]&a_card=b"},
		{"first_name", "", "first.name=s&FirstName=s", "first.name=[REDACTED]&FirstName=[REDACTED]"},

		{"", "", `payload={"a":"b","token":"s"}`, `payload=%7B%22a%22%3A%22b%22%2C%22token%22%3A%22[REDACTED]%22%7D`},
		{"", "", "payload=%7B%22a%22%3A%22%7B%5C%22token%5C%22%3A1%7D%22%7D", "payload=%7B%22a%22%3A%22%7B%5C%22token%5C%22%3A%5C%22[REDACTED]%5C%22%7D%22%7D"},
		{"", "", "payload=+%7B%22token%22%3A%22s", "payload=[REDACTED]"},
		{"", "", "payload=%7B+%22a%22%3A+%22b%22%7D&a=%7Bname%7D", "payload=%7B+%22a%22%3A+%22b%22%7D&a=%7Bname%7D"},
		{"a.b", "", "payload=%7B%22a%22%3A%7B%22b%22%3A1%7D%7D", "payload=%7B%22a%22%3A%7B%22b%22%3A%22[REDACTED]%22%7D%7D"},

		{"", "email card", "From=x%40example.com&To=+4111+1111+1111+1111%2C&x@example.com=a&b=c+d", "From=[REDACTED]&To=+[REDACTED]%2C&[REDACTED]=a&b=c+d"},
		{"", "email", "a%40example.com=a&a%40example.com[token]=b", "[REDACTED]=a&[REDACTED]%5Btoken%5D=[REDACTED]"},
	} {
		r := compiled(t, c.paths, c.patterns, "by_name", "a b")
		for turn := 0; turn < 2; turn++ {
			got, cut, ok := Body(r, []byte(c.body), true, much)
			if got != c.want || cut || !ok {
				t.Errorf("%s, %q, %q:\n got %s, %v, %v\nwant %s", c.body, c.paths, c.patterns, got, cut, ok, c.want)
			}
		}
		// A query is all the same.
		if got := Query(r, c.body, much); got != c.want {
			t.Errorf("query %s: %s, want %s", c.body, got, c.want)
		}
		if _, err := url.ParseQuery(c.want); err != nil {
			t.Errorf("%s: %v", c.want, err)
		}
	}
	r := compiled(t, "", "", "by_name", "a b")
	got, _, _ := Body(r, []byte("by_name=s&by-name=1&a+b=s&a.b=2&key=3"), true, much)
	if got != "by_name=[REDACTED]&by-name=1&a+b=[REDACTED]&a.b=2&key=3" {
		t.Error(got)
	}
}

func TestQuery(t *testing.T) {
	r := compiled(t, "", "", "by_name", "a b")
	for _, c := range []struct{ raw, want string }{
		{"", ""},
		{"access_token=s&a=b", "access_token=[REDACTED]&a=b"},
		{"hub.mode=subscribe&hub.verify_token=s&hub.challenge=1", "hub.mode=subscribe&hub.verify_token=[REDACTED]&hub.challenge=1"},
		{"a=b&KEY=s&code=s&sign=s&state=s&sig=s&sv=1", "a=b&KEY=[REDACTED]&code=[REDACTED]&sign=[REDACTED]&state=[REDACTED]&sig=[REDACTED]&sv=1"},
		{"X-Amz-Signature=s&X-Amz-Credential=s&X-Amz-Date=1", "X-Amz-Signature=[REDACTED]&X-Amz-Credential=[REDACTED]&X-Amz-Date=1"},
		{"by_name=s&by%5Fname=s&BY_NAME=1&a%20b=s", "by_name=[REDACTED]&by%5Fname=[REDACTED]&BY_NAME=1&a%20b=[REDACTED]"},
		{"a=eyJhbGciOiJIUzI1NiJ9.e30.s&b=eyJ&c=%65yJhbGciOiJIUzI1NiJ9.e30.s&d=x+eyJhbGciOiJIUzI1NiJ9", "a=[REDACTED]&b=eyJ&c=[REDACTED]&d=[REDACTED]"},
		{"a=x%65y%4Ahbgci%4FiIUzI1Ni", "a=[REDACTED]"},
		{"d41d8cd98f00b204e9800998ecf8427e", "[REDACTED]"},
		{"a=%zz&b=c", "[REDACTED]"},
		{"a=b&%", "[REDACTED]"},
		{"a=%ff", "[REDACTED]"},
		{"a=\xff", "[REDACTED]"},
		{"a=b;token=s", "[REDACTED]"},
		{"a=b\n", "[REDACTED]"},
		{`{"token":"s"}=`, "[REDACTED]"},
		{"<token>s</token>=", "[REDACTED]"},
	} {
		for turn := 0; turn < 2; turn++ {
			if got := Query(r, c.raw, much); got != c.want {
				t.Errorf("%q: %s, want %s", c.raw, got, c.want)
			}
		}
	}
}

// Who has too many parameters, or too long names, has only the marker: each of
// them takes time.
func TestManyParameters(t *testing.T) {
	r, _ := Compile([]string{"**.card"}, nil, nil)
	for raw, want := range map[string]string{
		"%41=" + strings.Repeat("&=", 490):              Marker,
		strings.Repeat("a=1&", 39) + "a=1":              strings.Repeat("a=1&", 39) + "a=1",
		strings.Repeat("a=1&", 40) + "a=1":              Marker,
		"a" + strings.Repeat(".a", 8) + "=1":            "a" + strings.Repeat(".a", 8) + "=1",
		"a" + strings.Repeat(".a", 9) + "=1":            "a" + strings.Repeat(".a", 9) + "=" + Marker,
		"a" + strings.Repeat("[a]", 9) + "=1&b=2":       "a" + strings.Repeat("[a]", 9) + "=" + Marker + "&b=2",
		"x=eyJhbGciOiJub25lIn0&y=%65yJhbGciOiJub25lIn0": "x=" + Marker + "&y=" + Marker,
	} {
		if got := Query(r, raw, 1000); got != want {
			t.Errorf("%s: %s", raw, got)
		}
	}
}

func TestFormLimit(t *testing.T) {
	body := "a=first&password=s1s&b=second&c=%7B%22token%22%3A%22s2s%22%7D&n=Zoe&d=last"
	none := compiled(t, "", "")
	all := compiled(t, "n", "")
	for limit := -1; limit <= len(body)+1; limit++ {
		got, cut, ok := Body(none, []byte(body), true, limit)
		less, _, _ := Body(all, []byte(body), true, limit)
		if !ok || cut != (limit < len(body)) || got != Query(none, body, limit) {
			t.Errorf("%d: %s %v %v", limit, got, cut, ok)
		}
		for _, text := range []string{"first", "second", "Zoe", "last", "s1s", "s2s"} {
			end := strings.Index(body, text) + len(text)
			secret := text[0] == 's' && text[2] == 's'
			if strings.Contains(got, text) && (secret || limit < end) || strings.Contains(less, text) && !strings.Contains(got, text) {
				t.Errorf("%d shows %s: %s", limit, text, got)
			}
		}
	}
	if got := Query(none, "%", 0); got != Marker {
		t.Error(got)
	}
}
