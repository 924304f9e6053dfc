package config

import "reflect"

// AlternativeOptions describe a further scheme by which a provider signs, by what
// is not as in the first. They are a type of their own: Yaegi can't handle one
// that contains itself.
type AlternativeOptions struct {
	// Algorithm is as in `signature`.
	Algorithm string `json:"algorithm"`

	// Header is as in `signature`.
	Header []string `json:"header"`

	// Field is as in `signature`.
	Field string `json:"field"`

	// Format is as in `signature`.
	Format string `json:"format"`

	// Signs is as in `signature`.
	Signs string `json:"signs"`

	// SecretEncoding is as in `signature`.
	SecretEncoding string `json:"secretEncoding"`

	// TimestampHeader is as in `signature`.
	TimestampHeader string `json:"timestampHeader"`

	// TimestampField is as in `signature`.
	TimestampField string `json:"timestampField"`

	// TimestampUnit is as in `signature`.
	TimestampUnit string `json:"timestampUnit"`

	// IDHeader is as in `signature`.
	IDHeader string `json:"idHeader"`
}

// Overlay returns the options of a scheme that is as another but for what it says itself.
func Overlay(scheme SignatureOptions, own *AlternativeOptions) SignatureOptions {
	dropFromSection(&scheme, own)
	LayUpon(&scheme, own)
	return scheme
}

// LayUpon gives a section what another one has of the same options. Both are pointed to.
func LayUpon(section, other any) {
	fields, given := reflect.ValueOf(section).Elem(), reflect.ValueOf(other).Elem()
	for i, name := range OptionNames(other) {
		at := FieldIndex(fields.Type(), name)
		if at >= 0 && isGiven(given.Field(i)) {
			fields.Field(at).Set(given.Field(i))
		}
	}
}

func isGiven(value reflect.Value) bool {
	return !value.IsZero() && (value.Kind() != reflect.Slice || value.Len() > 0)
}
