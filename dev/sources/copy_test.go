package sources

import (
	"fmt"
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
	command, stopped := build(t, "./cmd/hookward"), 0
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
	for _, source := range All {
		for _, text := range texts[source.Name] {
			raw, err := optionsOrPanic(source, text)
			if err != nil {
				continue // it costs the file, and no more
			}
			err = copyOrPanic(raw)
			if err != nil {
				stopped++
			}
			found := false
			for _, f := range checkFile(t, command, source, text) {
				found = found || f.Rule == "stops-traefik"
			}
			if found != (err != nil) {
				t.Errorf("%s: check says %v, Traefik says %v, of\n%s", source.Name, found, err, text)
			}
		}
	}
	if stopped < 40 {
		t.Errorf("only %d texts stop Traefik", stopped)
	}
}
