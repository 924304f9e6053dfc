module github.com/hookward/hookward

// Traefik interprets this module with Yaegi, which knows neither range over
// integers nor min, max and clear, and shares a loop's variable between its
// turns. Language version 1.20 makes the compiler agree with it on all of that.
go 1.20

// For the command alone. The plugin, and what it imports, know nothing but the
// standard library.
require gopkg.in/yaml.v3 v3.0.1
