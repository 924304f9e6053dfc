// Package uncheckedinloop reads values of one kind out of a list of several.
package uncheckedinloop

// Bad takes what is no string for the string before.
func Bad() string {
	text := ""
	for _, value := range []any{"signed", 1, nil} {
		s, _ := value.(string) // want `\[unchecked-in-loop\] unchecked assertion to string: .*; look at ok`
		text += s + "."
	}
	return text
}
