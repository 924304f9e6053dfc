package reading

import (
	"strings"
	"testing"
)

// Flags are read as Traefik reads them.
func TestFlags(t *testing.T) {
	arguments := []Label{}
	for i, text := range strings.Split("traefik|--entryPoints.webSecure.address=:443|-entrypoints.websecure.http.middlewares=a@file|--entrypoints.websecure.http.tls|--experimental.localPlugins.Hook.moduleName|m|--entrypoints.off.http.tls=false|--entrypoints.l.http.middlewares[0]=z|--unknown.flag=x|stop|--entrypoints.late.address=:1", "|") {
		arguments = append(arguments, Label{Value: text, Line: i + 1, Column: 3})
	}
	root := Flags(arguments)
	for path, want := range map[string]string{
		"entryPoints webSecure address": ":443", "entryPoints webSecure http middlewares": "a@file", "entryPoints webSecure http tls": "true", "entryPoints off http tls": "false",
		"experimental localPlugins Hook moduleName": "m", "entryPoints l http middlewares": "", "unknown flag": "", "entryPoints late address": "",
	} {
		n := root.Path(strings.Split(path, " ")...)
		if n.String() != want {
			t.Errorf("%s: %q, want %q", path, n.String(), want)
		}
		if n != nil && (n.Line == 0 || n.Column != 3) {
			t.Errorf("%s stands at %d:%d", path, n.Line, n.Column)
		}
	}
	if Flags([]Label{{Value: "--help"}}) != nil || Flags(nil) != nil {
		t.Error("there is a configuration where no flag is")
	}
	if n := Variables([]Label{{Key: "traefik_entrypoints_web_address", Value: ":80"}, {Key: "OTHER", Value: "x"}}).Path("entryPoints", "web", "address"); n.String() != ":80" {
		t.Errorf("variables: %+v", n)
	}
}
