module github.com/hookward/hookward

// Traefik interprets this module with Yaegi, which knows neither range over
// integers nor min, max and clear, and shares a loop's variable between its
// turns. Language version 1.20 makes the compiler agree with it on all of that.
go 1.20

// The plugin itself, which Traefik interprets, imports nothing but the standard library
// and this module. These are for the command cmd/hookward alone, which reads Traefik's
// configuration with them; dev/interpreted holds them to that.
require (
	github.com/pelletier/go-toml/v2 v2.1.1
	gopkg.in/yaml.v3 v3.0.1
)
