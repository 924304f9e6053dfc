module github.com/hookward/hookward

// Traefik interprets this module with Yaegi, which knows neither range over
// integers nor min, max and clear, and shares a loop's variable between its
// turns. Language version 1.20 makes the compiler agree with it on all of that.
go 1.20

require (
	github.com/pelletier/go-toml/v2 v2.1.1 // indirect
	gopkg.in/yaml.v3 v3.0.1 // indirect
)
