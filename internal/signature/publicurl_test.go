package signature

import (
	"net/url"
	"testing"
)

func TestRenderURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://a.example.com/x?y=1": "https://a.example.com:443/x?y=1", "http://a/": "http://a:80/", "https://a": "https://a:443",
		"https://a:8443/x": "https://a/x", "https://a?x=:": "https://a:443?x=:", "https://[::1]/x": "https://[::1]:443/x", "https://[::1]:80/x": "https://[::1]/x",
		"https://u:p@a/x": "https://u:p@a:443/x", "https://u:p@a:8443/x": "https://u:p@a/x", "https://u@a:1?x=@:2": "https://u@a?x=@:2", "https://u:p@[::1]": "https://u:p@[::1]:443",
	} {
		if got := renderURL("portURL", text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	decoded := renderURL("decodedURL", "https://a/%2F%3a?b=%40%26%3D%2B%20%25%23%21%24%27%28%29%2A%2C%3B%3F")
	if want := "https://a//:?b=@%26%3D%2B%20%25%23!$'()*,;?"; decoded != want {
		t.Errorf("%s, want %s", decoded, want)
	}
	if _, err := url.Parse(decoded); err != nil {
		t.Error(err)
	}
}
