package uncheckedinloop

// Good has a function for it, whose variables are new at each call.
func Good() string {
	text := ""
	for _, value := range []any{"signed", 1, nil} {
		text += stringIn(value) + "."
	}
	return text
}

func stringIn(value any) string {
	s, ok := value.(string)
	if !ok {
		return ""
	}
	return s
}
