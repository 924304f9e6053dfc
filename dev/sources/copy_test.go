package sources

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/traefik/traefik/v3/pkg/config/dynamic"
)

// copyOrPanic copies options as Traefik does with each change of its configuration.
func copyOrPanic(raw map[string]any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v", p)
		}
	}()
	conf := dynamic.PluginConf(raw)
	conf.DeepCopy()
	return nil
}

// Whatever Traefik reads and can't copy is an error of check, by a rule of its own, and
// nothing else is told so.
func TestCheckKnowsWhatStopsTraefik(t *testing.T) {
	scalars := []string{
		"x", "~", "true", "1", "-1", "0x7FFFFFFFFFFFFFFF", "9223372036854775807", "9223372036854775808", "18446744073709551615", "18446744073709551616",
		"0xFFFFFFFFFFFFFFFF", "0o1777777777777777777777", "0b1000000000000000000000000000000000000000000000000000000000000000", "1_000_000_000_000_000_000_0",
		"-9223372036854775808", "-9223372036854775809", ".inf", "-.inf", ".nan", "1e400", "1.5", "2026-01-01", "!!binary aGk=", "!!str 12345678901234567890",
		"!!int '12345678901234567890'", "!!float 12345678901234567890", "'12345678901234567890'", "{a: 12345678901234567890}", "{a: [12345678901234567890]}",
	}
	texts := map[string][]string{"json": {`{"secrets": [12345678901234567890]}`, `{"secrets": [{"a": [18446744073709551615, 1]}]}`}}
	for _, s := range scalars {
		for _, shape := range []string{"secrets: %s", "secrets: [%s]", "secrets: [%s, 1]", "secrets: [%s, -1]", "secrets: [%s, 1.5]", "secrets: [%s, text]", "signature: {a: {b: [%s]}}", "handshakes: [{a: [%s]}]"} {
			texts["yaml"] = append(texts["yaml"], fmt.Sprintf(shape, s))
		}
	}
	for _, name := range []string{"secrets", "secrets[0]", "signature.header", "signature.alternatives[0].header", "signature.signature"} {
		for kind := 0; kind < 30; kind++ {
			texts["labels"] = append(texts["labels"], fmt.Sprintf("%s=,%d,5", name, kind))
		}
	}
	for _, number := range []string{"9223372036854775807", "0x7FFFFFFFFFFFFFFF", "inf", "1e10", "1979-05-27"} {
		texts["toml"] = append(texts["toml"], "secrets = ["+number+"]")
	}
	directory := t.TempDir()
	stops, stopped := map[string]error{}, 0
	for _, source := range All {
		for i, text := range texts[source.Name] {
			raw, err := optionsOrPanic(source, text)
			if err != nil {
				continue // it costs the file, and no more
			}
			path := filepath.Join(directory, fmt.Sprintf("%s-%d%s", source.Name, i, extension(source)))
			if err := os.WriteFile(path, []byte(asWritten(t, source, text)), 0o600); err != nil {
				t.Fatal(err)
			}
			stops[path] = copyOrPanic(raw)
			if stops[path] != nil {
				stopped++
			}
		}
	}
	found := map[string]bool{}
	for _, f := range check(t, build(t, "./cmd/hookward"), directory) {
		if f.Rule == "stops-traefik" {
			found[f.File] = true
		}
	}
	for path, err := range stops {
		if found[path] != (err != nil) {
			text, _ := os.ReadFile(path)
			t.Errorf("check says %v, Traefik says %v, of\n%s", found[path], err, text)
		}
	}
	if stopped < 40 {
		t.Errorf("only %d texts stop Traefik", stopped)
	}
}
