package main

// How much of a generic function of the standard library Yaegi can load.
// It instantiates them from source, and does so badly: it does not infer a
// type argument that follows only from a constraint (the E of S ~[]E), and
// it panics on those that use clear or instantiate another one.
type support int

const (
	inferred support = iota + 1 // also without type arguments
	explicit                    // only with all type arguments
	broken                      // not at all
)

// generics was found by running each function, which TestGenerics repeats.
var generics = map[string]support{
	"cmp.Compare": inferred,
	"cmp.Less":    inferred,
	"cmp.Or":      explicit,

	"maps.Clone":      broken,
	"maps.Copy":       explicit,
	"maps.DeleteFunc": inferred,
	"maps.Equal":      explicit,
	"maps.EqualFunc":  explicit,

	"slices.Clip":         explicit,
	"slices.Clone":        explicit,
	"slices.Compact":      broken,
	"slices.CompactFunc":  broken,
	"slices.Compare":      explicit,
	"slices.CompareFunc":  inferred,
	"slices.Concat":       broken,
	"slices.Contains":     inferred,
	"slices.ContainsFunc": inferred,
	"slices.Delete":       broken,
	"slices.DeleteFunc":   broken,
	"slices.Equal":        explicit,
	"slices.EqualFunc":    inferred,
	"slices.Grow":         explicit,
	"slices.Index":        inferred,
	"slices.IndexFunc":    inferred,
	"slices.Insert":       explicit,
	"slices.Replace":      broken,
	"slices.Reverse":      explicit,
}
